"""A body that comes twice within one crawl is stored once, and read as if it were stored twice."""

import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from sqlalchemy import update
from warcio.archiveiterator import ArchiveIterator

from evidence_store import Capture, DigestMismatch, Exchange, Lease, Store
from evidence_store.revisit import Originals
from evidence_store.warc import SAME_PAYLOAD, WORTH_NAMING, decode, encode

Page = Callable[..., Exchange]
Opener = Callable[..., Store]
BODY = os.urandom(3000)
NEXT = ("type", "kind", "url", "mime", "status", "digest", "timestamp", "requested_by", "refers_to")


@pytest.fixture
def twice(store: Store, lease: Lease, page: Page) -> tuple[Capture, Capture]:
    first = store.record(lease, page("/a", BODY)).result()
    headers = (("Content-Type", "Text/Plain"), ("Set-Cookie", "b=1"))
    return first, store.record(lease, page("/b", BODY, status=404, reason="No", headers=headers)).result()


def test_it_works(store: Store, twice: tuple[Capture, Capture]) -> None:
    first, second = twice
    assert (first.type, second.type) == ("response", "revisit")
    assert second.digest == first.digest
    assert second.length < first.length - len(BODY) + 300
    assert second.refers_to is None  # which is what a DOM was made of
    record = store.read(second)
    assert (record.http_status, record.body) == (404, BODY)
    assert record.http_headers == (("Content-Type", "Text/Plain"), ("Set-Cookie", "b=1"))
    assert (second.mime, second.status) == ("text/plain", 404)


def test_the_record_says_what_the_standard_asks(store: Store, twice: tuple[Capture, Capture]) -> None:
    first, second = (store.read(one).headers for one in twice)
    assert second["WARC-Profile"] == SAME_PAYLOAD
    assert second["WARC-Refers-To"] == first["WARC-Record-ID"]
    assert second["WARC-Refers-To-Target-URI"] == first["WARC-Target-URI"]
    assert second["WARC-Refers-To-Date"] == first["WARC-Date"]
    assert second["WARC-Payload-Digest"] == first["WARC-Payload-Digest"]
    assert second["Content-Type"] == "application/http; msgtype=response"
    assert second["WARC-Truncated"] == "length"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_others_read_it(store: Store, twice: tuple[Capture, Capture]) -> None:
    data = (store.archive / twice[1].filename).read_bytes()
    types = [one.rec_type for one in ArchiveIterator(io.BytesIO(data), check_digests="raise")]
    assert types[-4:] == ["response", "request", "revisit", "request"]
    records = list(FastIterator(io.BytesIO(data), parse_http=False, func_filter=None))
    assert len(records) == len(types)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b"x" * (WORTH_NAMING - 1)},
        {"body": b""},
        {"body": BODY, "truncated": "length"},
        {"body": BODY, "type": "resource", "status": None, "mime": "image/png"},
    ],
)
def test_what_is_stored_as_it_came(store: Store, lease: Lease, page: Page, fields: dict[str, object]) -> None:
    kept = [store.record(lease, page(path, **fields)).result() for path in ("/a", "/b")]  # type: ignore[arg-type]
    assert {one.type for one in kept} == {fields.get("type", "response")}


def test_a_cut_body_is_no_original(store: Store, lease: Lease, page: Page) -> None:
    store.record(lease, page("/a", BODY, truncated="length")).result()
    assert store.record(lease, page("/b", BODY)).result().type == "response"
    assert store.record(lease, page("/c", BODY)).result().type == "revisit"


def test_of_one_group(store: Store, lease: Lease, page: Page) -> None:
    waiting = [store.record(lease, page(f"/{number}", BODY)) for number in range(30)]
    assert [one.result().type for one in waiting] == ["response", *["revisit"] * 29]
    assert {store.read(one.result()).body for one in waiting} == {BODY}


def test_never_across_crawls_or_cities(store: Store, lease: Lease, page: Page) -> None:
    store.record(lease, page("/a", BODY)).result()
    others = [store.plan_crawl("r/porto", budget=1), store.plan_crawl("r/lima", budget=1, purpose="person")]
    for crawl in others:
        other = store.claim(crawl.id, worker="test")
        assert store.record(other, page("/a", BODY)).result().type == "response"


def test_who_takes_over_knows_what_was_stored(open_store: Opener, store: Store, page: Page) -> None:
    doomed = open_store(lease_seconds=0)
    first = doomed.claim(store.plan_crawl("r/lima", budget=1).id, worker="slow")
    original = doomed.record(first, page("/a", BODY)).result()
    adopted = b"".join(encode(page("/adopted", BODY[::-1])).members)
    with (store.archive / first.filename).open("ab") as file:
        file.write(adopted)
    second = store.claim(first.crawl_id, worker="heir")
    for body in (BODY, BODY[::-1]):
        again = store.record(second, page("/again", body)).result()
        assert again.type == "revisit"
        assert again.filename != original.filename
        assert store.read(again).body == body


def test_a_revisit_without_a_row_gets_it(open_store: Opener, store: Store, page: Page) -> None:
    doomed = open_store(lease_seconds=0)
    first = doomed.claim(store.plan_crawl("r/lima", budget=1).id, worker="slow")
    doomed.record(first, page("/a", BODY)).result()
    written = doomed.record(first, page("/b", BODY)).result()
    with store.writing() as session:
        session.delete(session.get_one(Capture, written.id))
    store.claim(first.crawl_id, worker="heir")
    adopted = store.capture(written.record_id)
    assert [getattr(adopted, name) for name in NEXT] == [getattr(written, name) for name in NEXT]
    assert store.read(adopted).body == BODY


def test_damaged_bytes_are_nobodys_original(open_store: Opener, store: Store, page: Page) -> None:
    doomed = open_store(lease_seconds=0)
    first = doomed.claim(store.plan_crawl("r/lima", budget=1).id, worker="slow")
    original = doomed.record(first, page("/a", BODY)).result()
    with (store.archive / first.filename).open("r+b") as file:
        file.seek(original.offset + original.length // 2)
        file.write(b"spoiled")
    second = store.claim(first.crawl_id, worker="heir")
    assert store.record(second, page("/b", BODY)).result().type == "response"


def test_a_body_from_another_crawl_is_refused(store: Store, twice: tuple[Capture, Capture]) -> None:
    other = store.plan_crawl("r/porto", budget=1)
    with store.writing() as session:
        session.execute(update(Capture).where(Capture.id == twice[0].id).values(crawl_id=other.id))
    with pytest.raises(DigestMismatch, match="another body"):
        store.read(twice[1])


def test_a_revisit_of_nothing_is_refused(store: Store, twice: tuple[Capture, Capture]) -> None:
    with store.writing() as session:
        session.delete(session.get_one(Capture, twice[0].id))
    with pytest.raises(DigestMismatch, match="is not there"):
        store.read(twice[1])


def test_naming_costs_less_than_what_it_saves(page: Page) -> None:
    """Text of the shortest length that is named; noise saves more."""
    words = b"We answer within ten working days; the form, the fee and the office hours are told below. "
    asked = page("/a/page/somewhere", (words * 9)[:WORTH_NAMING], ip_address="192.0.2.1")
    first = encode(asked)
    known = Originals(Path())
    known.note(first)
    second = encode(replace(asked, url="http://lima.test/elsewhere"), originals=known)
    assert len(second.members[0]) < len(first.members[0]) + 60
    assert decode(second.members[0])[1] == first.digest
