"""The database made again from the archive, or what it lacks of it. Bytes are the truth, rows their index."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evidence_store import documents
from evidence_store.documents import NAME, BadDocument
from evidence_store.errors import DatabaseBehind
from evidence_store.models import Assessment, Base, Capture, City, Crawl, Round
from evidence_store.redaction import REDACTED, place_rows
from evidence_store.reindexed import COPY, Reindexed
from evidence_store.retelling import Retelling, attempting
from evidence_store.scan import Damaged, Found, row, scan
from evidence_store.warc import decode

BATCH = 500
OF_CRAWL = re.compile(r"(?!journal-)([a-z0-9-]+)-(\d{1,9})\.warc\.gz")


@dataclass(frozen=True, slots=True)
class Place:
    """A segment by its name, and what the name says."""

    filename: str
    round_id: str
    city_id: str | None

    @property
    def assessment_id(self) -> str | None:
        return f"{self.round_id}/{self.city_id}" if self.city_id else None

    @property
    def crawl_id(self) -> str | None:
        named = OF_CRAWL.fullmatch(self.filename.rpartition("/")[2])
        return named.group(1) if named and self.city_id else None


class Reindex(Retelling):
    def reindex(self, of: str | None = None) -> Reindexed:
        """Of one assessment or round, else of all. What is there already is left as it is, and twice is once.

        Files that somebody writes are passed over: their writer gives their records rows.
        """
        report = Reindexed()
        with attempting("archive", report):
            waiting = [place for place in self._places(of, report) if not self._index(place, report)]
            for place in [place for place in waiting if not self._index(place, report)]:
                report.faults.append(
                    f"archive/{place.filename}: no record says of which city and crawl it is; it is left out"
                )
            for assessment_id in self._assessment_ids(of):
                self.retell(assessment_id, report)
            self._miss_files(of, report)
        return report

    def unindexed(self) -> list[str]:
        """Files with whole records that have no rows, though nobody writes them: the database is behind."""
        return [place.filename for place in self._places(None, Reindexed()) if self._holds_more(place)]

    def refuse_behind(self, assessment_id: str) -> None:
        """Who crawled what the database knows nothing of would crawl it again. Raises DatabaseBehind."""
        found = list(self._places(assessment_id, Reindexed()))
        if unknown := [place.filename for place in found if not self._is_known(place)]:
            raise DatabaseBehind(unknown)

    def _holds_more(self, place: Place) -> bool:
        with self.reading() as session:
            end = func.max(Capture.offset + Capture.length)
            known = session.scalar(select(end).where(Capture.filename == place.filename)) or 0
        with (self.archive / place.filename).open("rb") as file:
            owner = {"crawl_id": place.crawl_id, "assessment_id": place.assessment_id}
            return _is_finished(file) and any(
                isinstance(one, Found) and row(one, place.filename, **owner) is not None
                for one in scan(file, known)
            )

    def _places(self, of: str | None, report: Reindexed) -> Iterator[Place]:
        """A round's own texts before its cities'."""
        folder = self.archive / (of or "")
        found = sorted(folder.rglob("*.warc.gz"), key=lambda path: (len(path.parts), path.parts))
        for path in found:
            place = _place(path.relative_to(self.archive))
            if place is None or path.is_symlink() or not path.is_file():
                report.faults.append(f"{path}: no segment of ours; it is left alone")
            elif of is None or of in (place.round_id, place.assessment_id):
                yield place

    def _index(self, place: Place, report: Reindexed) -> bool:
        """Whether it could be, by what is known by now."""
        with (self.archive / place.filename).open("rb") as file:
            if not _is_finished(file):
                report.written.append(place.filename)
                return True
            if not self._is_known(place) and not self._learn(place, file, report):
                return False
            self._index_records(place, file, report)
        report.segments += 1
        return True

    def _is_known(self, place: Place) -> bool:
        wanted: list[tuple[type[Base], str | None]] = [
            (Assessment, place.assessment_id),
            (Crawl, place.crawl_id),
        ]
        with self.reading() as session:
            return all(name is None or session.get(table, name) is not None for table, name in wanted)

    def _learn(self, place: Place, file: BinaryIO, report: Reindexed) -> bool:
        """Looks for a record that says of which city and crawl the segment is."""
        for one in scan(file):
            if isinstance(one, Found) and one.headers.get("LOSI-Kind") == "assessment":
                self._make_known(place, file, one, report)
                if self._is_known(place):
                    return True
        return False

    def _index_records(self, place: Place, file: BinaryIO, report: Reindexed) -> None:
        begin, batch = 0, list[Found]()
        for one in scan(file):
            if isinstance(one, Damaged):
                _note(place, one, report)
                continue
            kind = one.headers.get("LOSI-Kind")
            if kind == "assessment":
                self._make_known(place, file, one, report)
            elif kind == REDACTED:
                self._place_rows(place, one, report)
            batch.append(one)
            if len(batch) >= BATCH:
                end = one.offset + one.length
                self._index_batch(place, (begin, end), batch, report)
                begin, batch = end, []
        self._index_batch(place, (begin, 1 << 62), batch, report)

    def _index_batch(
        self, place: Place, span: tuple[int, int], batch: Sequence[Found], report: Reindexed
    ) -> None:
        """Each record of a stretch of the file against its row."""
        owner = {"crawl_id": place.crawl_id, "assessment_id": place.assessment_id}
        found = [made for one in batch if (made := row(one, place.filename, **owner)) is not None]
        with attempting(f"archive/{place.filename}", report), self.writing() as session:
            there = _rows(session, place.filename, span)
            new = [one for one in found if one.offset not in there]
            elsewhere = _elsewhere(session, new)
            session.add_all(one for one in new if one.record_id not in elsewhere)
        report.records += len(found)
        report.made["capture"] += len(new) - len(elsewhere)
        for one in found:
            known = there.pop(one.offset, one)
            if (known.record_id, known.digest, known.length) != (one.record_id, one.digest, one.length):
                report.faults.append(f"{_at(one)}: the database says otherwise of it; {COPY}")
        report.faults += (
            f"{_at(one)}: in the database, not in the archive; {COPY}" for one in there.values()
        )
        report.faults += (
            f"{_at(one)}: stands in archive/{elsewhere[one.record_id]} too; only that one counts"
            for one in new
            if one.record_id in elsewhere
        )

    def _place_rows(self, place: Place, stub: Found, report: Reindexed) -> None:
        """A redaction that was cut short between the file and its rows."""
        of = select(Capture).where(Capture.record_id == stub.headers.get("WARC-Refers-To", "").strip("<>"))
        with self.writing() as session:
            known = session.scalars(of).one_or_none()
            if known is not None and known.type != REDACTED and known.filename == place.filename:
                place_rows(session, self.archive, place.filename)
                report.moved.append(f"archive/{place.filename}: rows after a redaction")

    def _make_known(self, place: Place, file: BinaryIO, one: Found, report: Reindexed) -> None:
        """City, round, assessment and crawls that a record tells of."""
        with attempting(f"archive/{place.filename} offset {one.offset}", report):
            member = os.pread(file.fileno(), one.length, one.offset)
            document = documents.parse(decode(member)[0].body, documents.ASSESSMENT)
            round_, cities = _checked(place, document)
            crawls = documents.crawls(document) if place.city_id else []
            with self.writing() as session:
                _make_round(session, round_, report)
                for city in cities:
                    assessment_id = f"{round_.id}/{city.id}"
                    _make(session, city, report)
                    session.flush()
                    _make(session, Assessment(id=assessment_id, city_id=city.id, round_id=round_.id), report)
                session.flush()
                for crawl in crawls:
                    crawl.assessment_id = f"{place.assessment_id}"
                    crawl.state = "waiting" if crawl.state == "claimed" else crawl.state
                    if _make(session, crawl, report):
                        report.fresh.add(crawl.id)

    def _assessment_ids(self, of: str | None) -> list[str]:
        with self.reading() as session:
            known = session.scalars(select(Assessment.id).order_by(Assessment.id))
            return [one for one in known if of is None or of in (one, one.partition("/")[0])]

    def _miss_files(self, of: str | None, report: Reindexed) -> None:
        counted = select(Capture.filename, func.count()).group_by(Capture.filename).order_by(Capture.filename)
        with self.reading() as session:
            named = session.execute(counted).all()
        for filename, count in named:
            chosen = of is None or filename.startswith(of + "/")
            if chosen and not (self.archive / filename).is_file():
                report.faults.append(
                    f"archive/{filename}: {count} records of it are in the database, the file is gone; {COPY}"
                )


def _place(path: Path) -> Place | None:
    *folders, name = path.parts
    if not 1 <= len(folders) <= 2 or not all(NAME.fullmatch(one) for one in folders):
        return None
    if not re.fullmatch(r"[a-z0-9-]+\.warc\.gz", name):
        return None
    return Place(path.as_posix(), folders[0], folders[1] if len(folders) == 2 else None)


def _is_finished(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def _note(place: Place, damaged: Damaged, report: Reindexed) -> None:
    where = f"archive/{place.filename} offset {damaged.offset}: {damaged.length} bytes"
    if damaged.torn:
        report.notes.append(f"{where} of a record that was never finished; they stay outside the evidence")
    else:
        report.faults.append(f"{where} cannot be read ({damaged.why}); {COPY}")


def _at(one: Capture) -> str:
    return f"archive/{one.filename} offset {one.offset}: {one.url} ({one.record_id})"


def _rows(session: Session, filename: str, span: tuple[int, int]) -> dict[int, Capture]:
    found = select(Capture).where(
        Capture.filename == filename, Capture.offset >= span[0], Capture.offset < span[1]
    )
    return {one.offset: one for one in session.scalars(found.order_by(Capture.offset))}


def _elsewhere(session: Session, new: Sequence[Capture]) -> dict[str, str]:
    """Where rows say that these records stand, and they do not."""
    named = select(Capture.record_id, Capture.filename).where(
        Capture.record_id.in_([one.record_id for one in new])
    )
    return {one.record_id: one.filename for one in session.execute(named)}


def _checked(place: Place, document: Mapping[str, Any]) -> tuple[Round, list[City]]:
    """What a record says of another folder than its own is not believed."""
    round_, cities = documents.round_of(document), documents.cities(document)
    if round_.id != place.round_id or (place.city_id and [one.id for one in cities] != [place.city_id]):
        raise BadDocument("it tells of another city or round than its folder")
    return round_, cities


def _make_round(session: Session, told: Round, report: Reindexed) -> None:
    known = session.get(Round, told.id)
    if known is None:
        _make(session, told, report)
    elif (known.edition_digest, known.rules_digest) != (told.edition_digest, told.rules_digest):
        raise BadDocument(f"round {told.id} has another edition or other rules in the database")
    elif known.closed is None and told.closed is not None:
        known.closed = told.closed
        report.moved.append(f"round {told.id}: closed")


def _make(session: Session, new: Base, report: Reindexed) -> bool:
    if session.get(type(new), new.id) is not None:  # type: ignore[attr-defined]
        return False
    session.add(new)
    report.made[new.__tablename__] += 1
    return True
