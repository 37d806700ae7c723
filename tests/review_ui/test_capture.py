"""A record as it was, in sheets that are links."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest

from evidence_store import Exchange, Signer
from review_ui.png import MAX_PIXELS, is_picture
from review_ui.quote_marks import marks
from tests.review_ui.builder import CITY, ORIGIN, ROUND, TIME, World
from tests.review_ui.conftest import Desk, TestClient, opened
from tests.review_ui.test_evidence_app import LINKS

PATH = f"/a/{ROUND}/{CITY}"


def png(width: int = 2, height: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x20\x60\x90" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BUILT = b"<html><body><h1>Privacy policy</h1><p>Built by script: ask <b>the</b> clerk.</p></body></html>"


@pytest.fixture
def pictured(world: World) -> World:
    """The privacy page as a browser saw it: its DOM and two pictures."""
    store, home = world.store, world.records["/privacy"]
    lease = store.claim(store.plan_crawl(world.assessment_id, budget=1, again=True).id, worker="test")
    records = dict(world.records)
    for kind, mime, body in (
        ("dom", "text/html", BUILT),
        ("screenshot", "image/png", png(4, 2)),
        ("phone", "image/png", png(1, 9)),
    ):
        exchange = Exchange(
            type="resource",
            kind=kind,
            url=f"urn:losi:{kind}:{ORIGIN}/privacy",
            mime=mime,
            body=body,
            requested_by="browser",
            time=TIME,
            refers_to=home,
        )
        records[kind] = store.record(lease, exchange).result().record_id
    store.finish(lease, stopped="settled", requests=1)
    return World(store, records)


def test_it_works(pictured: World, tmp_path: Path) -> None:
    pictured.store.seal(pictured.assessment_id, Signer.open(tmp_path / "keys"))
    record = pictured.records["/privacy"]
    with opened(pictured) as desk:
        page = desk.get(f"{PATH}/c/{record}")
        assert re.findall(r'aria-current="page">(\w+)</a></li>', page) == ["Page"]
        for tab in ("page", "picture", "text", "headers", "raw", "proof"):
            assert f"tab={tab}" in page
        assert "Content-Type" in desk.get(f"{PATH}/c/{record}?tab=headers")
        assert "WARC-Block-Digest" in desk.get(f"{PATH}/c/{record}?tab=headers")
        assert "3c 21 64 6f 63 74 79 70 65" in desk.get(f"{PATH}/c/{record}?tab=raw")


def test_the_proof_can_be_done_by_hand(pictured: World, tmp_path: Path) -> None:
    """What the page says to type prints what the page says."""
    import html
    import subprocess

    pictured.store.seal(pictured.assessment_id, Signer.open(tmp_path / "keys"))
    capture = pictured.store.capture(pictured.records["/privacy"])
    with opened(pictured) as desk:
        page = html.unescape(desk.get(f"{PATH}/c/{capture.record_id}?tab=proof"))
    for said in (capture.digest, capture.record_id, "seal-0001.json", "self-attested", "ed25519:"):
        assert said in page
    assert f"from byte {capture.offset}, {capture.length} bytes long" in page
    assert 'rel="prev"' in page
    assert 'rel="next"' in page
    command = re.search(r"python3 - <<'END'.*?\nEND", page, re.S)
    assert command
    run = subprocess.run(
        ["/bin/sh", "-c", command[0]], cwd=pictured.store.folder, capture_output=True, text=True, check=True
    )
    block, leaf = re.findall("[0-9a-f]{64}", run.stdout)
    assert f"sha256:{block}" in page
    assert f"sha256:{leaf}" in page


def test_a_page_is_shown_as_the_browser_built_it(pictured: World, evidence: TestClient) -> None:
    record = pictured.records["/privacy"]
    with opened(pictured) as desk:
        frame = framed(desk.get(f"{PATH}/c/{record}"))
        assert "Built by script" in evidence.get(frame).text
        assert "Built by script" not in evidence.get(framed(desk.get(f"{PATH}/c/{record}?form=html"))).text
        # A quote that stands only in what the server sent is shown where it stands.
        quoted = framed(desk.get(f"{PATH}/c/{record}?quote=only to answer you"))
        assert ">only to answer you</mark>" in evidence.get(quoted).text


def test_a_quote_is_marked_through_the_elements_it_runs_across(pictured: World, evidence: TestClient) -> None:
    with opened(pictured) as desk:
        frame = framed(desk.get(f"{PATH}/c/{pictured.records['dom']}?quote=ask the clerk"))
    text = evidence.get(frame).text
    assert re.sub(r"</?(mark|b)[^>]*>", "", text).count("ask the clerk") == 1
    assert text.count("<mark") == 3
    assert text.count('id="losi-quote"') == 1


def test_a_quote_from_the_source_is_shown_in_the_source(desk: Desk, world: World) -> None:
    record = world.records["/privacy"]
    page = desk.get(f"{PATH}/c/{record}?quote=charset=%22utf-8%22&tab=text")
    assert "stands in the source" in page
    assert '<mark id="losi-quote">charset=&#34;utf-8&#34;</mark>' in page
    assert "was not found" in desk.get(f"{PATH}/c/{record}?quote=nowhere to be seen&tab=text")


def test_the_pictures_are_shown(pictured: World, evidence: TestClient) -> None:
    with opened(pictured) as desk:
        record = pictured.records["/privacy"]
        wide = image(desk.get(f"{PATH}/c/{record}?tab=picture"))
        phone = image(desk.get(f"{PATH}/c/{record}?tab=picture&picture=phone"))
        assert image(desk.get(f"{PATH}/c/{pictured.records['phone']}")) == phone
    for url, body in ((wide, png(4, 2)), (phone, png(1, 9))):
        answer = evidence.get(url)
        assert (answer.status_code, answer.content) == (200, body)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_a_page_without_pictures_has_no_such_sheet(desk: Desk, world: World) -> None:
    page = desk.get(f"{PATH}/c/{world.records['/privacy']}?tab=picture")
    assert 'aria-current="page">Page</a>' in page
    assert ">Picture</a>" not in page


def test_what_is_no_picture_is_not_sent_as_one(pictured: World, evidence: TestClient) -> None:
    for name in ("/privacy", "dom"):
        assert evidence.get(LINKS.url(pictured.records[name], "picture")).status_code == 415


def test_an_altered_picture_is_refused(pictured: World, evidence: TestClient) -> None:
    capture = pictured.store.capture(pictured.records["screenshot"])
    path = pictured.store.archive / capture.filename
    data = bytearray(path.read_bytes())
    data[capture.offset + capture.length // 2] ^= 1
    path.write_bytes(data)
    with opened(pictured) as desk:
        page = desk.get(f"{PATH}/c/{pictured.records['/privacy']}?tab=picture")
        assert "<img" not in page
        assert "altered: not shown" in page
    answer = evidence.get(LINKS.url(capture.record_id, "picture"))
    assert answer.status_code == 409
    assert b"PNG" not in answer.content


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(), True),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"<html>" + png(), False),
        (png()[:16] + struct.pack(">II", 1 << 20, 1 << 20) + png()[24:], False),
        (png()[:16] + struct.pack(">II", 0, MAX_PIXELS) + png()[24:], False),
    ],
)
def test_only_a_png_of_a_size_that_can_be_shown_is_a_picture(data: bytes, expected: bool) -> None:
    assert is_picture(data) is expected


def test_the_stored_record_can_be_taken_as_it_stands(world: World, evidence: TestClient) -> None:
    capture = world.store.capture(world.records["/privacy"])
    stored = (world.store.archive / capture.filename).read_bytes()
    answer = evidence.get(LINKS.url(capture.record_id, "record"))
    assert answer.content == stored[capture.offset : capture.offset + capture.length]
    assert answer.headers["content-disposition"].endswith('.warc.gz"')


@pytest.mark.parametrize(
    ("pieces", "quote", "expected"),
    [
        (["one two"], "two", {0: [(4, 7)]}),
        (["one ", "two", " three"], "one two\nthree", {0: [(0, 3)], 1: [(0, 3)], 2: [(1, 6)]}),
        (["a  b a b"], "a b", {0: [(0, 4), (5, 8)]}),
        (["nothing"], "", {}),
        ([], "x", {}),
        (["one", "\n", "two"], "one two", {0: [(0, 3)], 2: [(0, 3)]}),
    ],
)
def test_where_a_quote_stands(
    pieces: list[str], quote: str, expected: dict[int, list[tuple[int, int]]]
) -> None:
    assert marks(pieces, quote) == expected


def framed(page: str) -> str:
    found = re.search(r'<iframe sandbox="".*? src="([^"#]+)', page)
    assert found
    return found[1].replace("&amp;", "&")


def image(page: str) -> str:
    found = re.search(r'<img [^>]*src="([^"]+)"', page)
    assert found
    return found[1]
