from collections.abc import Callable

import pytest

from evidence_store import DigestMismatch, Exchange, Lease, LostLease, NotFound, Store
from evidence_store.warc import sha256

Page = Callable[..., Exchange]


def test_it_works(store: Store, lease: Lease, page: Page) -> None:
    capture = store.record(lease, page("/a?b=1&a=2")).result()
    record = store.read(capture)
    assert record.body == b"<p>Ol\xc3\xa1</p>"
    assert (record.http_status, record.http_headers) == (200, (("Content-Type", "text/html; charset=utf-8"),))
    assert capture.digest == sha256(record.body)
    assert capture.urlkey == "test,lima)/a?a=2&b=1"
    assert (capture.mime, capture.status, capture.crawl_id) == ("text/html", 200, lease.crawl_id)
    assert store.capture(capture.record_id) == capture


def test_captures_come_in_the_order_of_the_archive(store: Store, lease: Lease, page: Page) -> None:
    futures = [store.record(lease, page(f"/{number}")) for number in range(150)]
    for future in futures:
        future.result()
    stored = list(store.captures("r/lima"))
    assert [capture.url for capture in stored] == [f"http://lima.test/{number}" for number in range(150)]
    assert [capture.offset for capture in stored] == sorted(capture.offset for capture in stored)
    assert all(store.read(capture).headers["WARC-Target-URI"] == capture.url for capture in stored)


def test_captures_are_found_by_kind_and_crawl(store: Store, lease: Lease, page: Page) -> None:
    for kind in ("page", "robots", "document"):
        store.record(lease, page(kind=kind)).result()
    store.journal("r/lima", "text", "urn:losi:text:x", b"{}")
    assert [capture.kind for capture in store.captures("r/lima", kind="robots")] == ["robots"]
    assert {capture.kind for capture in store.captures("r/lima", kind=["page", "text"])} == {"page", "text"}
    assert len(list(store.captures("r/lima", crawl_id=lease.crawl_id))) == 3


def test_a_failure_is_a_capture_too(store: Store, lease: Lease, page: Page) -> None:
    failed = page(type="metadata", status=None, body=b"", error="dns", error_detail="no such host\r\nat all")
    capture = store.record(lease, failed).result()
    assert (capture.type, capture.error, capture.status) == ("metadata", "dns", None)
    assert store.read(capture).body == b"error: dns\r\ndetail: no such host at all\r\nmethod: GET\r\n"


def test_what_was_said_is_kept_without_a_lease(store: Store, page: Page) -> None:
    first = store.journal("r/lima", "findings", "urn:losi:findings:1", b'{"a":1}')
    second = store.journal("r/lima", "findings", "urn:losi:findings:2", b"{}", refers_to=first.record_id)
    assert first.filename == second.filename
    assert first.filename.startswith("r/lima/journal-")
    assert store.read(first).body == b'{"a":1}'
    assert (second.mime, second.refers_to, second.crawl_id) == ("application/json", first.record_id, None)


def test_more_journals_than_open_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence_store.captures.OPEN_JOURNALS", 1)
    cities = ["lima", "porto", "lima"]
    names = {store.journal(f"r/{city}", "acts", "urn:losi:acts:1", b"{}").filename for city in cities}
    assert len(names) == 3


def test_no_record_without_an_open_lease(store: Store, lease: Lease, page: Page) -> None:
    store.finish(lease, stopped="settled")
    with pytest.raises(LostLease):
        store.record(lease, page()).result()


def test_closing_writes_what_was_submitted(
    open_store: Callable[..., Store], store: Store, lease: Lease, page: Page
) -> None:
    futures = [store.record(lease, page(f"/{number}")) for number in range(20)]
    store.close()
    assert all(future.done() for future in futures)
    assert len(list(open_store().captures("r/lima"))) == 20


def test_an_unknown_capture(store: Store) -> None:
    with pytest.raises(NotFound, match="urn:uuid:0"):
        store.capture("urn:uuid:0")


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_bit_is_noticed(store: Store, lease: Lease, page: Page, place: float) -> None:
    capture = store.record(lease, page(body=bytes(range(256)))).result()
    path = store.archive / capture.filename
    data = bytearray(path.read_bytes())
    data[capture.offset + int(place * capture.length)] ^= 4
    path.write_bytes(data)
    with pytest.raises(DigestMismatch, match=capture.record_id):
        store.read(capture)


def test_another_record_in_its_place(store: Store, lease: Lease, page: Page) -> None:
    first, second = (store.record(lease, page(body=b"same")).result() for _ in range(2))
    first.offset, first.length = second.offset, second.length
    with pytest.raises(DigestMismatch, match="another record"):
        store.read(first)


def test_a_cut_file(store: Store, lease: Lease, page: Page) -> None:
    capture = store.record(lease, page()).result()
    path = store.archive / capture.filename
    path.write_bytes(path.read_bytes()[: capture.offset + capture.length - 1])
    with pytest.raises(DigestMismatch):
        store.read(capture)


def test_a_missing_file_is_named(store: Store, lease: Lease, page: Page) -> None:
    capture = store.record(lease, page()).result()
    (store.archive / capture.filename).unlink()
    with pytest.raises(NotFound, match=r"archive/r/lima/.*restore it"):
        store.read(capture)


def test_a_segment_is_made_exclusively(store: Store, lease: Lease) -> None:
    from evidence_store.segment import Segment

    assert lease.filename == f"r/lima/{lease.crawl_id}-1.warc.gz"
    with pytest.raises(FileExistsError):
        Segment(store.archive, lease.filename)


def test_a_naive_time_is_refused(page: Page) -> None:
    from datetime import datetime

    with pytest.raises(ValueError, match="time zone"):
        page(time=datetime(2026, 1, 1))


def test_a_closed_store_takes_nothing(store: Store, lease: Lease, page: Page) -> None:
    store.close()
    with pytest.raises(LostLease):
        store.record(lease, page()).result()
    with pytest.raises(RuntimeError, match="closed"):
        store.journal("r/lima", "acts", "urn:losi:acts:1", b"{}")
    store.close()
