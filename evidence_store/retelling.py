"""Crawls' ends, findings, answers and acts as the archive tells them, for a database that lacks them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from evidence_store import documents
from evidence_store.documents import BadDocument
from evidence_store.errors import ArchiveError, NotFound, StoreFull
from evidence_store.models import Act, Answer, Capture, Crawl, Evidence, Finding, Run
from evidence_store.reindexed import Reindexed
from evidence_store.statements import Statements
from evidence_store.warc import BadRecord
from evidence_store.work import held_until

SCHEMA_FINDINGS = "losi-findings/1"
ENDED = ("closed", "failed")


@contextmanager
def attempting(what: str, report: Reindexed) -> Iterator[None]:
    """One document that cannot be used is a line of the report, not the end. Raises StoreFull."""
    try:
        yield
    except StoreFull:
        raise  # nothing after it would fit either
    except (BadDocument, BadRecord, ArchiveError, NotFound, OverflowError) as error:
        report.faults.append(f"{what}: {error}")
    except (IntegrityError, DataError) as error:
        line = str(error.orig).partition("\n")[0]
        report.faults.append(f"{what}: does not fit what the database has ({line})")


class Retelling(Statements):
    def retell(self, assessment_id: str, report: Reindexed) -> None:
        """Only what is missing is made; a crawl that was behind what the archive says of it goes on from there."""
        told = {
            kind: self._told(assessment_id, kind) for kind in ("assessment", "findings", "answers", "acts")
        }
        with attempting(assessment_id, report):
            self._retell_crawls(assessment_id, told["assessment"], report)
        for capture in told["findings"]:
            with attempting(_named(capture), report):
                self._retell_run(assessment_id, capture, report)
        for capture in told["answers"]:
            with attempting(_named(capture), report):
                self._retell_answers(assessment_id, capture, report)
        for capture in told["acts"]:
            with attempting(_named(capture), report):
                self._retell_acts(assessment_id, capture, report)

    def _told(self, assessment_id: str, kind: str) -> list[Capture]:
        """The oldest first; of a file that is gone nothing is told."""
        there = [
            one for one in self.captures(assessment_id, kind=kind) if (self.archive / one.filename).is_file()
        ]
        return sorted(there, key=lambda one: (one.timestamp, one.record_id))

    def _document(self, capture: Capture, schema: str) -> dict[str, Any]:
        return documents.parse(self.read(capture).body, schema)

    def _retell_crawls(self, assessment_id: str, told: Iterable[Capture], report: Reindexed) -> None:
        newest: dict[str, Crawl] = {}
        for capture in told:
            with attempting(_named(capture), report):
                for crawl in documents.crawls(self._document(capture, documents.ASSESSMENT)):
                    if crawl.id not in newest or _progress(newest[crawl.id]) <= _progress(crawl):
                        newest[crawl.id] = crawl
        with self.writing() as session:
            for crawl in newest.values():
                self._move_on(session, assessment_id, crawl, report)

    def _move_on(self, session: Session, assessment_id: str, told: Crawl, report: Reindexed) -> None:
        known = session.get(Crawl, told.id)
        if known is None:
            told.assessment_id = assessment_id
            told.state = told.state if told.state in ENDED else "waiting"
            session.add(told)
            report.made["crawl"] += 1
            return
        behind = _progress(known) < _progress(told)
        if known.assessment_id != assessment_id or not behind or held_until(known, self.now(session)):
            return
        if told.state in ENDED:
            if known.id not in report.fresh:
                report.moved.append(f"crawl {known.id}: {known.state} → {told.state} ({told.stopped})")
            known.state, known.stopped, known.closed = told.state, told.stopped, told.closed
            known.requests, known.lease_until, known.process = told.requests, None, None
        known.token, known.seconds, known.worker = told.token, told.seconds, told.worker
        known.opened, known.rules_digest = known.opened or told.opened, told.rules_digest

    def _retell_run(self, assessment_id: str, capture: Capture, report: Reindexed) -> None:
        document = self._document(capture, SCHEMA_FINDINGS)
        prefix = f"urn:losi:findings:{assessment_id}"
        run_id = capture.url.removeprefix(prefix).lstrip("/") or _made_up(capture)
        run = documents.run(document, assessment_id, run_id, capture.timestamp)
        findings = documents.findings(document, run)
        with self.writing() as session:
            if _is_there(session, capture.url == prefix, run):
                return
            for finding in findings:
                finding.evidence = _standing(session, finding.evidence, finding.id, report)
            session.add(run)
            session.flush()
            session.add_all(findings)
        report.made["run"] += 1
        report.made["finding"] += len(findings)

    def _retell_answers(self, assessment_id: str, capture: Capture, report: Reindexed) -> None:
        told = documents.answers(self._document(capture, documents.ANSWERS), assessment_id)
        with self.writing() as session:
            for answer in sorted(told, key=lambda one: (one.date, one.id)):
                if session.get(Answer, answer.id) is not None:
                    continue
                if other := _in_the_way(session, answer):
                    report.notes.append(
                        f"{assessment_id} {answer.test}: {answer.asserted_by} answered otherwise ({other})"
                    )
                    continue
                if answer.finding_id and session.get(Finding, answer.finding_id) is None:
                    answer.finding_id = None
                    report.notes.append(f"answer {answer.id}: the finding it relied on is not in the archive")
                answer.evidence = _standing(session, answer.evidence, answer.id, report)
                session.add(answer)
                session.flush()
                report.made["answer"] += 1

    def _retell_acts(self, assessment_id: str, capture: Capture, report: Reindexed) -> None:
        told = documents.acts(self._document(capture, documents.ACTS), assessment_id)
        with self.writing() as session:
            new = [act for act in told if session.get(Act, act.id) is None]
            session.add_all(new)
        report.made["act"] += len(new)


def _named(capture: Capture) -> str:
    return f"archive/{capture.filename} offset {capture.offset}: {capture.url}"


def _progress(crawl: Crawl) -> tuple[int, bool]:
    return crawl.token, crawl.state in ENDED


def _made_up(capture: Capture) -> str:
    """A run's id where a record of before 0.2 names none: it sorts by its time, and is the same every time."""
    nanoseconds = round(capture.timestamp.timestamp() * 1_000_000) * 1000
    return f"{nanoseconds:016x}{hashlib.sha256(capture.record_id.encode()).hexdigest()[:8]}"


