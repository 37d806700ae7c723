"""What was said and derived, as records of the archive: whoever has the files has everything."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store import documents
from evidence_store.captures import Captures
from evidence_store.errors import ArchiveError, NotFound
from evidence_store.exchange import Exchange, Lease
from evidence_store.models import Act, Answer, Assessment, Capture, City, Crawl, Round
from evidence_store.warc import sha256

TEXT = "text/plain; charset=utf-8"


class Statements(Captures):
    def journal_statements(self, assessment_id: str) -> None:
        """Answers, acts and the crawls, where the newest records do not say so already.

        Raises NotFound, StoreFull.
        """
        with self.reading() as session:
            said = _statements(session, assessment_id)
            new = {
                kind: body
                for kind, body in said.items()
                if body != b"" and sha256(body) != _newest(session, assessment_id, kind)
            }
        for kind, body in new.items():
            self.journal(assessment_id, kind, f"urn:losi:{kind}:{assessment_id}", body)

    def journal_texts(self, assessment_id: str) -> None:
        """Edition and rules in the assessment's own folder, so that it stands alone. Raises NotFound, StoreFull."""
        with self.reading() as session:
            _, round_ = _of(session, assessment_id)
            named = {
                ("edition", round_.edition): round_.edition_digest,
                ("rules", round_.id): round_.rules_digest,
            }
            held = select(Capture.digest).where(
                Capture.assessment_id == assessment_id, Capture.kind.in_(["edition", "rules"])
            )
            there = set(session.scalars(held))
        for (kind, name), digest in named.items():
            if digest not in there:
                text = self.archived_text(digest).encode()
                self.journal(assessment_id, kind, f"urn:losi:{kind}:{name}", text, TEXT)

    def archived_text(self, digest: str) -> str:
        """An edition's or the rules' text by its digest. Raises NotFound, DigestMismatch."""
        found = select(Capture).where(Capture.digest == digest, Capture.kind.in_(["edition", "rules"]))
        with self.reading() as session:
            copies = list(session.scalars(found.order_by(Capture.id)))
        problem: ArchiveError | NotFound = NotFound("archived text", digest)
        for capture in copies:
            try:
                return self.read(capture).body.decode()
            except (ArchiveError, NotFound) as error:
                problem = error
        raise problem

    def _journal_round(self, round_id: str) -> None:
        with self.reading() as session:
            of = select(City).join(Assessment, Assessment.city_id == City.id)
            cities = session.scalars(of.where(Assessment.round_id == round_id).order_by(City.id))
            body = documents.of_round(session.get_one(Round, round_id), cities)
        self._journal(
            round_id, None, "assessment", f"urn:losi:assessment:{round_id}", body, "application/json"
        )

    def _tell_crawl(self, lease: Lease, ended: Mapping[str, Any] | None = None) -> None:
        """City, round and this crawl into its own segment. Raises LostLease, StoreFull."""
        with self.reading() as session:
            city, round_ = _of(session, lease.assessment_id)
            crawl = session.get_one(Crawl, lease.crawl_id)
            session.expunge(crawl)
            crawl.token = lease.token
            for name, value in (ended or {}).items():
                setattr(crawl, name, value)
            body = documents.of_assessment(city, round_, [crawl])
        exchange = Exchange(
            type="resource",
            kind="assessment",
            url=f"urn:losi:assessment:{lease.assessment_id}",
            mime="application/json",
            body=body,
            requested_by="losi",
            time=datetime.now(UTC),
        )
        self.record(lease, exchange).result()


def _statements(session: Session, assessment_id: str) -> dict[str, bytes]:
    """By kind; empty where nothing has been said."""
    city, round_ = _of(session, assessment_id)
    crawls = session.scalars(select(Crawl).where(Crawl.assessment_id == assessment_id).order_by(Crawl.id))
    answers = session.scalars(
        select(Answer).where(Answer.assessment_id == assessment_id).order_by(Answer.date, Answer.id)
    ).all()
    acts = session.scalars(
        select(Act).where(Act.assessment_id == assessment_id).order_by(Act.at, Act.id)
    ).all()
    return {
        "assessment": documents.of_assessment(city, round_, crawls),
        "answers": documents.of_answers(answers) if answers else b"",
        "acts": documents.of_acts(acts) if acts else b"",
    }


def _of(session: Session, assessment_id: str) -> tuple[City, Round]:
    assessment = session.get(Assessment, assessment_id)
    if assessment is None:
        raise NotFound("assessment", assessment_id)
    return session.get_one(City, assessment.city_id), session.get_one(Round, assessment.round_id)


def _newest(session: Session, assessment_id: str, kind: str) -> str | None:
    """The digest of what was last said outside the crawls' own segments."""
    found = select(Capture.digest).where(
        Capture.assessment_id == assessment_id, Capture.kind == kind, Capture.crawl_id.is_(None)
    )
    return session.scalars(found.order_by(Capture.timestamp.desc(), Capture.id.desc()).limit(1)).first()
