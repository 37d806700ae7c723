"""Signals of words: where a topic's terms stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from checks.address import file_type
from checks.context import Context, page_key
from checks.lexicon import Hit
from checks.page import Link, Page
from checks.passage import Passage
from checks.quote import Found, hit_in, pieces_of, within
from checks.rule import SignalSpec
from checks.text import collapse

_SEPARATORS = re.compile(r"\s+[|–—·»:\-]+\s+|\s*\|\s*|\s*»\s*|::")
MAX_FOUND = 4  # quotes per signal: enough to see it, few enough to read


@dataclass
class Index:
    """The topics of one page, each looked up once for all rules."""

    main: dict[str, list[tuple[Passage, Hit]]] = field(default_factory=dict)
    links: dict[str, list[tuple[Link, Hit]]] = field(default_factory=dict)


def index_of(page: Page, context: Context) -> Index:
    made: Index | None = page.__dict__.get("_index")
    if made is None:
        made = page.__dict__["_index"] = Index()
        for passage in page.main:
            for hit in context.lexicon.scan(passage.text):
                made.main.setdefault(hit.topic, []).append((passage, hit))
        for link in page.links:
            for hit in context.lexicon.scan(link.text):
                made.links.setdefault(hit.topic, []).append((link, hit))
    return made


def counts(hit: Hit, page: Page, context: Context, weak: bool) -> bool:
    """Weak terms count only in the page's own language: short words mean other things next door."""
    if hit.strong:
        return True
    if not weak:
        return False
    return hit.language == page.language or page.language not in context.lexicon.tags


def hits_of(
    text: str, spec: SignalSpec, page: Page, context: Context, *, weak: bool | None = None
) -> list[Hit]:
    allowed = spec.params.get("strength") == "weak" if weak is None else weak
    wanted = spec.topics
    return [
        hit
        for hit in context.lexicon.scan(text)
        if hit.topic in wanted and counts(hit, page, context, allowed)
    ]


def title_parts(page: Page, context: Context) -> list[str]:
    """The parts of the page's title that are its own, not the site's name."""
    parts = [part.strip() for part in _SEPARATORS.split(page.title) if part.strip()]
    if context.is_home(page.url):
        return parts  # there the site's name is the page's own
    own = [part for part in parts if part not in context.site_names]
    return (own or parts)[:2]


