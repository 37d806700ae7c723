"""Ones over N, unweighted, in decimal arithmetic: binary floating point would print 0.90625 as 0.9062."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from checks.edition import Edition, Level

_PLACES = Decimal("0.0001")
YES = "passed"
OPEN = frozenset({"", "open", "cantTell", "untested"})


@dataclass(frozen=True)
class Score:
    """Values are texts of four decimals; `value` and `level` only when nothing is open."""

    value: str | None
    low: str
    high: str
    yes: int
    no: int
    open: int
    of: int
    level: str | None
    by_criterion: Mapping[str, Score] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        names = ("value", "low", "high", "yes", "no", "open", "of", "level")
        return {name: getattr(self, name) for name in names}


def ratio(yes: int, of: int) -> str:
    """Four decimals, half up."""
    return str((Decimal(yes) / Decimal(of)).quantize(_PLACES, ROUND_HALF_UP)) if of else "0.0000"


def score(edition: Edition, outcomes: Mapping[str, str]) -> Score:
    """By code: passed is yes; missing, cantTell, untested are open; failed and inapplicable are no."""
    codes = {indicator.code: indicator.criterion for indicator in edition.indicators}
    unknown = sorted(set(outcomes) - set(codes))
    if unknown:
        raise KeyError(f"{edition.id} has no indicator {', '.join(unknown)}")
    whole = _score(list(codes), outcomes, edition.n, edition.levels)
    parts = {
        criterion.code: _score(
            [code for code, own in codes.items() if own == criterion.code],
            outcomes,
            criterion.count,
            edition.levels,
        )
        for criterion in edition.criteria
    }
    return Score(**{**whole.as_dict(), "by_criterion": parts})


def _score(codes: Sequence[str], outcomes: Mapping[str, str], of: int, levels: Sequence[Level]) -> Score:
    answered = [outcomes[code] for code in codes if outcomes.get(code, "") not in OPEN]
    yes = answered.count(YES)
    left = len(codes) - len(answered)
    value = None if left else ratio(yes, of)
    return Score(
        value=value,
        low=ratio(yes, of),
        high=ratio(yes + left, of),
        yes=yes,
        no=len(answered) - yes,
        open=left,
        of=of,
        level=None if left else level_of(yes, of, levels),
    )


def level_of(yes: int, of: int, levels: Sequence[Level]) -> str | None:
    """The first band, from the top, that the unrounded value reaches."""
    value = Decimal(yes) / Decimal(of) if of else Decimal(0)
    for level in levels:
        if level.above is not None and value <= Decimal(level.above):
            continue
        if level.from_ is not None and value < Decimal(level.from_):
            continue
        return level.name
    return None


def rank(values: Sequence[str | Decimal | int]) -> list[int]:
    """Highest first; ties share a rank and the next ones are skipped: 1, 2, 2, 4."""
    numbers = [Decimal(str(value)) for value in values]
    ordered = sorted(numbers, reverse=True)
    return [ordered.index(number) + 1 for number in numbers]