def _is_there(session: Session, nameless: bool, run: Run) -> bool:
    if session.get(Run, run.id) is not None:
        return True
    alike = select(Run.id).where(
        Run.assessment_id == run.assessment_id,
        Run.rules_digest == run.rules_digest,
        Run.through == run.through,
    )
    return nameless and session.scalars(alike.limit(1)).first() is not None


def _standing(session: Session, cited: Sequence[Evidence], by: str, report: Reindexed) -> list[Evidence]:
    """What is cited and stored; the rest is said."""
    wanted = {one.capture_id for one in cited}
    known = set(session.scalars(select(Capture.record_id).where(Capture.record_id.in_(wanted))))
    report.faults += (
        f"{by} cites {missing}, which is not in the archive" for missing in sorted(wanted - known)
    )
    return [one for one in cited if one.capture_id in known]


def _in_the_way(session: Session, answer: Answer) -> str | None:
    """The answer that stands where this one would: nobody's word is overwritten."""
    if answer.supersedes is None:
        same = (Answer.test == answer.test, Answer.asserted_by == answer.asserted_by)
        of = (Answer.assessment_id == answer.assessment_id, Answer.supersedes.is_(None))
        return session.scalars(select(Answer.id).where(*same, *of)).first()
    if session.get(Answer, answer.supersedes) is None:
        return "what it replaces is not here"
    return session.scalars(select(Answer.id).where(Answer.supersedes == answer.supersedes)).first()
