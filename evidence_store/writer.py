"""The one thread of a store that writes: records, fsync, their rows in one transaction, for all that wait.

Compression and digests happen here, beside the crawler's thread: zlib and hashlib let go of the interpreter.
"""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from evidence_store.database import Database
from evidence_store.errors import EvidenceStoreError, LostLease, StoreFull
from evidence_store.exchange import Exchange, Lease
from evidence_store.leases import extend
from evidence_store.models import Capture, table_of
from evidence_store.revisit import Originals
from evidence_store.segment import Segment
from evidence_store.surt import urlkey
from evidence_store.warc import encode

GROUP = 64
GROUP_BYTES = 16 << 20

_CAPTURE = table_of(Capture)
_COLUMNS = tuple(column.name for column in _CAPTURE.columns if column.name != "id")
_INSERT = insert(_CAPTURE).returning(_CAPTURE.c.id, sort_by_parameter_order=True)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One exchange on its way into a segment; what is said of an assessment (the journal) needs no lease."""

    segment: Segment
    exchange: Exchange
    assessment_id: str | None
    lease: Lease | None = None
    future: "Future[Capture]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True, eq=False)
class Retire:
    """A segment to be closed after all that was submitted before; only this thread touches open files."""

    segment: Segment
    future: "Future[None]" = field(default_factory=Future)


class End:
    """Nothing comes after it."""


Item = Entry | Retire | End


class Writer:
    def __init__(self, database: Database, archive: Path) -> None:
        self._database, self._archive = database, archive
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()
        self._closed = False
        self._originals: dict[Segment, Originals] = {}

    def submit(self, entry: Entry) -> "Future[Capture]":
        self._put(entry)
        return entry.future

    def retire(self, segment: Segment) -> "Future[None]":
        retire = Retire(segment)
        self._put(retire)
        return retire.future

    def close(self) -> None:
        """Everything submitted before is written first."""
        with self._start:
            self._closed = True
            self._queue.put(End())
        if self._thread:
            self._thread.join()

    def _put(self, item: Entry | Retire) -> None:
        with self._start:
            if self._closed:
                raise RuntimeError("the store is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="evidence-writer", daemon=True)
                self._thread.start()
            self._queue.put(item)

    def _work(self) -> None:
        item = self._queue.get()
        while not isinstance(item, End):
            following = None
            if isinstance(item, Retire):
                item.segment.close()
                self._originals.pop(item.segment, None)
                item.future.set_result(None)
            else:
                following = self._write_group(item)
            item = following or self._queue.get()

    def _write_group(self, first: Entry) -> Item | None:
        """Writes what waits by now, within limits; returns what was taken from the queue and is no entry."""
        group, following = self._group(first)
        try:
            self._commit([entry for entry in group if entry.future.set_running_or_notify_cancel()])
        except Exception as error:
            # The thread must outlive anything: who waits for it would wait for ever.
            _fail(group, error)
        return following

    def _group(self, first: Entry) -> tuple[list[Entry], Item | None]:
        group, size = [first], len(first.exchange.body)
        with suppress(Empty):
            while len(group) < GROUP and size < GROUP_BYTES:
                item = self._queue.get_nowait()
                if not isinstance(item, Entry):
                    return group, item
                group.append(item)
                size += len(item.exchange.body)
        return group, None

    def _commit(self, group: list[Entry]) -> None:
        written = [(entry, row) for entry in group if (row := self._write(entry)) is not None]
        durable = _sync({entry.segment for entry, _ in written})
        rows = [(entry, row) for entry, row in written if entry.segment in durable]
        _fail((entry for entry, _ in written if entry.segment not in durable), None)
        try:
            lost = self._insert(rows) if rows else set()
        except (SQLAlchemyError, StoreFull) as error:
            _give_up([entry for entry, _ in rows], error)
            return
        for entry, row in rows:
            if entry.lease is not None and entry.lease in lost:
                entry.future.set_exception(LostLease(entry.lease.crawl_id, entry.lease.token))
            else:
                entry.future.set_result(row)

    def _write(self, entry: Entry) -> Capture | None:
        """The records in the file, not yet durable; None when its future has been told why not."""
        try:
            originals = self._originals_of(entry)
            encoded = encode(entry.exchange, originals=originals)
            offset = entry.segment.append(b"".join(encoded.members))
        except Exception as error:
            entry.future.set_exception(error)
            return None
        if originals is not None:
            originals.note(encoded)
        return row_of(
            encoded.headers,
            crawl_id=entry.lease.crawl_id if entry.lease else None,
            assessment_id=entry.assessment_id,
            status=entry.exchange.status if entry.exchange.type == "response" else None,
            mime=encoded.mime,
            digest=encoded.digest,
            place=(entry.segment.filename, offset, len(encoded.members[0])),
        )

    def _originals_of(self, entry: Entry) -> Originals | None:
        """A crawl's, once its segment is begun; who took a crawl over adopted the earlier segments before."""
        if entry.lease is None:
            return None
        if entry.segment not in self._originals:
            self._originals[entry.segment] = Originals(self._archive, self._earlier(entry))
        return self._originals[entry.segment]

    def _earlier(self, entry: Entry) -> Sequence[Capture]:
        assert entry.lease is not None
        responses = select(Capture).where(
            Capture.crawl_id == entry.lease.crawl_id, Capture.type == "response"
        )
        with self._database.reading() as session:
            return session.scalars(responses.where(Capture.filename != entry.segment.filename)).all()

    def _insert(self, rows: list[tuple[Entry, Capture]]) -> set[Lease]:
        """Rows of those whose lease is still theirs, which is renewed by it; the leases that are not."""
        with self._database.recording() as connection:
            leases = {entry.lease for entry, _ in rows if entry.lease is not None}
            lost = {lease for lease in leases if not extend(connection, lease, self._database.lease_seconds)}
            kept = [row for entry, row in rows if entry.lease is None or entry.lease not in lost]
            if kept:
                values = [{name: getattr(row, name) for name in _COLUMNS} for row in kept]
                for row, number in zip(kept, connection.scalars(_INSERT, values), strict=True):
                    row.id = number
        return lost


