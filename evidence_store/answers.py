"""What people said. Rows are only inserted; who may see whose is decided here, for every reader."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store import citing
from evidence_store.database import Database
from evidence_store.errors import Locked, NotFound, StaleAnswer, Unsupported
from evidence_store.exchange import NewAnswer
from evidence_store.models import Act, Answer, Assessment, Finding, Round, new_id
from evidence_store.settle import Settled, current, locked_persons, may_see_all, settle

MODES = ("manual", "semiAuto")
ROLES = ("assessor", "mediator")
ADVICE = ("hidden", "after", "before", "search")


class Answers(Database):
    def answer(
        self, assessment_id: str, new: NewAnswer, person: str, *, supersedes: str | None = None
    ) -> Answer:
        """Raises StaleAnswer when that person's answer is another by now; Locked, Unsupported, NotFound."""
        _check(new, person)
        with self.writing() as session:
            self._may_answer(session, assessment_id, new, person)
            newest = _newest(session, assessment_id, new.test, person)
            if newest is not None and newest.id != supersedes:
                session.expunge(newest)  # the rollback would empty it
                raise StaleAnswer(newest)
            if newest is None and supersedes is not None:
                raise NotFound("answer", supersedes, f"{person} has not answered {new.test} yet")
            citing.check_cited(session, new.evidence)
            if new.finding_id and session.get(Finding, new.finding_id) is None:
                raise NotFound("finding", new.finding_id)
            answer = Answer(
                id=new_id(),
                assessment_id=assessment_id,
                test=new.test,
                outcome=new.outcome,
                mode=new.mode,
                asserted_by=person,
                date=self.now(session),
                info=dict(new.info),
                role=new.role,
                advice=new.advice,
                finding_id=new.finding_id,
                supersedes=supersedes,
                evidence=citing.rows(new.evidence),
            )
            session.add(answer)
        return answer

    def answers(self, assessment_id: str, *, viewer: str | None) -> list[Answer]:
        """All rows that the viewer may see, the oldest first. None is the system itself, for an export."""
        with self.reading() as session:
            rows = _rows(session, assessment_id)
            if viewer is None or _round(session, assessment_id).protocol != "double":
                return rows
            assessors = {row.asserted_by for row in rows if row.role == "assessor"}
            locked = locked_persons(acts_of(session, assessment_id))
        seen = may_see_all(viewer, assessors, locked)
        return [row for row in rows if seen or row.asserted_by == viewer]

    def current_answers(self, assessment_id: str, *, viewer: str | None) -> dict[str, Answer]:
        """By indicator: a person's own newest; what is settled when the viewer is None."""
        if viewer is None:
            return self.settled(assessment_id).answers
        with self.reading() as session:
            mine = [row for row in _rows(session, assessment_id) if row.asserted_by == viewer]
        return {row.test: row for row in current(mine)}

    def is_blind(self, assessment_id: str) -> bool:
        """A double round where somebody has answered, and who has not locked may not see it yet."""
        with self.reading() as session:
            double = _round(session, assessment_id).protocol == "double"
            locked = locked_persons(acts_of(session, assessment_id))
            return double and len(locked) < 2 and bool(_rows(session, assessment_id))

    def settled(self, assessment_id: str) -> Settled:
        with self.reading() as session:
            return settled_of(session, assessment_id)

    def _may_answer(self, session: Session, assessment_id: str, new: NewAnswer, person: str) -> None:
        if self.lock(session, assessment_id) is None:
            raise NotFound("assessment", assessment_id)
        of_it = _round(session, assessment_id)
        if of_it.closed:
            raise Locked(f"round {of_it.id} is closed", "its answers stand; use reply or correct")
        locked = locked_persons(acts_of(session, assessment_id))
        if person in locked:
            raise Locked(f"{person} has locked {assessment_id}")
        if of_it.protocol == "double" and (new.role == "mediator") != (len(locked) >= 2):
            raise Locked(
                f"{assessment_id} is locked by {len(locked)} of two assessors",
                "a mediator answers after both, an assessor before",
            )


def settled_of(session: Session, assessment_id: str) -> Settled:
    double = _round(session, assessment_id).protocol == "double"
    locked = locked_persons(acts_of(session, assessment_id)) if double else None
    return settle(_rows(session, assessment_id), locked=locked)


def acts_of(session: Session, assessment_id: str) -> Sequence[Act]:
    return session.scalars(
        select(Act).where(Act.assessment_id == assessment_id).order_by(Act.at, Act.id)
    ).all()


def _rows(session: Session, assessment_id: str) -> list[Answer]:
    found = select(Answer).where(Answer.assessment_id == assessment_id)
    return list(session.scalars(found.order_by(Answer.date, Answer.id)))


def _newest(session: Session, assessment_id: str, test: str, person: str) -> Answer | None:
    found = select(Answer).where(
        Answer.assessment_id == assessment_id, Answer.test == test, Answer.asserted_by == person
    )
    return next(iter(current(session.scalars(found))), None)


def _round(session: Session, assessment_id: str) -> Round:
    found = (
        select(Round).join(Assessment, Assessment.round_id == Round.id).where(Assessment.id == assessment_id)
    )
    of_it = session.scalars(found).one_or_none()
    if of_it is None:
        raise NotFound("assessment", assessment_id)
    return of_it


def _check(new: NewAnswer, person: str) -> None:
    citing.check_outcome(new.test, new.outcome)
    if not person.strip():
        raise Unsupported(f"{new.test}: an answer has a person")
    for name, value, known in (
        ("mode", new.mode, MODES),
        ("role", new.role, ROLES),
        ("advice", new.advice, ADVICE),
    ):
        if value not in known:
            raise Unsupported(f"{new.test}: {name} of an answer is one of {', '.join(known)}, not {value!r}")
