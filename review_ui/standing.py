"""How far one person is with one city, and between which values the score still lies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from checks import Edition, Indicator, score

WITHDRAWN = "untested"  # the outcome of the row that an undo inserts


class Judged(Protocol):
    @property
    def outcome(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Tally:
    """Counters of a criterion or of the whole; `answered` counts every answer, cannot tell too."""

    code: str
    name: str
    of: int
    yes: int
    no: int
    cannot_tell: int

    @property
    def answered(self) -> int:
        return self.yes + self.no + self.cannot_tell

    @property
    def unanswered(self) -> int:
        return self.of - self.answered


@dataclass(frozen=True, slots=True)
class Standing:
    total: Tally
    criteria: tuple[Tally, ...]
    low: str
    high: str
    value: str | None
    level: str | None

    def as_results(self) -> dict[str, object]:
        """In the form of a results document."""
        total = self.total
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "yes": total.yes,
            "no": total.answered - total.yes,
            "open": total.unanswered,
            "of": total.of,
            "level": self.level,
            "basis": "answers",
        }


def outcomes(answers: Mapping[str, Judged]) -> dict[str, str]:
    """code → outcome of what stands; a withdrawn answer is no answer."""
    return {code: answer.outcome for code, answer in answers.items() if answer.outcome != WITHDRAWN}


def standing(edition: Edition, given: Mapping[str, str]) -> Standing:
    result = score(edition, given)
    tallies = tuple(
        _tally(
            criterion.code,
            criterion.name,
            [given.get(i.code, "") for i in edition.indicators if i.criterion == criterion.code],
        )
        for criterion in edition.criteria
    )
    total = _tally("", "", [given.get(indicator.code, "") for indicator in edition.indicators])
    value = str(result.value) if result.value is not None else None
    level = str(result.level) if result.level is not None else None
    return Standing(total, tallies, str(result.low), str(result.high), value, level)


def _tally(code: str, name: str, given: list[str]) -> Tally:
    return Tally(
        code,
        name,
        len(given),
        given.count("passed"),
        given.count("failed") + given.count("inapplicable"),
        given.count("cantTell"),
    )


def in_order(edition: Edition) -> tuple[Indicator, ...]:
    """The questions as a city's task list shows them: criterion by criterion."""
    place = {criterion.code: number for number, criterion in enumerate(edition.criteria)}
    return tuple(sorted(edition.indicators, key=lambda indicator: place.get(indicator.criterion, len(place))))


def next_open(indicators: Iterable[Indicator], given: Mapping[str, str], after: str = "") -> str | None:
    """The next question without any answer, in their order, from the top again at the end."""
    codes = [indicator.code for indicator in indicators]
    start = codes.index(after) + 1 if after in codes else 0
    return next((code for code in codes[start:] + codes[:start] if code not in given), None)
