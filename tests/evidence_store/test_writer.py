"""A full disk, at the one boundary where it can be played: what the operating system answers."""

import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import event

from evidence_store import Capture, Exchange, Lease, LostLease, Store, StoreFull

Page = Callable[..., Exchange]
# What the disk answers is the same under either database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class FullDisk:
    """Lets `room` more bytes through, the last of them in a short write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room, self.write = room, os.write
        monkeypatch.setattr(os, "write", self)

    def __call__(self, fd: int, data: Any) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(fd, bytes(data)[: self.room])
        self.room -= written
        return written


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("room", [0, 1, 300])
def test_nothing_half_written_gets_a_row(
    store: Store, lease: Lease, page: Page, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    kept = store.record(lease, page("/kept")).result()
    with monkeypatch.context() as patch:
        FullDisk(patch, room)
        with pytest.raises(StoreFull, match=r"No space left on device; make room and start the same command"):
            store.record(lease, page("/lost", body=os.urandom(999))).result()
    with pytest.raises(StoreFull):
        store.record(lease, page("/after a torn member nothing may follow")).result()
    assert [capture.record_id for capture in store.captures("r/lima")] == [kept.record_id]
    second = store.claim(lease.crawl_id, worker="after making room")
    own = store.record(second, page("/lost")).result()
    assert second.token == lease.token + 1
    assert own.filename != kept.filename
    assert [store.read(capture).http_status for capture in store.captures("r/lima")] == [200, 200]


def test_what_is_not_synced_has_no_row(
    store: Store, lease: Lease, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreFull):
            store.record(lease, page()).result()
    assert list(store.captures("r/lima")) == []


def test_a_full_disk_at_the_claim(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = store.plan_crawl("r/lima", budget=1)
    with monkeypatch.context() as patch:
        FullDisk(patch, 0)
        with pytest.raises(StoreFull):
            store.claim(crawl.id, worker="me")
    assert store.crawl(crawl.id).state == "waiting"
    assert store.claim(crawl.id, worker="me").token == 2


def test_a_journal_starts_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.journal("r/lima", "acts", "urn:losi:acts:1", b"{}")
    with monkeypatch.context() as patch:
        FullDisk(patch, 5)
        with pytest.raises(StoreFull):
            store.journal("r/lima", "acts", "urn:losi:acts:2", b"{}")
    third = store.journal("r/lima", "acts", "urn:losi:acts:3", b"{}")
    assert third.filename != first.filename
    assert store.read(third).body == b"{}"


def test_a_database_that_cannot_be_written(store: Store, lease: Lease, page: Page) -> None:
    """The bytes are durable then: the next claimant gives them their row."""

    def refuse(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO capture"):
            raise connection.dialect.dbapi.OperationalError("database or disk is full")

    event.listen(store.engine, "before_cursor_execute", refuse)
    with pytest.raises(StoreFull):
        store.record(lease, page("/a")).result()
    event.remove(store.engine, "before_cursor_execute", refuse)
    store.claim(lease.crawl_id, worker="heir")
    assert [capture.url for capture in store.captures("r/lima")] == ["http://lima.test/a"]


def test_one_lost_lease_does_not_hurt_others(
    store: Store, open_store: Callable[..., Store], page: Page
) -> None:
    doomed = open_store(lease_seconds=0)
    old = doomed.claim(doomed.plan_crawl("r/lima", budget=1).id, worker="slow")
    fine = doomed.claim(doomed.plan_crawl("r/porto", budget=1).id, worker="slow")
    store.claim(old.crawl_id, worker="heir")
    lost, kept = doomed.record(old, page("/lost")), doomed.record(fine, page("/kept"))
    assert isinstance(lost.exception(), LostLease)
    assert kept.result().assessment_id == "r/porto"


def test_who_waits_together_is_written_together(
    store: Store, lease: Lease, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    go, sync = threading.Event(), os.fsync

    def count(fd: int) -> None:
        go.wait()
        synced.append(fd)
        sync(fd)

    monkeypatch.setattr(os, "fsync", count)
    futures: list[Future[Capture]] = [store.record(lease, page(f"/{number}")) for number in range(40)]
    go.set()
    assert len({future.result().record_id for future in futures}) == 40
    assert len(synced) < 20


def test_a_cancelled_record_is_not_written(
    store: Store, lease: Lease, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, sync = threading.Event(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (go.wait(), sync(fd))[1])
    first = store.record(lease, page("/first"))
    while first.cancel() is False and not first.running():
        pass  # until the writer holds it
    second = store.record(lease, page("/second"))
    assert second.cancel()
    go.set()
    third = store.record(lease, page("/third")).result()
    assert third.url == "http://lima.test/third"
    assert "http://lima.test/second" not in [capture.url for capture in store.captures("r/lima")]


def test_a_full_database_is_one_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("INSERT"):
            raise connection.dialect.dbapi.OperationalError("database or disk is full\nand more")

    event.listen(store.engine, "before_cursor_execute", refuse)
    with pytest.raises(StoreFull, match="full; make room and start the same command again") as found:
        store.plan_crawl("r/lima", budget=1)
    assert "\n" not in str(found.value)
    event.remove(store.engine, "before_cursor_execute", refuse)
    assert store.crawls("r/lima") == []
