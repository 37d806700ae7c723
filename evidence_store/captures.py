"""What was seen: recorded as it came, found by what it is, read back with its digest checked."""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine, select

from evidence_store.database import Database
from evidence_store.errors import DigestMismatch, LostLease, NotFound, StoreFull
from evidence_store.exchange import Exchange, Lease, Record
from evidence_store.models import Capture, new_id
from evidence_store.segment import Segment
from evidence_store.warc import BadRecord, decode
from evidence_store.writer import Entry, Writer

OPEN_JOURNALS = 16


class Captures(Database):
    def __init__(self, folder: Path, engine: Engine, lease_seconds: float) -> None:
        super().__init__(folder, engine, lease_seconds)
        self.archive = folder / "archive"
        self._writer = Writer(self)
        self._segments: dict[Lease, Segment] = {}
        self._journals: OrderedDict[str, Segment] = OrderedDict()
        self._journal_lock = Lock()

    def record(self, lease: Lease, exchange: Exchange) -> "Future[Capture]":
        """Durable once the future is done. It raises LostLease, or StoreFull, which ends the lease too."""
        segment = self._segments.get(lease)
        if segment is None:
            lost: Future[Capture] = Future()
            lost.set_exception(LostLease(lease.crawl_id, lease.token))
            return lost
        return self._writer.submit(Entry(segment, exchange, lease.assessment_id, lease))

    def journal(
        self,
        assessment_id: str,
        kind: str,
        uri: str,
        body: bytes,
        mime: str = "application/json",
        refers_to: str | None = None,
    ) -> Capture:
        """What was said or derived, as a resource record. Raises StoreFull."""
        return self._journal(assessment_id, assessment_id, kind, uri, body, mime, refers_to)

    def captures(
        self, assessment_id: str, *, kind: str | Iterable[str] | None = None, crawl_id: str | None = None
    ) -> Iterator[Capture]:
        """In the order of the archive: filename, then offset."""
        found = select(Capture).where(Capture.assessment_id == assessment_id)
        if kind is not None:
            found = found.where(Capture.kind.in_([kind] if isinstance(kind, str) else list(kind)))
        if crawl_id is not None:
            found = found.where(Capture.crawl_id == crawl_id)
        with self.reading() as session:
            return iter(session.scalars(found.order_by(Capture.filename, Capture.offset)).all())

    def capture(self, record_id: str) -> Capture:
        with self.reading() as session:
            found = session.scalars(select(Capture).where(Capture.record_id == record_id)).one_or_none()
        if found is None:
            raise NotFound("capture", record_id)
        return found

    def read(self, capture: Capture) -> Record:
        """Raises DigestMismatch, and NotFound when the file is gone."""
        where = f"archive/{capture.filename}"
        try:
            member = self._bytes(capture)
            record, digest = decode(member)
        except FileNotFoundError as error:
            raise NotFound("file", where, "restore it from a copy of the workspace") from error
        except BadRecord as error:
            raise DigestMismatch(capture.record_id, where, str(error)) from error
        if digest != capture.digest:
            raise DigestMismatch(capture.record_id, where, "payload digest")
        if record.headers.get("WARC-Record-ID", "").strip("<>") != capture.record_id:
            raise DigestMismatch(capture.record_id, where, "another record stands there")
        return record

    def _bytes(self, capture: Capture) -> bytes:
        fd = os.open(self.archive / capture.filename, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(fd, capture.length, capture.offset)
        finally:
            os.close(fd)

    def _journal(
        self,
        folder: str,
        assessment_id: str | None,
        kind: str,
        uri: str,
        body: bytes,
        mime: str,
        refers_to: str | None = None,
    ) -> Capture:
        exchange = Exchange(
            type="resource",
            kind=kind,
            url=uri,
            mime=mime,
            body=body,
            refers_to=refers_to,
            requested_by="losi",
            time=datetime.now(UTC),
        )
        with self._journal_lock:
            segment = self._open_journal(folder)
            future = self._writer.submit(Entry(segment, exchange, assessment_id))
        try:
            return future.result()
        except StoreFull:
            with self._journal_lock:
                if self._journals.get(folder) is segment:
                    self._writer.retire(self._journals.pop(folder))
            raise

    def _open_journal(self, folder: str) -> Segment:
        if folder not in self._journals:
            self._journals[folder] = Segment(self.archive, f"{folder}/journal-{new_id()}.warc.gz")
        self._journals.move_to_end(folder)
        while len(self._journals) > OPEN_JOURNALS:
            self._writer.retire(self._journals.popitem(last=False)[1])
        return self._journals[folder]

    def _close_segment(self, lease: Lease) -> None:
        """Once all that was submitted for it is written."""
        if segment := self._segments.pop(lease, None):
            self._writer.retire(segment).result()

    def _close_files(self) -> None:
        """What was submitted is written first."""
        self._writer.close()
        for segment in [*self._segments.values(), *self._journals.values()]:
            segment.close()
        self._segments.clear()
        self._journals.clear()