def row_of(
    headers: dict[str, str],
    *,
    crawl_id: str | None,
    assessment_id: str | None,
    status: int | None,
    mime: str,
    digest: str,
    place: tuple[str, int, int],
) -> Capture:
    """The index row of a record, from the record's own headers; `place` is filename, offset, length."""
    return Capture(
        crawl_id=crawl_id,
        assessment_id=assessment_id,
        record_id=headers["WARC-Record-ID"].strip("<>"),
        type=headers["WARC-Type"],
        kind=headers["LOSI-Kind"],
        urlkey=urlkey(headers["WARC-Target-URI"]),
        timestamp=datetime.fromisoformat(headers["WARC-Date"]),
        url=headers["WARC-Target-URI"],
        mime=mime,
        status=status,
        digest=digest,
        filename=place[0],
        offset=place[1],
        length=place[2],
        refers_to=headers.get("LOSI-Refers-To"),
        requested_by=headers["LOSI-Requested-By"],
        channel=headers.get("LOSI-Channel", "web"),
        error=headers.get("LOSI-Error"),
    )


def _sync(segments: set[Segment]) -> set[Segment]:
    durable = set()
    for segment in segments:
        with suppress(StoreFull):
            segment.sync()
            durable.add(segment)
    return durable


def _give_up(entries: list[Entry], error: Exception) -> None:
    """Bytes without rows: the next claimant gives them rows, so these files get nothing more."""
    for entry in entries:
        full = error if isinstance(error, StoreFull) else StoreFull("the index", str(error))
        entry.segment.broken = entry.segment.broken or full
    _fail(entries, None)


def _fail(entries: Iterable[Entry], error: Exception | None) -> None:
    for entry in entries:
        if not entry.future.done():
            entry.future.set_exception(error or entry.segment.broken or EvidenceStoreError("not written"))
