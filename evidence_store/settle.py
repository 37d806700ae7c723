"""What several people's answers amount to. Pure: values in, values out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from evidence_store.models import Act, Answer


@dataclass(frozen=True)
class Settled:
    """By indicator: the answer that counts; where people differ, theirs; what rests on one person alone."""

    answers: dict[str, Answer]
    conflicts: dict[str, tuple[Answer, ...]]
    single_coded: frozenset[str]


def settle(answers: Iterable[Answer], *, locked: Collection[str] | None = None) -> Settled:
    """The mediator's answer if any; else what the assessors agree on; else open, or a conflict.

    `locked` are the assessors who have locked in a double round: two or more, all of whom must have answered;
    None in a single round, where whoever answered counts. "untested" takes an answer back.
    """
    settled: dict[str, Answer] = {}
    conflicts: dict[str, tuple[Answer, ...]] = {}
    by_code: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in current(answers):
        by_code[answer.test].append(answer)
    for code, given in sorted(by_code.items()):
        chosen = _mediated(given) or _agreed(given, locked)
        if chosen:
            settled[code] = chosen
        elif _differ(given, locked):
            conflicts[code] = tuple(given)
    single = frozenset(
        code for code, answer in settled.items() if len(by_code[code]) == 1 and answer.role == "assessor"
    )
    return Settled(settled, conflicts, single)


def current(answers: Iterable[Answer]) -> list[Answer]:
    """Each person's newest of each indicator: those that no other row replaces."""
    rows = list(answers)
    replaced = {row.supersedes for row in rows}
    return [row for row in rows if row.id not in replaced]


def locked_persons(acts: Iterable[Act]) -> frozenset[str]:
    """Who has locked and not reopened; somebody who holds no lock, a coordinator, reopens for all."""
    locked: set[str] = set()
    for act in acts:
        if act.verb == "lock":
            locked.add(act.by)
        elif act.verb == "reopen":
            locked -= {act.by} if act.by in locked else set(locked)
    return frozenset(locked)


def may_see_all(viewer: str, assessors: Collection[str], locked: Collection[str]) -> bool:
    """In a double round: once both have locked, and one's own judgement is locked if one gave any."""
    return len(locked) >= 2 and (viewer in locked or viewer not in assessors)


def _mediated(given: Sequence[Answer]) -> Answer | None:
    decided = [answer for answer in given if answer.role == "mediator" and answer.outcome != "untested"]
    return max(decided, key=lambda answer: answer.id, default=None)


def _agreed(given: Sequence[Answer], locked: Collection[str] | None) -> Answer | None:
    counted = _counted(given, locked)
    if locked is not None and {answer.asserted_by for answer in counted} != set(locked):
        return None
    return counted[0] if len({answer.outcome for answer in counted}) == 1 else None


def _differ(given: Sequence[Answer], locked: Collection[str] | None) -> bool:
    return len({answer.outcome for answer in _counted(given, locked)}) > 1


def _counted(given: Sequence[Answer], locked: Collection[str] | None) -> list[Answer]:
    if locked is not None and len(locked) < 2:
        return []
    said = [answer for answer in given if answer.role == "assessor" and answer.outcome != "untested"]
    return [answer for answer in said if locked is None or answer.asserted_by in locked]
