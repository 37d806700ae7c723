"""Sealed, not sealed yet, altered, redacted: each is said, and what was altered is not shown."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path

import pytest

from evidence_store import Capture, NewAnswer, Signer, Store
from review_ui.custody import Custodian
from review_ui.errors import Refused
from tests.review_ui.builder import CITY, OTHER, ROUND, World
from tests.review_ui.conftest import Desk, TestClient, opened
from tests.review_ui.test_evidence_app import LINKS

PATH = f"/a/{ROUND}/{CITY}"


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.open(tmp_path / "keys")


@pytest.fixture
def sealed(world: World, signer: Signer) -> World:
    assert world.store.seal(world.assessment_id, signer)
    return world


def capture_of(world: World, path: str) -> Capture:
    return world.store.capture(world.records[path])


def segment(world: World, capture: Capture) -> Path:
    return world.store.archive / capture.filename


def rewritten(world: World, capture: Capture, change: tuple[bytes, bytes]) -> None:
    """One record forged with right digests of its own, of the same length in its file."""
    path = segment(world, capture)
    data = path.read_bytes()
    member = data[capture.offset : capture.offset + capture.length]
    head, block = gzip.decompress(member)[:-4].split(b"\r\n\r\n", 1)
    http, body = block.split(b"\r\n\r\n", 1)
    assert change[0] in body
    assert len(change[0]) == len(change[1])
    body = body.replace(*change)
    forged = http + b"\r\n\r\n" + body
    for name, digested in ((b"WARC-Block-Digest", forged), (b"WARC-Payload-Digest", body)):
        digest = b"sha256:" + hashlib.sha256(digested).hexdigest().encode()
        head = re.sub(name + rb": sha256:[0-9a-f]+", name + b": " + digest, head)
    again = gzip.compress(head + b"\r\n\r\n" + forged + b"\r\n\r\n")
    path.write_bytes(data[: capture.offset] + again + data[capture.offset + capture.length :])
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    with world.store.writing() as session:
        row = session.get(Capture, capture.id)
        assert row
        moved = [
            one
            for one in session.query(Capture).filter_by(filename=capture.filename)
            if one.offset > capture.offset
        ]
        for one in moved:
            one.offset += len(again) - capture.length
        row.length, row.digest = len(again), digest


def test_it_works(sealed: World) -> None:
    custodian = Custodian(sealed.store)
    custody = custodian.of(capture_of(sealed, "/privacy"))
    assert (custody.state, custody.seal.number if custody.seal else 0) == ("sealed", 1)
    assert custodian.read(capture_of(sealed, "/privacy"))[1] == custody
    kept = custodian.tally(sealed.assessment_id)
    assert (kept.sealed, kept.unsealed, kept.altered, kept.redacted) == (6, 0, 0, 0)
    with opened(sealed) as desk:
        assert re.search(r'class="state sealed">.*sealed \d', desk.question("234"))
        assert "records are sealed" in desk.get(PATH)


def test_what_is_not_sealed_yet_is_marked(desk: Desk, world: World) -> None:
    for page in (desk.question("234"), desk.get(f"{PATH}/c/{world.records['/privacy']}")):
        assert "not sealed yet" in page
    assert "6 records are not sealed yet" in desk.get(PATH)
    assert "not sealed yet" not in desk.get(f"/a/{ROUND}/{OTHER}")


def test_a_city_sealed_meanwhile_says_so(desk: Desk, world: World, signer: Signer) -> None:
    assert "not sealed yet" in desk.question("234")
    world.store.seal(world.assessment_id, signer)
    assert "not sealed yet" not in desk.question("234")
    assert "6 records are sealed" in desk.get(PATH)


def test_one_flipped_byte_is_refused_and_the_others_stay(sealed: World, evidence: TestClient) -> None:
    capture = capture_of(sealed, "/privacy")
    with opened(sealed) as desk:
        assert "We collect your name" in desk.get(f"{PATH}/c/{capture.record_id}?tab=text")
        path = segment(sealed, capture)
        data = bytearray(path.read_bytes())
        data[capture.offset + capture.length - 6] ^= 1  # of the check sum
        path.write_bytes(data)
        refused(sealed, desk, evidence, capture)
        assert "1 stored record was altered" in desk.get(PATH)
        other = desk.get(f"{PATH}/c/{sealed.records['/contact']}?tab=text")
        assert "Telephone 555 0100" in other
        assert "altered: not shown" not in other


def test_a_forgery_with_right_digests_is_refused(sealed: World, evidence: TestClient) -> None:
    """Everything agrees but the seal: the row, both digests, the lengths."""
    capture = capture_of(sealed, "/privacy")
    rewritten(sealed, capture, (b"for one year", b"for 10 years"))
    capture = capture_of(sealed, "/privacy")
    assert b"for 10 years" in sealed.store.read(capture).body, "the digests alone do not tell"
    with opened(sealed) as desk:
        refused(sealed, desk, evidence, capture)


def test_a_forgery_that_keeps_size_and_time_is_refused_too(sealed: World) -> None:
    """What was remembered of the file is not believed when the record itself is read."""
    capture, custodian = capture_of(sealed, "/privacy"), Custodian(sealed.store)
    assert custodian.of(capture).state == "sealed"
    path, data = segment(sealed, capture), bytearray(segment(sealed, capture).read_bytes())
    stat = path.stat()
    data[capture.offset + capture.length // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(Refused):
        custodian.read(capture)


@pytest.mark.parametrize("spoil", ["signature", "gone", "other-seal"])
def test_a_chain_that_does_not_hold_shows_nothing(sealed: World, signer: Signer, spoil: str) -> None:
    sealed.store.journal(sealed.assessment_id, "results", f"urn:losi:results:{ROUND}/{CITY}", b"{}")
    sealed.store.seal(sealed.assessment_id, signer)
    first = sealed.store.archive / sealed.assessment_id / "seal-0001.json"
    if spoil == "signature":
        text = first.read_text()
        first.write_text(re.sub(r'"signature":"..', '"signature":"AA', text))
    elif spoil == "gone":
        first.unlink()
    else:
        first.write_bytes(first.with_name("seal-0002.json").read_bytes())
    custody = Custodian(sealed.store).of(capture_of(sealed, "/privacy"))
    assert custody.state == "altered"


def test_a_redacted_record_says_by_whom_when_and_why_and_nothing_else(
    sealed: World, signer: Signer, evidence: TestClient
) -> None:
    record = sealed.records["/privacy"]
    sealed.store.redact(sealed.assessment_id, record, by="Ana Sousa", reason="a home address")
    sealed.store.seal(sealed.assessment_id, signer)
    with opened(sealed) as desk:
        page = desk.get(f"{PATH}/c/{record}?quote=We collect your name&tab=text")
        assert "Redacted record" in page
        assert "Ana Sousa" in page
        assert "a home address" in page
        for kept in ("We collect", "Privacy policy", "https://river.example/privacy", "<iframe"):
            assert kept not in page, kept
        assert "1 record is redacted" in desk.get(PATH)
        assert "taken out of the archive" in desk.question("234")
    answer = evidence.get(LINKS.url(record, "raw"))
    assert answer.status_code == 403
    assert "a home address" in answer.text
    assert "We collect" not in answer.text


def refused(world: World, desk: Desk, evidence: TestClient, capture: Capture) -> None:
    record = capture.record_id
    for tab in ("page", "picture", "text", "headers", "raw", "proof", ""):
        page = desk.get(f"{PATH}/c/{record}?tab={tab}")
        assert "altered: not shown" in page, tab
        assert "Refused" in page
        for shown in ("We collect", "for 10 years", "<iframe", "Content-Type"):
            assert shown not in page, (tab, shown)
    for view in ("page", "picture", "text", "headers", "raw", "record"):
        answer = evidence.get(LINKS.url(record, view))
        assert answer.status_code == 409, view
        assert answer.headers["content-type"].startswith("text/plain")
        assert "We collect" not in answer.text
    question = desk.question("234")
    assert "altered: not shown" in question
    assert "Do not rely on this quote" in question
    world.store.answer(world.assessment_id, NewAnswer(test="101", outcome="passed", mode="manual"), "Ana")


def test_a_segment_is_read_whole_once(sealed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from review_ui import custody

    read: list[Path] = []
    monkeypatch.setattr(custody, "entries_of", lambda path: read.append(path) or iter(()))
    custodian = Custodian(sealed.store)
    for path in sealed.records:
        custodian.of(capture_of(sealed, path))
    assert len(read) == 1


def test_a_workspace_without_seals_is_read(world: World) -> None:
    with Store.open(world.store.folder) as store:
        assert Custodian(store).tally(f"{ROUND}/{OTHER}").sealed == 0