def title(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """The page's own title, or its first-level heading, carries the topic."""
    for passage in _first_headings(page):
        for hit in hits_of(passage.text, spec, page, context)[:1]:
            yield hit_in(passage, hit, context.lexicon)
            return
    for part in title_parts(page, context):
        for hit in hits_of(part, spec, page, context)[:1]:
            yield within(part, hit, context.lexicon)
            return


def _first_headings(page: Page) -> Iterable[Passage]:
    if page.is_document:
        return page.main[:3]
    return [
        passage for passage in page.headings if passage.level == 1 and passage.zone in ("", "main!", "header")
    ]


def heading(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """Headings of the content carry the topic; where sections are judged by themselves, the first heading only."""
    needed = spec.number("at_least", 1)
    lowest = 1 if page.parted and needed == 1 else 6
    found = [
        hit_in(passage, hit, context.lexicon)
        for passage in page.headings
        if passage.zone in ("", "main!") and passage.level <= lowest
        for hit in hits_of(passage.text, spec, page, context)[:1]
    ]
    if len(found) >= needed:
        yield from found[:MAX_FOUND]


def link(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """A live link whose words carry the topic, or that goes to a provider of the kind, or both."""
    targets: dict[str, Found] = {}
    for item, hit in _candidates(page, spec, context):
        if _admits(item, page, spec, context) and item.url not in targets:
            targets[item.url] = _link_quote(item, hit, context)
    if len(targets) >= spec.number("at_least", 1):
        yield from list(targets.values())[:MAX_FOUND]


def _candidates(page: Page, spec: SignalSpec, context: Context) -> Iterator[tuple[Link, Hit | None]]:
    if not spec.topics:
        yield from ((item, None) for item in page.links)
        return
    weak = spec.params.get("strength") == "weak"
    links = index_of(page, context).links
    for topic in spec.topics:
        yield from ((item, hit) for item, hit in links.get(topic, ()) if counts(hit, page, context, weak))


def _admits(item: Link, page: Page, spec: SignalSpec, context: Context) -> bool:
    if item.href in ("", "#") or not item.url.startswith("http") or context.is_dead(item.url):
        return False
    if page_key(item.url) == page_key(page.url):
        return False
    zones = spec.words("zone")
    if zones and item.zone not in zones:
        return False
    kinds = spec.words("provider")
    if kinds and not any(one.kind in kinds for one in context.known_providers.at(item.url)):
        return False
    if item.node is not None and item.node.mem_id in refused_links(page, context):
        return False
    return _says_also(item, page, spec, context) and _leads(item.url, spec, context)


def _says_also(item: Link, page: Page, spec: SignalSpec, context: Context) -> bool:
    """`also`: the link's own words, or the heading of the section judged, carry a second topic."""
    wanted = spec.words("also")
    if not wanted:
        return True
    said = (item.text,) if page.parted else (item.text, *(one.text for one in page.headings[:1]))
    return any(not context.lexicon.topics_in(text).isdisjoint(wanted) for text in said)


def _leads(url: str, spec: SignalSpec, context: Context) -> bool:
    where = str(spec.params.get("to", "any"))
    if where == "any":
        return True
    if where == "own":
        return context.is_own(url)
    if context.is_own(url) or file_type(url):
        return False
    if where == "handoff":
        return context.takes_over(url, spec.topics)
    return where == "foreign" or context.is_service(url)


def refused_links(page: Page, context: Context) -> frozenset[int]:
    """Links in a line that says of their matter that it is not offered, or not yet: they prove nothing."""
    made: frozenset[int] | None = page.__dict__.get("_refused")
    if made is None:
        main = index_of(page, context).main
        places = [*main.get("not-offered", ()), *main.get("under-construction", ())]
        lines = [passage for passage, hit in places if hit.strong and passage.node is not None]
        found = ((line, link) for line in lines for link in line.node.css("a[href]"))
        made = frozenset(link.mem_id for line, link in found if collapse(link.text()) in line.text)
        page.__dict__["_refused"] = made
    return made


def _link_quote(item: Link, hit: Hit | None, context: Context) -> Found:
    """One text node of the link; an attribute when it shows no words; its address at worst."""
    if item.attribute or not item.text:
        return within(item.text or item.href, hit, context.lexicon, item.node)
    pieces = pieces_of(item.node) if item.node is not None else [item.text]
    for piece in pieces:
        again = [one for one in context.lexicon.scan(piece) if hit is not None and one.topic == hit.topic]
        if again:
            return within(piece, again[0], context.lexicon, item.node)
    return within(item.text, hit, context.lexicon, item.node)


def inbound(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """The words of a stored link that leads to this page; the quote stands in the page that links."""
    for place in context.inbound.get(page_key(page.url), ()):
        for hit in hits_of(place.text, spec, page, context)[:1]:
            found = within(place.text, hit, context.lexicon)
            yield Found(
                found.quote, "", "", None, hit.term, hit.topic, hit.language, (place.record_id, place.url)
            )
            return


def text(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """So many different terms of the topic in the main text; weak ones count."""
    terms: dict[str, tuple[Passage, Hit]] = {}
    only_strong = spec.params.get("strength") == "strong"
    for topic in spec.topics:
        for passage, hit in index_of(page, context).main.get(topic, ()):
            if counts(hit, page, context, not only_strong):
                terms.setdefault(hit.term, (passage, hit))
    if len(terms) >= spec.number("at_least", 1):
        for passage, hit in list(terms.values())[:MAX_FOUND]:
            yield hit_in(passage, hit, context.lexicon)


def facets(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """So many of the topics stand in the main text: the page really is about the thing."""
    only_strong = spec.params.get("strength") == "strong"
    seen: list[tuple[Passage, Hit]] = []
    for topic in spec.topics:
        places = index_of(page, context).main.get(topic, ())
        usable = [(passage, hit) for passage, hit in places if counts(hit, page, context, not only_strong)]
        if usable:
            seen.append(min(usable, key=lambda place: place[0].level > 0))  # running text before headings
    if seen and len(seen) >= spec.number("at_least", 1):
        for passage, hit in seen[:MAX_FOUND]:
            yield hit_in(passage, hit, context.lexicon)
