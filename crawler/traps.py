"""Budgets against sites without end: calendars, facets, sorting, pagination, paths that repeat.

Nothing here decides that a page is bad, only how many of one kind are worth a visit without finding anything.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from crawler import address

MAX_DEPTH = 8
MAX_LENGTH = 1000
MAX_REPEATS = 2
_MEDIA = """
jpg jpeg png gif svg webp ico bmp tif tiff css js mjs map woff woff2 ttf eot mp3 mp4 avi mov wmv webm ogg wav m4a
exe msi dmg apk iso zip rar 7z gz tgz tar bz2 swf
"""
MEDIA = frozenset(_MEDIA.split())

DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[-_./]?(?:0?[1-9]|1[0-2])(?:[-_./]?[0-3]?\d)?)?(?!\d)")
DIGITS = re.compile(r"\d+")
DATED = re.compile(
    r"^(date|day|month|year|week|d|m|y|dia|mes|ano|jahr|monat|fecha|data|jour|mois|annee|from|to|start_date|end_date|"
    r"ym|tribe-bar-date|cal_?\w*|mini|calendar\w*)$",
    re.IGNORECASE,
)
PAGED = re.compile(
    r"^(page|pagina|pag|paged|seite|start|offset|limitstart|p|pg|pageno|page_?num\w*)$", re.IGNORECASE
)
FACETED = re.compile(
    r"^(sort\w*|order\w*|dir|direction|filter\w*|facet\w*|f\[?.*\]|"
    r"per_?page|print|tmpl|replytocom|share)$",
    re.IGNORECASE,
)
# What names one thing: old content systems serve every page under /index.php?id=7&view=article.
NAMED = re.compile(r"(id|^p|^option|^article|^slug|^q|^path|^doc\w*)$", re.IGNORECASE)


class Kind(NamedTuple):
    pattern: str
    limit: int


# Visits to one pattern without anything new, before the rest of it is left.
CALENDAR, PAGES, FACETS, COMBINED, NUMBERED = 2, 3, 3, 3, 60


@lru_cache(maxsize=65536)
def kind(url: str) -> Kind | None:
    """The pattern an address belongs to, and its budget; None for an address that stands for itself."""
    split = address.parts(url)
    if split is None:
        return None
    names = sorted(
        {item.partition("=")[0] for item in address.normal(url).partition("?")[2].split("&")} - {""}
    )
    path = unquote(split.path)
    shape = DIGITS.sub("#", DATE.sub("@", path))
    pattern = f"{address.authority(url)}{shape}"
    if names:
        return _with_query(pattern, names)
    if shape == path:
        return None
    last = shape.rstrip("/").rpartition("/")[2]
    # A slug after a date is an article; a date alone, or with marks between, is a calendar's cell.
    return Kind(pattern, CALENDAR if "@" in last and not re.search(r"[^\W\d_@#]{3,}", last) else NUMBERED)


def _with_query(pattern: str, names: list[str]) -> Kind:
    """Facets and dates share one budget however they are combined; ids have one for each set of names."""
    plain = [unquote(name) for name in names]
    if any(DATED.match(name) for name in plain):
        return Kind(pattern + "?dates", CALENDAR)
    if any(FACETED.match(name) for name in plain):
        return Kind(pattern + "?facets", FACETS)
    if any(PAGED.match(name) for name in plain):
        return Kind(pattern + "?pages", PAGES)
    if len(plain) >= 3 and not any(NAMED.search(name) for name in plain):
        return Kind(pattern + "?combined", COMBINED)
    return Kind(f"{pattern}?{'&'.join(names)}", NUMBERED)


def endless(url: str, depth: int) -> bool:
    """Too long, too deep, or a path that eats its own tail."""
    if len(url) > MAX_LENGTH or depth > MAX_DEPTH:
        return True
    split = address.parts(url)
    segments = [segment for segment in split.path.split("/") if segment] if split else []
    return len(segments) > 2 * MAX_DEPTH or any(n > MAX_REPEATS for n in Counter(segments).values())


def is_media(url: str) -> bool:
    """Pictures, films, programs: no text that a question could ask for."""
    split = address.parts(url)
    name = split.path.rpartition("/")[2] if split else ""
    return "." in name and name.rpartition(".")[2].lower() in MEDIA


class Budgets:
    """How often each pattern was visited since it last paid."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()

    def exhausted(self, url: str) -> bool:
        found = kind(url)
        return found is not None and self._spent[found.pattern] >= found.limit

    def visited(self, url: str, *, paid: bool) -> None:
        found = kind(url)
        if found is not None:
            self._spent[found.pattern] = 0 if paid else self._spent[found.pattern] + 1
