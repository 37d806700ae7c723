"""Searching the stored pages of a city: words anywhere in address, title or text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checks import Page
from evidence_store import Capture
from review_ui.custody import Custodian
from review_ui.errors import Refused

KINDS = ("page", "document", "dom")
AROUND = 90  # characters of context on each side of a hit
MAX_TEXT = 200_000  # characters of a page that are searched


@dataclass(frozen=True, slots=True)
class Hit:
    record_id: str
    url: str
    title: str
    time: Any
    kind: str
    before: str = ""
    exact: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    hit: Hit
    text: str


class Archive:
    """The texts of a few cities at a time are kept in memory, read when first searched."""

    def __init__(self, custodian: Custodian, page_url: Callable[[str], str]) -> None:
        self.custodian, self.page_url = custodian, page_url
        self._entries: Callable[[str, int], tuple[_Entry, ...]] = lru_cache(4)(self._read)

    def search(self, assessment_id: str, query: str) -> list[Hit]:
        captures = self._captures(assessment_id)
        if not query:
            return [self._bare(capture) for capture in captures]
        pattern = re.compile(r"\s+".join(map(re.escape, query.split())), re.IGNORECASE)
        hits = (_match(entry, pattern) for entry in self._entries(assessment_id, len(captures)))
        return [hit for hit in hits if hit]

    def _captures(self, assessment_id: str) -> list[Capture]:
        found = self.custodian.store.captures(assessment_id, kind=KINDS)
        return [capture for capture in found if capture.error is None and (capture.status or 200) < 300]

    def _bare(self, capture: Capture) -> Hit:
        return Hit(capture.record_id, self.page_url(capture.url), "", capture.timestamp, capture.kind)

    def _read(self, assessment_id: str, count: int) -> tuple[_Entry, ...]:
        """`count` is part of the key: more captures, another reading."""
        return tuple(self._entry(capture) for capture in self._captures(assessment_id))

    def _entry(self, capture: Capture) -> _Entry:
        try:
            page = Page(capture, self.custodian.read(capture)[0])
            title, text = page.title, page.text[:MAX_TEXT]
        except Refused:
            title = text = ""
        bare = self._bare(capture)
        return _Entry(Hit(bare.record_id, bare.url, title, bare.time, bare.kind), text)


def _match(entry: _Entry, pattern: re.Pattern[str]) -> Hit | None:
    hit, found = entry.hit, pattern.search(entry.text)
    if found is None:
        return hit if pattern.search(hit.title) or pattern.search(hit.url) else None
    start, end = found.span()
    return Hit(
        hit.record_id,
        hit.url,
        hit.title,
        hit.time,
        hit.kind,
        before=("…" if start > AROUND else "") + entry.text[max(0, start - AROUND) : start],
        exact=found[0],
        after=entry.text[end : end + AROUND] + ("…" if len(entry.text) > end + AROUND else ""),
    )
