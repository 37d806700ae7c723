"""Each question of a city with all that was said of it, and every quote it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks import Criterion, Indicator
from evidence_store import Answer, Capture, EvidenceStoreError, Settled
from evidence_store.redaction import REDACTED
from review_ui.custody import Redaction
from review_ui.desk import Quoted, Source, page_url, quoted
from review_ui.dossier_bundle import Bundled, Place, Seal
from review_ui.evidence_cards import surroundings

RULES = "rules"  # who cites, when it is no person


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One quote, marked in its surroundings, with where its bytes lie."""

    number: int
    anchor: str
    quoted: Quoted
    before: str
    after: str
    source: Source
    capture: Capture
    place: Place | None
    seal: Seal | None
    redaction: Redaction | None
    by_rules: bool
    persons: tuple[str, ...]
    first: bool  # of its page under this question: there the page's picture is shown

    @property
    def segment(self) -> str:
        return self.place.segment if self.place else self.capture.filename.rpartition("/")[2]

    @property
    def offset(self) -> int:
        return self.place.offset if self.place else self.capture.offset

    @property
    def length(self) -> int:
        return self.place.length if self.place else self.capture.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer of a person as it was given."""

    outcome: str
    by: str
    role: str
    at: datetime
    mode: str
    advice: str
    note: str
    quotes: tuple[tuple[int, str], ...]  # number and anchor
    superseded: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class Searched:
    pages: int = 0
    roles: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    not_visited: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Searched:
        roles, languages, terms = (
            tuple(map(str, told.get(n) or ())) for n in ("roles", "languages", "terms")
        )
        return cls(
            int(told.get("pages") or 0),
            roles,
            languages,
            terms,
            tuple((told.get("not_visited") or {}).items()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    indicator: Indicator
    anchor: str
    outcome: str  # what is settled, empty while open
    conflict: bool
    proposal: str
    confidence: float | None
    message: str
    withheld: bool  # the message may repeat words of a redacted record
    said: tuple[Said, ...] = ()
    citations: tuple[Citation, ...] = ()
    searched: Searched | None = None

    @property
    def single(self) -> bool:
        """Whether what is settled rests on one person alone."""
        behind = {one.by for one in self.said if not one.superseded and one.outcome != "untested"}
        return bool(self.outcome) and len(behind) == 1

    @property
    def needs_search(self) -> bool:
        """Whether it must be told where we looked: what is said or proposed is not Yes."""
        return self.searched is not None and (self.outcome or self.proposal) != "passed"


@dataclass(frozen=True, slots=True)
class Section:
    criterion: Criterion
    score: Mapping[str, Any]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where a citation's facts are fetched from."""

    source: Callable[[str], Source]
    captures: Mapping[str, Capture]
    bundle: Bundled
    redaction: Callable[[str], Any]

    def citations(self, code: str, cited: Iterable[tuple[str, Quoted]]) -> tuple[Citation, ...]:
        """Each quote once, with all who rely on it; those for Yes first."""
        by_quote: dict[tuple[str, str, str], tuple[Quoted, list[str]]] = {}
        for who, item in cited:
            if item.record_id in self.captures:
                by_quote.setdefault(key_of(item), (item, []))[1].append(who)
        ordered = sorted(by_quote.values(), key=lambda pair: pair[0].stance != "for")
        seen, found = set[str](), list[Citation]()
        for number, (item, citing) in enumerate(ordered, start=1):
            url = page_url(self.captures[item.record_id].url)
            found.append(self._citation(code, number, item, citing, first=url not in seen))
            seen.add(url)
        return tuple(found)

    def _citation(self, code: str, number: int, item: Quoted, who: list[str], *, first: bool) -> Citation:
        capture, source = self.captures[item.record_id], self.source(item.record_id)
        place, redaction = self.bundle.place_of(capture), self._redaction(capture, source)
        before, after = ("", "") if redaction else surroundings(item, source)
        return Citation(
            number=number,
            anchor=f"{anchor(code)}-e{number}",
            quoted=item,
            before=before,
            after=after,
            source=source,
            capture=capture,
            place=place,
            seal=self.bundle.seal_of(place.segment) if place else None,
            redaction=redaction,
            by_rules=RULES in who,
            persons=tuple(dict.fromkeys(name for name in who if name != RULES)),
            first=first,
        )

    def _redaction(self, capture: Capture, source: Source) -> Redaction | None:
        """Where no seal tells of it yet, the store does; in doubt its words are left out all the same."""
        if source.custody.redaction is not None or capture.type != REDACTED:
            return source.custody.redaction
        try:
            said = self.redaction(capture.record_id)
        except EvidenceStoreError:
            said = None
        return Redaction(said.by, said.at, said.reason) if said else Redaction("", "", "")


def anchor(code: str) -> str:
    return "q-" + re.sub(r"[^A-Za-z0-9]", "-", code)


def key_of(item: Quoted) -> tuple[str, str, str]:
    return item.record_id, item.stance, item.exact


def question(
    indicator: Indicator, found: Mapping[str, Any], rows: Iterable[Answer], settled: Settled, shelf: Shelf
) -> Question:
    """`found` is the indicator's part of the results document."""
    code, given = indicator.code, sorted(rows, key=lambda row: (row.date, row.id), reverse=True)
    citations = shelf.citations(code, _cited(found, given))
    places = {key_of(one.quoted): (one.number, one.anchor) for one in citations}
    standing = settled.answers.get(code)
    replaced = {row.supersedes for row in given}
    return Question(
        indicator=indicator,
        anchor=anchor(code),
        outcome=standing.outcome if standing and standing.outcome != "untested" else "",
        conflict=code in settled.conflicts,
        proposal=str(found.get("proposal") or "untested"),
        confidence=found.get("confidence"),
        message=str(found.get("message") or ""),
        withheld=any(one.redaction and one.by_rules for one in citations),
        said=tuple(_said(row, row.id in replaced, standing, places) for row in given),
        citations=citations,
        searched=Searched.of(found["searched"]) if found.get("searched") else None,
    )


def _cited(found: Mapping[str, Any], given: Iterable[Answer]) -> Iterator[tuple[str, Quoted]]:
    for item in found.get("evidence", ()):
        yield (
            RULES,
            Quoted(
                record_id=item["capture"],
                stance=item["stance"],
                exact=item.get("quote") or "",
                prefix=item.get("prefix") or "",
                suffix=item.get("suffix") or "",
                selector=item.get("selector") or "",
                rule=item.get("rule") or "",
                language=item.get("language") or "",
            ),
        )
    for row in given:
        yield from ((row.asserted_by, item) for item in quoted(row.evidence))


def _said(
    row: Answer,
    superseded: bool,
    standing: Answer | None,
    places: Mapping[tuple[str, str, str], tuple[int, str]],
) -> Said:
    relied = [places[key] for item in quoted(row.evidence) if (key := key_of(item)) in places]
    return Said(
        outcome=row.outcome,
        by=row.asserted_by,
        role=row.role,
        at=row.date,
        mode=row.mode,
        advice=row.advice,
        note=str(row.info.get("note") or ""),
        quotes=tuple(sorted(set(relied))),
        superseded=superseded,
        counts=standing is not None and not superseded and row.outcome == standing.outcome != "untested",
    )


def cited_urls(sections: Iterable[Section]) -> Iterator[str]:
    """In the order in which a reader meets them."""
    for section in sections:
        for one in section.questions:
            yield from (page_url(c.capture.url) for c in one.citations if not c.redaction)
