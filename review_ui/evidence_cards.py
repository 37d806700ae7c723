"""The quotes beside a question: which are shown, in what order, and where each can be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from checks import Indicator
from review_ui.desk import Case, Desk, Proposal, Proposals, Quoted, Source
from review_ui.rendering import safe_href

SHOWN = {"before", "after", "hidden"}  # advice under which evidence is shown; "search" shows none
TABS = ("page", "text", "headers")
CONTEXT = 90  # characters around a quote whose rule gave none
TEXT_WINDOW = 6000  # characters of page text kept on each side of the quote


@dataclass(frozen=True, slots=True)
class Card:
    number: int
    quoted: Quoted
    source: Source
    url: str  # of this card on this question
    capture_url: str
    live_url: str
    chosen: bool
    before: str  # the words around the quote
    after: str

    @property
    def short_digest(self) -> str:
        algorithm, _, value = self.source.digest.partition(":")
        return f"{algorithm}:{value[:12]}…"


@dataclass(frozen=True, slots=True)
class Tab:
    view: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """Page text around the quote."""

    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """The archived page beside the question."""

    source: Source
    tabs: tuple[Tab, ...]
    view: str
    frame_url: str
    text: Marked | None
    language: str
    capture_url: str
    live_url: str


def evidence_of(indicator: Indicator, proposals: Proposals) -> tuple[Quoted, ...]:
    """The proposal's evidence first, then what its rules saw besides, each quote once."""
    own = proposals.of(indicator.code)
    rules = [proposals.of(f"rule:{rule}") for rule in indicator.rules]
    return _unique(item for finding in (own, *rules) if finding for item in finding.evidence)


def _unique(items: Iterable[Quoted]) -> tuple[Quoted, ...]:
    first: dict[tuple[str, str, str], Quoted] = {}
    for item in items:
        first.setdefault((item.record_id, item.stance, item.exact), item)
    return tuple(sorted(first.values(), key=lambda item: item.stance != "for"))


def make_cards(desk: Desk, case: Case, code: str, items: Iterable[Quoted], chosen: int) -> tuple[Card, ...]:
    cards: list[Card] = []
    for number, item in enumerate(items, start=1):
        source = desk.source(item.record_id)
        before, after = surroundings(item, source)
        cards.append(
            Card(
                number=number,
                quoted=item,
                source=source,
                url=f"{case.path}/{quote(code)}?{urlencode({'e': number})}#viewer",
                capture_url=f"{case.path}/c/{quote(item.record_id)}?{urlencode({'quote': item.exact})}",
                live_url=live_url(source.url, item.exact),
                chosen=number == chosen,
                before=before,
                after=after,
            )
        )
    return tuple(cards)


def surroundings(item: Quoted, source: Source) -> tuple[str, str]:
    """The rule's own context, else what stands around the quote on the page."""
    if item.prefix or item.suffix:
        return (f"… {item.prefix}" if item.prefix else "", f"{item.suffix} …" if item.suffix else "")
    found = mark(source.text, item.exact, window=CONTEXT)
    if not found.quote:
        return "", ""
    return found.before.replace("\n", " · "), found.after.replace("\n", " · ")


def make_viewer(desk: Desk, case: Case, code: str, card: Card, view: str) -> Viewer:
    source = card.source
    offered = [tab for tab in TABS if tab != "page" or source.is_html]
    view = view if view in offered else offered[0]
    tabs = tuple(
        Tab(
            tab, f"{case.path}/{quote(code)}?{urlencode({'e': card.number, 'view': tab})}#viewer", tab == view
        )
        for tab in offered
    )
    frame = "" if view == "text" else desk.links.url(source.record_id, view, quote=card.quoted.exact)
    return Viewer(
        source=source,
        tabs=tabs,
        view=view,
        frame_url=frame,
        text=mark(source.text, card.quoted.exact) if view == "text" else None,
        language=card.quoted.language,
        capture_url=card.capture_url,
        live_url=card.live_url,
    )


def mark(text: str, exact: str, window: int = TEXT_WINDOW) -> Marked:
    """The text around the first place where the quote stands; without one, the beginning."""
    found = re.search(r"\s+".join(map(re.escape, exact.split())), text) if exact.strip() else None
    if found is None:
        return Marked(text[: 2 * window] + ("…" if len(text) > 2 * window else ""), "", "")
    start, end = found.span()
    before = text[max(0, start - window) : start]
    after = text[end : end + window]
    return Marked(
        ("…" if start > window else "") + before, found[0], after + ("…" if len(text) > end + window else "")
    )


def live_url(url: str, exact: str) -> str:
    """The page as it is today, opened at the quote (a text fragment); nothing for what is no web address."""
    href = safe_href(url)
    if not href or not exact:
        return href
    words = exact.split()
    start, end = " ".join(words[:5]), " ".join(words[-5:])
    fragment = _encoded(start) if len(words) <= 10 else f"{_encoded(start)},{_encoded(end)}"
    return href.partition("#")[0] + "#:~:text=" + fragment


def _encoded(text: str) -> str:
    return quote(text, safe="").replace("-", "%2D")


def cited(indicator: Indicator, proposal: Proposal | None, proposals: Proposals) -> tuple[Quoted, ...]:
    """What a Yes relies on: the quotes for it that were on the screen."""
    if proposal is None:
        return ()
    return tuple(item for item in evidence_of(indicator, proposals) if item.stance == "for")
