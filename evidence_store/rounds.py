"""Cities, rounds and the acts that move them. What a round is judged by is archived when it opens."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evidence_store.answers import acts_of, settled_of
from evidence_store.errors import Locked, NotFound, RoundDiffers, RoundIncomplete, StoreFull, Unsupported
from evidence_store.models import Act, Answer, Assessment, City, Crawl, Round, new_id
from evidence_store.settle import current
from evidence_store.statements import TEXT, Statements
from evidence_store.warc import sha256

PROTOCOLS = {"single": {"A": "after"}, "double": {"A": "after", "B": "hidden"}}
VERBS = ("assign", "lock", "reopen", "reply", "audit", "publish", "correct")
AFTER_CLOSING = ("reply", "publish", "correct")

Named = TypeVar("Named", City, Round, Assessment)


class Rounds(Statements):
    def add_cities(self, cities: Iterable[City]) -> None:
        """New ones are inserted, known ones updated."""
        with self.writing() as session:
            for city in cities:
                session.merge(city)

    def cities(self) -> list[City]:
        with self.reading() as session:
            return list(session.scalars(select(City).order_by(City.id)))

    def city(self, city_id: str) -> City:
        with self.reading() as session:
            return _named(session, City, city_id)

    def open_round(
        self,
        round_id: str,
        *,
        edition: str,
        edition_text: str,
        rules_text: str,
        city_ids: Iterable[str],
        protocol: str = "single",
        advice: Mapping[str, str] | None = None,
    ) -> Round:
        """A round of the same edition that is there already gets these cities added; its rules stand.

        Raises RoundDiffers, NotFound (a city), Locked (cities for a closed round).
        """
        if protocol not in PROTOCOLS:
            raise Unsupported(f"round {round_id}: protocol is single or double, not {protocol!r}")
        wanted = list(dict.fromkeys(city_ids))
        with self.reading() as session:
            for city_id in wanted:
                _named(session, City, city_id)
            known = session.get(Round, round_id)
        if known is None:
            self._archive_texts(round_id, edition, edition_text, rules_text)
            new = Round(
                id=round_id,
                edition=edition,
                edition_digest=sha256(edition_text.encode()),
                rules_digest=sha256(rules_text.encode()),
                protocol=protocol,
                advice=dict(advice or PROTOCOLS[protocol]),
                opened=datetime.now(UTC),
            )
            # Another process may open the same one at this moment: then its row stands.
            with suppress(IntegrityError), self.writing() as session:
                session.add(new)
        with self.writing() as session:
            found = _named(session, Round, round_id, lock=True)
            _check_same(found, edition, edition_text, protocol)
            added = _add_assessments(session, found, wanted)
        if added or known is None:
            self._journal_round(round_id)
        return found

    def rounds(self) -> list[Round]:
        """The oldest first."""
        with self.reading() as session:
            return list(session.scalars(select(Round).order_by(Round.opened, Round.id)))

    def round(self, round_id: str) -> Round:
        with self.reading() as session:
            return _named(session, Round, round_id)

    def assessments(self, round_id: str) -> list[Assessment]:
        with self.reading() as session:
            _named(session, Round, round_id)
            found = select(Assessment).where(Assessment.round_id == round_id).order_by(Assessment.city_id)
            return list(session.scalars(found))

    def assessment(self, round_id: str, city_id: str) -> Assessment:
        with self.reading() as session:
            return _named(session, Assessment, f"{round_id}/{city_id}")

    def close_round(self, round_id: str, required: set[str], *, results: bytes | None = None) -> Round:
        """Every crawler's lease ends with it; `results` is archived first. Raises RoundIncomplete."""
        self._check_complete(round_id, required)
        if results is not None:
            self._journal(
                round_id, None, "results", f"urn:losi:results:{round_id}", results, "application/json"
            )
        with self.writing() as session:
            closing = _named(session, Round, round_id, lock=True)
            for assessment in _assessments(session, round_id):
                self.lock(session, assessment)
            _refuse_incomplete(session, closing, required)
            closing.closed = closing.closed or self.now(session)
            _end_crawls(session, round_id)
        for of_round in self.assessments(round_id):
            self.journal_statements(of_round.id)
            self.close_journal(of_round.id)
        self._journal_round(round_id)
        self.close_journal(round_id)
        return closing

    def act(self, assessment_id: str, verb: str, by: str, reason: str | None = None) -> Act:
        """Raises Unsupported (an unknown verb, nobody, a locked yes without evidence), Locked, NotFound."""
        if verb not in VERBS or not by.strip():
            raise Unsupported(f"{assessment_id}: an act is one of {', '.join(VERBS)}, by somebody")
        with self.writing() as session:
            assessment = self.lock(session, assessment_id)
            if assessment is None:
                raise NotFound("assessment", assessment_id)
            if session.get_one(Round, assessment.round_id).closed and verb not in AFTER_CLOSING:
                raise Locked(
                    f"round {assessment.round_id} is closed", f"only {', '.join(AFTER_CLOSING)} are left"
                )
            if verb == "lock":
                _check_supported(session, assessment_id, by)
            act = Act(
                id=new_id(),
                assessment_id=assessment_id,
                verb=verb,
                by=by,
                at=self.now(session),
                reason=reason,
            )
            session.add(act)
        if verb == "lock":
            with suppress(StoreFull):  # it stands in the database; the next statement takes it along
                self.journal_statements(assessment_id)
            self.close_journal(assessment_id)  # so that others can bundle while a review goes on
        return act

    def acts(self, assessment_id: str) -> list[Act]:
        with self.reading() as session:
            return list(acts_of(session, assessment_id))

    def _archive_texts(self, round_id: str, edition: str, edition_text: str, rules_text: str) -> None:
        for kind, name, content in (("edition", edition, edition_text), ("rules", round_id, rules_text)):
            uri = f"urn:losi:{kind}:{name}"
            self._journal(round_id, None, kind, uri, content.encode(), TEXT)

    def _check_complete(self, round_id: str, required: set[str]) -> None:
        with self.reading() as session:
            _refuse_incomplete(session, _named(session, Round, round_id), required)


