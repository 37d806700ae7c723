"""Bytes that are taken out are gone; what was sealed over them still holds, and who reads is told."""

import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence_store import (
    BeingWritten,
    Capture,
    DigestMismatch,
    Exchange,
    Lease,
    NewEvidence,
    NewFinding,
    NotFound,
    Redacted,
    Signer,
    Store,
    Unsupported,
)
from evidence_store import redacting as verb
from evidence_store.redaction import Redaction, stub_row
from evidence_store.verifier import Tree, heads
from evidence_store.warc import BadRecord, decode

Page = Callable[..., Exchange]
BODY = b"<p>Jane Doe, 4 Elm Street</p>" + os.urandom(600)


@dataclass
class Town:
    """A finished crawl: home, a page with a person's name, again elsewhere, what a browser made of it, a last one."""

    store: Store
    captures: dict[str, Capture]

    @property
    def path(self) -> Path:
        return self.store.archive / self.captures["home"].filename

    def bytes(self) -> bytes:
        """All that is stored in the segment, inflated."""
        with self.path.open("rb") as file:
            data, found = file.read(), b""
        while data:
            inflate = zlib.decompressobj(31)
            found += inflate.decompress(data)
            data = inflate.unused_data
        return found

    def root(self) -> bytes:
        tree = Tree()
        with self.path.open("rb") as file:
            for one in heads(file):
                tree.add(one.leaf)
        return tree.root()


@pytest.fixture
def town(store: Store, lease: Lease, page: Page) -> Town:
    kept = {"home": store.record(lease, page("/", b"<p>Lima</p>" * 90)).result()}
    asked = (("User-Agent", "losi"),)
    kept["person"] = store.record(lease, page("/jane", BODY, request_headers=asked)).result()
    kept["again"] = store.record(lease, page("/doe", BODY)).result()
    picture = page("/", BODY[::-1], type="resource", status=None, refers_to=kept["person"].record_id)
    kept["dom"] = store.record(lease, picture).result()
    kept["last"] = store.record(lease, page("/last", b"<p>last</p>")).result()
    store.finish(lease, stopped="exhausted")
    return Town(store, kept)


def redact(town: Town, name: str = "person") -> verb.Redacting:
    return town.store.redact("r/lima", town.captures[name].record_id, by="Ana", reason="a private address")


def test_it_works(town: Town) -> None:
    assert b"Jane Doe" in town.bytes()
    done = redact(town)
    assert {one.record_id for one in done.captures} == {
        town.captures[name].record_id for name in ("person", "again", "dom")
    }
    assert b"Jane Doe" not in town.bytes()
    assert BODY[::-1] not in town.bytes()
    with pytest.raises(
        Redacted, match=r"was taken out of the archive by Ana on 20..-..-..: a private address"
    ):
        town.store.read(town.store.capture(town.captures["person"].record_id))


def test_seals_still_hold(town: Town, tmp_path: Path) -> None:
    (seal, *_) = town.store.seal("r/lima", Signer.open(tmp_path / "keys"))
    before = town.root()
    assert seal.root == "sha256:" + before.hex()
    redact(town)
    assert town.root() == before


def test_it_is_said_in_the_journal(town: Town) -> None:
    redact(town)
    said = list(town.store.captures("r/lima", kind="redaction"))
    documents = [json.loads(town.store.read(one).body) for one in said]
    assert {one.url for one in said} == {"urn:losi:redaction:" + one["record"] for one in documents}
    assert {one["schema"] for one in documents} == {"losi-redaction/1"}
    with town.path.open("rb") as file:
        stubs = {
            one.fields["WARC-Refers-To"][1:-1]: "sha256:" + one.leaf.hex()
            for one in heads(file)
            if one.fields.get("LOSI-Kind") == "redacted"
        }
    assert {one["record"]: one["leaf"] for one in documents} == stubs


def test_the_others_stand_where_they_stand_now(town: Town) -> None:
    stale = town.captures["last"]
    redact(town)
    for name in ("home", "last"):
        now = town.store.capture(town.captures[name].record_id)
        assert (now.type, town.store.read(now).http_status) == ("response", 200)
    assert town.store.read(stale).body == b"<p>last</p>", "a row from before leads there too"
    with pytest.raises(Redacted):
        town.store.read(town.captures["again"])


def test_it_is_still_listed(town: Town) -> None:
    redact(town)
    row = town.store.capture(town.captures["person"].record_id)
    assert (row.type, row.error, row.kind, row.url) == (
        "redacted",
        "redacted",
        "page",
        "http://lima.test/jane",
    )
    assert (row.status, row.mime) == (None, ""), "its bytes said so"
    listed = [one.url for one in town.store.captures("r/lima") if one.kind == "page" and one.crawl_id]
    assert "http://lima.test/jane" in listed


def test_a_rebuilt_row_is_the_same(town: Town) -> None:
    redact(town)
    row = town.store.capture(town.captures["person"].record_id)
    member = town.path.read_bytes()[row.offset : row.offset + row.length]
    again = stub_row(
        decode(member)[0].body,
        crawl_id=row.crawl_id,
        assessment_id=row.assessment_id,
        place=(row.filename, row.offset, row.length),
    )
    for column in Capture.__table__.columns:
        if column.name != "id":
            assert getattr(again, column.name) == getattr(row, column.name), column.name


def test_a_revisit_takes_its_original_with_it(town: Town) -> None:
    assert town.captures["again"].type == "revisit"
    redact(town, "again")
    assert b"Jane Doe" not in town.bytes()


