"""What was seen: recorded as it came, found by what it is, read back with its digest checked."""

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine, select

from evidence_store.database import Database
from evidence_store.errors import ArchiveError, DigestMismatch, LostLease, NotFound, Redacted, StoreFull
from evidence_store.exchange import Exchange, Lease, Record
from evidence_store.models import Capture, new_id
from evidence_store.redaction import REDACTED, Redaction, place_rows
from evidence_store.segment import Segment
from evidence_store.warc import BadRecord, decode
from evidence_store.writer import Entry, Writer

OPEN_JOURNALS = 16


class Captures(Database):
    def __init__(self, folder: Path, engine: Engine, lease_seconds: float) -> None:
        super().__init__(folder, engine, lease_seconds)
        self.archive = folder / "archive"
        self._writer = Writer(self, self.archive)
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

    def close_journal(self, folder: str) -> None:
        """What was said there is whole and can be sealed; more of it begins a new file."""
        with self._journal_lock:
            segment = self._journals.pop(folder, None)
            retired = self._writer.retire(segment) if segment else None
        if retired:
            retired.result()

    def captures(
        self, assessment_id: str, *, kind: str | Iterable[str] | None = None, crawl_id: str | None = None
    ) -> Iterator[Capture]:
        """In the order of the archive: filename, then offset.

        What the archive says of the crawl itself (kind `assessment`) comes only when asked for.
        """
        found = select(Capture).where(Capture.assessment_id == assessment_id)
        if kind is None:
            found = found.where(Capture.kind != "assessment")
        else:
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
        """A revisit with the body it names. Raises DigestMismatch, Redacted, and NotFound when the file is gone."""
        try:
            return self._read(capture)
        except DigestMismatch:
            if (moved := self._moved(capture)) is None:
                raise
        return self._read(moved)

    def redaction(self, record_id: str) -> Redaction | None:
        """By whom, when and why a record was taken out. Raises DigestMismatch."""
        found = select(Capture).where(Capture.kind == "redaction", Capture.refers_to == record_id)
        with self.reading() as session:
            told = session.scalars(found.order_by(Capture.id).limit(1)).one_or_none()
        if told is None:
            return None
        try:
            return Redaction.of(self._read(told).body)
        except ValueError as error:
            raise DigestMismatch(told.record_id, f"archive/{told.filename}", str(error)) from error

    def _read(self, capture: Capture) -> Record:
        where = f"archive/{capture.filename}"
        if capture.type == REDACTED:
            raise self._redacted(capture)
        try:
            record, digest = decode(self._bytes(capture))
        except FileNotFoundError as error:
            raise NotFound("file", where, "restore it from a copy of the workspace") from error
        except BadRecord as error:
            raise DigestMismatch(capture.record_id, where, str(error)) from error
        if digest != capture.digest:
            raise DigestMismatch(capture.record_id, where, "payload digest")
        if record.headers.get("WARC-Record-ID", "").strip("<>") != capture.record_id:
            raise DigestMismatch(capture.record_id, where, "another record stands there")
        return self._with_body(capture, record) if capture.type == "revisit" else record

    def _with_body(self, capture: Capture, revisit: Record) -> Record:
        where, named = f"archive/{capture.filename}", revisit.headers.get("WARC-Refers-To", "").strip("<>")
        try:
            original = self.capture(named)
        except NotFound as error:
            raise DigestMismatch(
                capture.record_id, where, "the record that has its body is not there"
            ) from error
        if original.type == REDACTED:
            raise self._redacted(original)
        same = (original.type, original.crawl_id) == ("response", capture.crawl_id)
        if not same or original.digest != capture.digest:
            raise DigestMismatch(capture.record_id, where, "the record that it names has another body")
        return replace(revisit, body=self.read(original).body)

    def _redacted(self, capture: Capture) -> ArchiveError:
        said = self.redaction(capture.record_id)
        if said is None:
            where = f"archive/{capture.filename}"
            return DigestMismatch(capture.record_id, where, "taken out, and nobody says why")
        return Redacted(said.record, said.by, said.at, said.reason)

    def _moved(self, capture: Capture) -> Capture | None:
        """Its row of now, in a segment where a redaction has moved what stands behind it."""
        told = select(Capture.refers_to).where(Capture.kind == "redaction")
        touched = select(Capture).where(Capture.filename == capture.filename, Capture.record_id.in_(told))
        with self.reading() as session:
            redacted = session.scalars(touched).all()
        if any(one.type != REDACTED for one in redacted):  # whoever did it died before the rows said so
            with self.writing() as session:
                place_rows(session, self.archive, capture.filename)
        return self.capture(capture.record_id) if redacted else None

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