def _named(session: Session, table: type[Named], name: str, *, lock: bool = False) -> Named:
    found = session.get(table, name, with_for_update=lock)
    if found is None:
        raise NotFound(table.__name__.lower(), name)
    return found


def _check_same(found: Round, edition: str, edition_text: str, protocol: str) -> None:
    if found.edition != edition or found.edition_digest != sha256(edition_text.encode()):
        raise RoundDiffers(found.id, f"edition ({found.edition})")
    if found.protocol != protocol:
        raise RoundDiffers(found.id, f"protocol ({found.protocol})")


def _add_assessments(session: Session, of: Round, city_ids: list[str]) -> list[str]:
    """The cities that were not there yet."""
    known = set(session.scalars(select(Assessment.city_id).where(Assessment.round_id == of.id)))
    new = [city_id for city_id in city_ids if city_id not in known]
    if new and of.closed:
        raise Locked(f"round {of.id} is closed", "open a new round")
    session.add_all(Assessment(id=f"{of.id}/{city_id}", city_id=city_id, round_id=of.id) for city_id in new)
    return new


def _assessments(session: Session, round_id: str) -> list[str]:
    return list(
        session.scalars(select(Assessment.id).where(Assessment.round_id == round_id).order_by(Assessment.id))
    )


def _refuse_incomplete(session: Session, closing: Round, required: set[str]) -> None:
    missing = {
        assessment: left
        for assessment in _assessments(session, closing.id)
        if (left := sorted(required - set(settled_of(session, assessment).answers)))
    }
    if missing:
        raise RoundIncomplete(closing.id, missing)


def _end_crawls(session: Session, round_id: str) -> None:
    """A raised token shuts out whoever still writes."""
    of_round = select(Assessment.id).where(Assessment.round_id == round_id)
    session.execute(
        update(Crawl)
        .where(Crawl.assessment_id.in_(of_round), Crawl.state != "closed", Crawl.purpose != "reply")
        .values(token=Crawl.token + 1, state="failed", stopped="round closed", lease_until=None),
        execution_options={"synchronize_session": False},
    )


def _check_supported(session: Session, assessment_id: str, person: str) -> None:
    """A locked yes cites a capture, or relies on a finding that does."""
    mine = select(Answer).where(Answer.assessment_id == assessment_id, Answer.asserted_by == person)
    bare = [
        answer.test
        for answer in current(session.scalars(mine))
        if answer.outcome == "passed" and not answer.evidence and not answer.finding_id
    ]
    if bare:
        raise Unsupported(
            f"{assessment_id}: evidence is missing for {', '.join(sorted(bare))}; cite it, then lock"
        )
