"""Dates in running text, in the languages of a lexicon. Only dates with a year are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from checks.text import digits, fold

_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<![\d/.\-])(\d{1,2})\s?[./\-]\s?(\d{1,2})\s?[./\-]\s?(\d{4})(?!\d|[./]\d)")
_WORD = r"([^\s\d,.;:/()\-–—]+)"
_LINK = r"(?:[^\W\d_]{1,3}\s+)?"  # one short word: "de", "of"
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})[.ºª°]?(?:st|nd|rd|th|er)?[\s\-]+{_LINK}{_WORD}[.,]?[\s\-]+{_LINK}(\d{{4}})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"{_WORD}\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)")
_MONTH_ONLY = re.compile(rf"{_WORD}\.?,?\s+{_LINK}(\d{{4}})(?!\d)")
_HAS_YEAR = re.compile(r"\d{4}")
_YEAR = re.compile(r"(?<![\d.,/\-])(19\d\d|20\d\d)(?![\d]|[.,]\d)")


@dataclass(frozen=True, slots=True)
class Dated:
    """A date and where it stands; `day` False: only its month is known (the day is the 1st)."""

    when: date
    start: int
    end: int
    day: bool = True


def find_dates(text: str, months: Mapping[str, int], order: str = "dmy") -> list[Dated]:
    """By place; overlapping readings are dropped, the fullest kept."""
    plain = digits(text)
    if not _HAS_YEAR.search(plain):
        return []
    found: list[Dated] = []
    for reading in (*_numeric(plain, order), *_written(plain, months)):
        if not any(reading.start < other.end and other.start < reading.end for other in found):
            found.append(reading)
    return sorted(found, key=lambda one: one.start)


def find_years(text: str) -> list[tuple[int, int, int]]:
    """(year, start, end) of bare years."""
    return [(int(match.group(1)), match.start(), match.end()) for match in _YEAR.finditer(digits(text))]


def _numeric(text: str, order: str) -> Iterator[Dated]:
    for match in _ISO.finditer(text):
        yield from _made(match, *map(int, match.groups()))
    for match in _NUMERIC.finditer(text):
        first, second, year = map(int, match.groups())
        month, day = (first, second) if order == "mdy" else (second, first)
        if month > 12 >= day:
            month, day = day, month
        yield from _made(match, year, month, day)


def _written(text: str, months: Mapping[str, int]) -> Iterator[Dated]:
    for match in _DAY_FIRST.finditer(text):
        month = months.get(fold(match.group(2)))
        if month:
            yield from _made(match, int(match.group(3)), month, int(match.group(1)))
    for match in _MONTH_FIRST.finditer(text):
        month = months.get(fold(match.group(1)))
        if month:
            yield from _made(match, int(match.group(3)), month, int(match.group(2)))
    for match in _MONTH_ONLY.finditer(text):
        month = months.get(fold(match.group(1)))
        if month and 1900 < int(match.group(2)) < 2200:
            yield Dated(date(int(match.group(2)), month, 1), match.start(), match.end(), day=False)


def _made(match: re.Match[str], year: int, month: int, day: int) -> Iterator[Dated]:
    if not 1900 < year < 2200:
        return
    try:
        yield Dated(date(year, month, day), match.start(), match.end())
    except ValueError:
        return
