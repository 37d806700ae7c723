"""What a round's protocol lets a person see, and when its city may no longer be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evidence_store import Crawl, Round, Store
from evidence_store.settle import locked_persons
from review_ui.auth import READER, Person
from review_ui.desk import Case

# Most to least reserved: what a round leaves unsaid must not show more than it meant to.
ADVICE = ("search", "hidden", "after", "before")


def advice_for(round_: Round, person: Person) -> str:
    """By seat (A, B) or by role; a single round without a word shows proposals, a double one hides B's."""
    if person.role == READER.role:
        return ADVICE[-1]  # who cannot answer cannot be led
    settings: Mapping[str, str] = round_.advice or {}
    default = "before" if round_.protocol == "single" else {"A": "after"}.get(person.seat, "hidden")
    value = settings.get(person.seat) or settings.get(person.role) or default
    return value if value in ADVICE else ADVICE[0]


def is_locked(store: Store, case: Case, person: Person) -> bool:
    """Whether this person's answers stand: the round is closed, or the person has locked the city."""
    return case.round.closed is not None or person.name in locked_persons(store.acts(case.assessment.id))


def is_judged(store: Store, case: Case, person: Person, *, has_answered: bool) -> bool:
    """Whether nothing that is seen now can lead this person any more, or another of a double round."""
    if case.round.closed is not None:
        return True
    locked = locked_persons(store.acts(case.assessment.id))
    if case.round.protocol == "double":
        return len(locked) >= 2 and (person.name in locked or not has_answered)
    return person.name in locked


def stage(crawls: Iterable[Crawl], *, checked: bool, locked: bool, answered: int, unanswered: int) -> str:
    """One word for where a city is; templates have a label for each."""
    states = [crawl.state for crawl in crawls]
    if locked:
        return "locked"
    if answered:
        return "in-review" if unanswered else "answered"
    if checked:
        return "to-review"
    if "claimed" in states:
        return "crawling"
    return "captured" if "closed" in states else "waiting"
