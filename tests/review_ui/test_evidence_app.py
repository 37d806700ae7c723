from pathlib import Path

import pytest

from review_ui import create_evidence_app
from review_ui.evidence_links import EvidenceLinks, evidence_key
from tests.review_ui.builder import World, build
from tests.review_ui.conftest import EVIDENCE, HOST, TOKEN, TestClient

LINKS = EvidenceLinks(EVIDENCE, evidence_key(TOKEN))


def test_it_works(world: World, evidence: TestClient) -> None:
    url = LINKS.url(world.records["/privacy"], "page", quote="only to answer you")
    answer = evidence.get(url)
    assert answer.status_code == 200
    assert '<mark class="losi-quote" id="losi-quote">only to answer you</mark>' in answer.text
    assert "<h1>Privacy policy</h1>" in answer.text


def test_every_view_is_sandboxed_and_framed_only_by_the_interface(world: World, evidence: TestClient) -> None:
    urls = [LINKS.url(world.records["/privacy"], view) for view in ("page", "text", "headers", "raw")]
    for url in [*urls, urls[0] + "x", f"{EVIDENCE}/nothing"]:
        answer = evidence.get(url)
        assert "set-cookie" not in answer.headers
        if answer.status_code == 200:
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("sandbox; default-src 'none'")
            assert f"frame-ancestors http://{HOST}" in policy
            assert "allow-" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_address_cannot_be_guessed_or_turned_to_something_else(world: World, evidence: TestClient) -> None:
    record, other = world.records["/privacy"], world.records["/contact"]
    good = LINKS.url(record, "page", quote="name")
    signature = good.split("/")[3]
    uuid, another = record.removeprefix("urn:uuid:"), other.removeprefix("urn:uuid:")
    for path in (
        f"/{signature}/raw/{uuid}?quote=name",
        f"/{signature}/page/{another}?quote=name",
        f"/{signature}/page/{uuid}?quote=other",
        f"/{signature}/page/{uuid}",
        f"/{'0' * 40}/page/{uuid}",
        f"/{signature[:-1]}/page/{uuid}?quote=name",
        f"/x/../{signature}/page/{uuid}",
    ):
        assert evidence.get(path).status_code in (403, 404), path
    foreign = EvidenceLinks(EVIDENCE, evidence_key("another start"))
    assert evidence.get(foreign.url(record, "page")).status_code == 403


def test_a_capture_that_is_gone_is_said_so(evidence: TestClient) -> None:
    missing = "urn:uuid:00000000-0000-0000-0000-000000000000"
    assert evidence.get(LINKS.url(missing, "page")).status_code == 404


def test_nothing_is_written(world: World, evidence: TestClient) -> None:
    assert evidence.post(LINKS.url(world.records["/"], "page")).status_code == 404


def test_text_is_text_and_the_original_a_download(world: World, evidence: TestClient) -> None:
    record = world.records["/privacy"]
    text = evidence.get(LINKS.url(record, "text"))
    assert text.headers["content-type"].startswith("text/plain")
    assert "We collect your name" in text.text
    raw = evidence.get(LINKS.url(record, "raw"))
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["content-disposition"].startswith("attachment")
    assert b"<!doctype html>" in raw.content
    assert "Content-Type: text/html" in evidence.get(LINKS.url(record, "headers")).text


@pytest.mark.parametrize(
    ("mime", "body"),
    [
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("application/pdf", b"%PDF-1.4 <script>alert(1)</script>"),
        ("application/xml", b"<?xml version='1.0'?><x><script>alert(1)</script></x>"),
        ("text/javascript", b"alert(1)"),
        ("image/png", b"\x89PNG\r\n<script>alert(1)</script>"),
    ],
)
def test_what_is_no_html_is_never_shown_as_a_page(tmp_path: Path, mime: str, body: bytes) -> None:
    world = build(tmp_path, pages={"/x": body}, mime=mime, findings=lambda records: [])
    app = create_evidence_app(world.store, ui_origin=f"http://{HOST}", key=evidence_key(TOKEN))
    client, record = TestClient(app, base_url=EVIDENCE), world.records["/x"]
    with world.store:
        answer = client.get(LINKS.url(record, "page"))
        assert (answer.status_code, answer.headers["content-type"]) == (415, "text/plain; charset=utf-8")
        assert client.get(LINKS.url(record, "text")).headers["content-type"].startswith("text/plain")
        assert client.get(LINKS.url(record, "raw")).headers["content-type"] == "application/octet-stream"


def test_bytes_that_changed_are_refused(world: World, evidence: TestClient) -> None:
    spoil(world)
    for view in ("page", "text", "headers", "raw"):
        answer = evidence.get(LINKS.url(world.records["/privacy"], view))
        assert answer.status_code == 409
        assert "We collect" not in answer.text
        assert "no longer match what was captured" in answer.text


def spoil(world: World) -> None:
    """One byte of each stored record is changed, behind the store's back."""
    for capture in list(world.store.captures(world.assessment_id)):
        path = world.store.folder / "archive" / capture.filename
        data = bytearray(path.read_bytes())
        data[capture.offset + capture.length // 2] ^= 1
        path.write_bytes(data)