def test_a_picture_goes_alone(town: Town) -> None:
    assert [one.record_id for one in redact(town, "dom").captures] == [town.captures["dom"].record_id]
    assert town.store.read(town.captures["person"]).body == BODY


def test_who_quotes_it_is_told(town: Town) -> None:
    cited = (NewEvidence(capture_id=town.captures["again"].record_id, exact="Jane Doe"),)
    town.store.save_run(
        "r/lima",
        rules_digest="",
        software="losi",
        through="",
        complete=True,
        findings=[
            NewFinding(test="IF-1", outcome="passed", evidence=cited),
            NewFinding(test="rule:x", outcome="passed", evidence=cited),
        ],
    )
    assert redact(town).cited_by == ("IF-1",)


def test_the_same_bytes_elsewhere_are_named(town: Town, page: Page) -> None:
    other = town.store.claim(town.store.plan_crawl("r/porto", budget=1).id, worker="me")
    copy = town.store.record(other, page("/jane", BODY)).result()
    assert [one.record_id for one in redact(town).elsewhere] == [copy.record_id]


def test_a_segment_that_is_written_is_left(store: Store, lease: Lease, page: Page) -> None:
    capture = store.record(lease, page("/jane", BODY)).result()
    with pytest.raises(BeingWritten, match="is being written"):
        store.redact("r/lima", capture.record_id, by="Ana", reason="private")
    assert store.read(capture).body == BODY
    assert list(store.captures("r/lima", kind="redaction")) == []


@pytest.mark.parametrize(("by", "reason"), [(" ", "why"), ("Ana", "")])
def test_a_person_and_a_reason(town: Town, by: str, reason: str) -> None:
    with pytest.raises(Unsupported):
        town.store.redact("r/lima", town.captures["home"].record_id, by=by, reason=reason)


def test_what_cannot_be_taken_out(town: Town) -> None:
    said = town.store.journal("r/lima", "answers", "urn:losi:answers:r/lima", b"{}")
    with pytest.raises(Unsupported, match="is a statement"):
        town.store.redact("r/lima", said.record_id, by="Ana", reason="no")
    with pytest.raises(NotFound):
        town.store.redact("r/porto", town.captures["home"].record_id, by="Ana", reason="no")
    with pytest.raises(NotFound):
        town.store.redact("r/lima", "urn:uuid:0", by="Ana", reason="no")
    redact(town)
    with pytest.raises(Redacted):
        redact(town)


class Died(BaseException):
    """In the place of a kill."""


@pytest.mark.parametrize("at", ["take_out", "put_in_place", "place_rows"])
def test_a_crash_is_made_good(town: Town, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(verb, at, die)
        with pytest.raises(Died):
            redact(town)
    assert town.store.read(town.captures["last"]).body == b"<p>last</p>", "readable at any moment"
    assert town.store.read(town.captures["home"]).http_status == 200
    town.store.finish_redactions("r/lima")
    assert b"Jane Doe" not in town.bytes()
    assert town.store.finish_redactions("r/lima") == []
    for name in ("person", "again", "dom"):
        with pytest.raises(Redacted):
            town.store.read(town.captures[name])
    assert town.store.read(town.captures["last"]).body == b"<p>last</p>"


def test_a_draft_that_a_crash_left_goes(town: Town) -> None:
    draft = town.path.with_name(f".{town.path.name}.1.ab")
    draft.write_bytes(town.path.read_bytes())
    redact(town)
    assert not draft.exists()


def test_a_file_replaced_before_it_was_held(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another redaction ended between our opening the file and our holding it."""

    def replaced(*_: object) -> None:
        copy = town.path.with_name("copy")
        copy.write_bytes(town.path.read_bytes())
        copy.replace(town.path)

    monkeypatch.setattr("fcntl.flock", replaced)
    with pytest.raises(BeingWritten):
        redact(town)


def test_a_stub_that_nobody_signed_for_is_a_fault(town: Town) -> None:
    redact(town)
    with town.store.writing() as session:
        for said in town.store.captures("r/lima", kind="redaction"):
            session.delete(session.get_one(Capture, said.id))
    with pytest.raises(DigestMismatch, match="nobody says why"):
        town.store.read(town.store.capture(town.captures["person"].record_id))


def test_a_torn_tail_stays_as_it_is(town: Town) -> None:
    with town.path.open("ab") as file:
        file.write(b"\x1f\x8b\x08torn")
    redact(town)
    assert town.path.read_bytes().endswith(b"\x1f\x8b\x08torn")
    assert town.store.read(town.captures["last"]).body == b"<p>last</p>"


def test_a_damaged_segment_is_not_rewritten(town: Town) -> None:
    home = town.captures["home"]
    with town.path.open("r+b") as file:
        file.seek(home.offset + 20)
        file.write(b"spoiled")
    before = town.path.read_bytes()
    with pytest.raises(DigestMismatch, match="cannot be found"):
        redact(town)
    assert town.path.read_bytes() == before
    with pytest.raises((DigestMismatch, BadRecord)):
        town.store.read(home)


def test_only_a_redaction_is_one() -> None:
    said = Redaction("urn:uuid:1", "sha256:0", "Ana", "2026-11-23T00:00:00Z", "private")
    assert Redaction.of(said.document()) == said
    with pytest.raises(ValueError, match="not a redaction"):
        Redaction.of(b"{}")
