"""The stored captures of one assessment as pages in their places: what links where, what is dead or home."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from checks.basis import Basis, segment_of
from checks.context import Context, Inbound, is_to_itself, page_key
from checks.decoding import header
from checks.hosts import Resolver, site_of
from checks.judge import Looked
from checks.page import Page
from checks.roles import is_hollow, is_missing, is_search_result, look_alike, same_look
from checks.rulebook import Rulebook
from checks.wording import _SEPARATORS
from evidence_store import Capture, City, Crawl, EvidenceStoreError, Store

PAGES = ("page", "document", "dom")
OTHERS = ("tls", "accessibility", "phone")
SOFT_404_PROBE = "probe:soft-404"
MAX_INBOUND = 12
MAX_LINE = 400  # characters of a line that may be boilerplate
MIN_PAGES = 6  # fewer are too few to tell what all pages share
_ROLE_TOPICS = ("services", "contact", "documents", "news", "events", "sitemap", "search", "login")


@dataclass
class Archive:
    """Read once for the links, then page by page for the judge; no more than one page is held at a time."""

    store: Store
    assessment_id: str
    city: City
    book: Rulebook
    captures: list[Capture] = field(default_factory=list)
    trail: Mapping[str, Any] = field(default_factory=dict)
    trail_id: str = ""
    crawl: Crawl | None = None
    given: Basis | None = None  # to read exactly what was read then
    faults: list[str] = field(default_factory=list)
    basis: Basis = field(init=False)
    barred: dict[str, str] = field(default_factory=dict)  # record id → why it proves nothing
    _languages: Counter[str] = field(default_factory=Counter)
    _roles: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.crawl = newest_crawl(self.store, self.assessment_id)
        given, basis = self.given, self.given or Basis.of(self.city, self.crawl)
        found = self.store.captures(self.assessment_id, kind=(*PAGES, *OTHERS, "trail"))
        wanted = _crawl_ids(self.store, self.assessment_id, self.crawl)
        read: dict[str, str] = {}
        for capture in given.select(found) if given else found:
            if given is None and capture.crawl_id not in wanted:
                continue
            read[segment_of(capture)] = capture.record_id
            if capture.kind != "trail":
                self.captures.append(capture)
            elif capture.crawl_id == basis.crawl:
                self._read_trail(capture)
        pages = given.pages if given else sum(map(is_counted, self.captures))
        self.basis = replace(basis, read=read, pages=pages)
        self.lexicon = self.book.lexicon(basis.languages)

    def _read_trail(self, capture: Capture) -> None:
        page = self.page(capture)
        try:
            data = json.loads(page.source) if page is not None else {}
        except ValueError:
            data = {}
        if isinstance(data, dict):
            self.trail, self.trail_id = data, capture.record_id

    def page(self, capture: Capture) -> Page | None:
        """None, and a fault noted, when the bytes cannot be read or are not those that were stored."""
        try:
            return Page(capture, self.store.read(capture))
        except EvidenceStoreError as problem:
            self.faults.append(f"{capture.url}: {problem}")
            return None

    def pages(self) -> Iterator[tuple[Capture, Page]]:
        for capture in self.captures:
            if capture.type in ("metadata", "redacted"):
                continue
            page = self.page(capture)
            if page is not None:
                yield capture, page

    @property
    def today(self) -> date:
        """The day of the crawl: the same archive gives the same findings next year too."""
        first = min((capture.timestamp for capture in self.captures), default=None)
        return first.date() if first else date.fromisoformat(self.basis.opened or "1970-01-01")

    def context(self) -> Context:
        """What all pages together tell of each of them."""
        reading = _Reading(self)
        for capture, page in self.pages():
            reading.note(capture, page)
        if self.given is not None and any(one.type == "redacted" for one in self.captures):
            self._roles.update(self.given.roles)
        self.basis = replace(self.basis, roles=tuple(sorted(self._roles)))
        return reading.context()

    def looked(self) -> Looked:
        skipped = Counter(str(item.get("reason", "")) for item in self.trail.get("skipped", ()))
        return Looked(
            pages=self.basis.pages,
            roles=frozenset(self._roles),
            languages=self.basis.languages or tuple(tag for tag, _ in self._languages.most_common(1)),
            lexicon=self.lexicon.topics_by_language(),
            not_visited={reason: skipped[reason] for reason in sorted(skipped) if reason},
            stopped=str(self.trail.get("stopped") or self.basis.stopped),
            trail=self.trail_id,
        )


def is_counted(capture: Capture) -> bool:
    """The stored HTML pages and documents, as `--max-pages` limits them."""
    good = capture.status is not None and 200 <= capture.status < 300
    return capture.kind in ("page", "document") and good and capture.requested_by != SOFT_404_PROBE


def newest_crawl(store: Store, assessment_id: str) -> Crawl | None:
    crawls = [crawl for crawl in store.crawls(assessment_id) if crawl.purpose in ("round", "recrawl")]
    done = [crawl for crawl in crawls if crawl.state in ("closed", "failed")] or crawls
    return done[-1] if done else None


def _crawl_ids(store: Store, assessment_id: str, crawl: Crawl | None) -> set[str | None]:
    others = {one.id for one in store.crawls(assessment_id) if one.purpose in ("person", "reply")}
    return {*others, crawl.id if crawl is not None else None}


class _Reading:
    """The first pass: links, titles, redirects, dead pages."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        city = archive.basis
        self.plain = Context(
            lexicon=archive.lexicon,
            providers=archive.book.providers,
            country=archive.book.country(city.country),
            portal_url=city.portal_url,
            city_name=city.name,
            languages=city.languages,
            today=archive.today,
        )
        self.inbound: dict[str, list[Inbound]] = {}
        self.redirects: dict[str, str] = {}
        self.titles: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.count = 0
        self.sites: set[str] = set()
        self.dead: set[str] = set()
        self.alive: set[str] = set()
        self.looks: list[tuple[str, str, frozenset[str]]] = []
        self.probe: frozenset[str] = frozenset()
        self.roles: dict[str, frozenset[str]] = {}

    def note(self, capture: Capture, page: Page) -> None:
        if page.kind not in PAGES:
            return
        key = page_key(page.url)
        if capture.requested_by == SOFT_404_PROBE:
            self.probe = look_alike(page) if page.status == 200 and page.is_html else frozenset()
            self.archive.barred[capture.record_id] = "soft-404"
        elif page.status is not None and 300 <= page.status < 400:
            self._note_redirect(capture, page, key)
        elif page.status is not None and not 200 <= page.status < 300:
            self.dead.add(key)
        elif page.is_html:
            self._note_page(capture, page, key)
        else:
            self.alive.add(key)
            self.sites.add(site_of(page.url))

    def _note_redirect(self, capture: Capture, page: Page, key: str) -> None:
        location = header(page._headers, "location")
        if location:
            self.redirects[key] = page_key(Resolver(page.url).resolve(location))

    def _note_page(self, capture: Capture, page: Page, key: str) -> None:
        self.count += 1
        self.alive.add(key)
        self.sites.add(site_of(page.url))
        for part in {part.strip() for part in _SEPARATORS.split(page.title)}:
            self.titles[part] += 1
        self.lines.update({passage.text for passage in page.main if len(passage.text) <= MAX_LINE})
        if is_missing(page, self.plain) or is_hollow(page, self.plain):
            self.dead.add(key)
        if self.plain.is_home(page.url):
            self.archive._roles.add("home")
        self.looks.append((key, capture.record_id, look_alike(page)))
        self.archive._languages[page.language] += 1
        if is_search_result(page, self.plain):
            return
        self._note_links(page)

    def _note_links(self, page: Page) -> None:
        scan = self.archive.lexicon.scan
        for link in page.links:
            if not link.text or not link.url.startswith("http") or is_to_itself(link, page):
                continue
            hits = scan(link.text)
            if not hits:
                continue
            self.archive._roles.update(hit.topic for hit in hits if hit.strong and hit.topic in _ROLE_TOPICS)
            places = self.inbound.setdefault(page_key(link.url), [])
            if len(places) < MAX_INBOUND and all(place.text != link.text for place in places):
                places.append(Inbound(link.text, page.record_id, page.url))

    def context(self) -> Context:
        for key, record_id, look in self.looks:
            if same_look(look, self.probe):
                self.dead.add(key)
                self.archive.barred[record_id] = "soft-404"
        self._follow_redirects()
        names = frozenset(
            part for part, times in self.titles.items() if times >= 3 and times * 2 > self.count
        )
        shared = frozenset(
            line for line, times in self.lines.items() if times >= MIN_PAGES and times * 2 > self.count
        )
        return Context(
            lexicon=self.plain.lexicon,
            providers=self.plain.providers,
            country=self.plain.country,
            portal_url=self.plain.portal_url,
            city_name=self.plain.city_name,
            languages=self.plain.languages,
            today=self.plain.today,
            official=frozenset(self.sites),
            inbound={key: tuple(places) for key, places in self.inbound.items()},
            dead=frozenset(self.dead),
            redirects=self.redirects,
            site_names=names,
            boilerplate=shared,
            roles=self.roles,
        )

    def _follow_redirects(self) -> None:
        """Words on a link to an address that redirects lead to where it ends."""
        for key in sorted(self.redirects):
            end, steps = key, 0
            while end in self.redirects and steps < 10:
                end, steps = self.redirects[end], steps + 1
            self.redirects[key] = end
            for place in self.inbound.get(key, ()):
                places = self.inbound.setdefault(end, [])
                if len(places) < MAX_INBOUND and all(one.text != place.text for one in places):
                    places.append(place)
