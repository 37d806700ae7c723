"""The judge folded over a crawl in progress: what is still unproven gives every link its worth.

It judges only pages whose link, title or headings promise an open topic, and with less knowledge than the
check has afterwards: it may lag the check, never lead it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from checks.context import Context, Inbound, is_to_itself, page_key
from checks.country import UNKNOWN, Country
from checks.edition import Edition, parse_edition
from checks.fingerprint import Provider, parse_fingerprints, read_fingerprints
from checks.hosts import site_of
from checks.lexicon import Lexicon
from checks.page import Page
from checks.rule import Rule
from checks.rulebook import parse_rulebook
from checks.shapes import has_purpose
from checks.sighting import signals
from checks.text import collapse
from checks.wording import _SEPARATORS

STRONG, WEAK, HUB, MENU = 2.0, 0.5, 1.5, 0.5  # worth of a link, in open topics
_HUBS = ("services", "sitemap", "contact", "documents")
_DULL = ("news", "previous", "next", "events")
_DULL_FACTOR = 0.2
_DATED = re.compile(r"/(?:19|20)\d\d/(?:\d\d?/)?|[?&](?:page|p|start|offset|year|month|date|day)=", re.I)
_PATH_WORDS = re.compile(r"[^\w]+|_+")
_CACHE = 50_000
MAX_INBOUND = 12  # different wordings remembered of one target


class LinkLike(Protocol):
    """What is asked of a link: the crawler has its own."""

    @property
    def url(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def zone(self) -> str: ...


@dataclass(frozen=True)
class Target:
    """A page worth an extra request, and why: search-probe, language-target, render."""

    url: str
    reason: str


class _Unseen:
    """Links of the portal's own count only once their target was seen to be there."""

    def __init__(self, portal_url: str, alive: set[str]) -> None:
        self.site, self.alive = site_of(portal_url), alive

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and site_of(key) == self.site and key not in self.alive


class Coverage:
    def __init__(
        self,
        edition: Edition,
        *,
        rules: Mapping[str, Rule],
        lexicon: Lexicon,
        portal_url: str,
        today: date,
        country: Country = UNKNOWN,
        languages: Iterable[str] = (),
        providers: Iterable[Provider] | None = None,
        city_name: str = "",
    ) -> None:
        self.lexicon = lexicon
        self._codes: dict[str, set[str]] = {}  # rule → codes it serves
        for indicator in edition.indicators:
            for rule_id in indicator.rules:
                if rule_id in rules:
                    self._codes.setdefault(rule_id, set()).add(indicator.code)
        self._rules = {rule_id: rules[rule_id] for rule_id in self._codes}
        self.open: set[str] = {code for codes in self._codes.values() for code in codes}
        self.settled: dict[str, str] = {}
        self._alive: set[str] = set()
        self._inbound: dict[str, list[Inbound]] = {}
        self._titles: Counter[str] = Counter()
        self._wanted: dict[str, Target] = {}
        self._handed_out: set[str] = set()
        self._pages = 0
        self._lines: set[str] = set()  # of pages judged before: what comes again may be boilerplate
        self._context = Context(
            lexicon=lexicon,
            providers=tuple(parse_fingerprints(read_fingerprints()) if providers is None else providers),
            country=country,
            portal_url=portal_url,
            city_name=city_name,
            languages=tuple(languages),
            today=today,
            dead=_Unseen(portal_url, self._alive),  # type: ignore[arg-type]
        )
        self._promises: dict[str, set[str]] = {}  # topic → rules that it promises
        for rule_id, rule in self._rules.items():
            for topic in (*rule.wants, *_naming_topics(rule)):
                self._promises.setdefault(topic, set()).add(rule_id)
        self._worth: dict[tuple[str, str], float] = {}
        self._open_topics = frozenset(self._promises)

    @classmethod
    def from_texts(
        cls,
        edition: str,
        rules: str,
        *,
        portal_url: str,
        today: date,
        languages: Iterable[str] = (),
        country: str = "",
        city_name: str = "",
    ) -> Coverage:
        """By the edition and the rules as a round archived them. Raises BadData."""
        book = parse_rulebook(rules)
        return cls(
            parse_edition(edition),
            rules=book.rules,
            lexicon=book.lexicon(languages),
            portal_url=portal_url,
            today=today,
            country=book.country(country),
            languages=languages,
            providers=book.providers,
            city_name=city_name,
        )

    def value(self, link: LinkLike) -> float:
        """The open topics that a link's words and address promise; menus and hubs more, news less."""
        key = (link.text, urlsplit(link.url).path if link.url.startswith("http") else "")
        worth = self._worth.get(key)
        if worth is None:
            if len(self._worth) > _CACHE:
                self._worth.clear()
            worth = self._worth[key] = self._value(*key)
        if link.zone in ("nav", "header"):
            worth += MENU
        return worth * _DULL_FACTOR if _DATED.search(link.url) else worth

    def _value(self, text: str, path: str) -> float:
        strong, weak = self._topics(text)
        if path and path != "/":
            words = _PATH_WORDS.sub(" ", unquote(path)).strip()
            for topics in self._topics(words):
                weak |= topics
        here = strong | weak
        worth = STRONG * len(strong & self._open_topics) + WEAK * len((weak - strong) & self._open_topics)
        worth += HUB * len(strong.intersection(_HUBS))
        return worth * _DULL_FACTOR if here.intersection(_DULL) and not strong & self._open_topics else worth

    def _topics(self, text: str) -> tuple[set[str], set[str]]:
        hits = self.lexicon.scan(text)
        strong = {hit.topic for hit in hits if hit.strong}
        return strong, {hit.topic for hit in hits} - strong

    def see(self, page: Page) -> set[str]:
        """Indicator codes newly settled by this page."""
        if page.status is not None and not 200 <= page.status < 300:
            return set()
        self._pages += 1
        self._alive.add(page_key(page.url))
        home = self._context.is_home(page.url)
        self._note_links(page)
        promised = self._promised(page, home)
        for part in _SEPARATORS.split(page.title):
            self._titles[part.strip()] += 1
        settled = self._judge(page, promised) if promised else set()
        if home:
            self._note_wants(page)
        return settled

    def _promised(self, page: Page, home: bool) -> list[Rule]:
        if home:
            return [rule for rule_id, rule in self._rules.items() if self._codes[rule_id] & self.open]
        said = [page.title, *(place.text for place in self._inbound.get(page_key(page.url), ()))]
        if page.is_html:
            said += [collapse(node.text()) for node in page.tree.css("h1,h2,h3")[:30]]
        topics = {hit.topic for text in said for hit in self.lexicon.scan(text)}
        wanted = {rule_id for topic in topics for rule_id in self._promises.get(topic, ())}
        return [
            rule
            for rule_id, rule in self._rules.items()
            if rule_id in wanted and self._codes[rule_id] & self.open
        ]

    def _judge(self, page: Page, rules: list[Rule]) -> set[str]:
        key = page_key(page.url)
        context = replace(
            self._context,
            inbound={key: tuple(self._inbound.get(key, ()))},
            site_names=frozenset(part for part, times in self._titles.items() if times),
            boilerplate=frozenset(self._lines),
        )
        lines = {passage.text for passage in page.main}
        newly: set[str] = set()
        for sighting in signals(page, rules, context):
            if sighting.outcome == "passed":
                for code in self._codes[sighting.rule] & self.open:
                    newly.add(code)
                    self.settled[code] = page.url
        self._lines |= lines
        page.__dict__.pop("_index", None)
        if newly:
            self.open -= newly
            self._worth.clear()
            rest = {rule_id for rule_id, codes in self._codes.items() if codes & self.open}
            self._open_topics = frozenset(topic for topic, ids in self._promises.items() if ids & rest)
        return newly

    def _note_links(self, page: Page) -> None:
        for link in page.links:
            if not link.text or not self.lexicon.scan(link.text) or not link.url.startswith("http"):
                continue
            if is_to_itself(link, page):
                continue
            known = self._inbound.setdefault(page_key(link.url), [])
            if len(known) < MAX_INBOUND and all(place.text != link.text for place in known):
                known.append(Inbound(link.text, page.record_id, page.url))

    def _note_wants(self, page: Page) -> None:
        asked = {wanted for rule in self._rules.values() for wanted in rule.wanted_captures}
        if "search-probe" in asked:
            for url in _search_probe(page, self._context):
                self._wanted.setdefault(url, Target(url, "search-probe"))
        if "language-target" in asked:
            for url in language_targets(page, self._context.languages):
                self._wanted.setdefault(url, Target(url, "language-target"))

    def wants(self) -> list[Target]:
        """Extra requests asked for so far, each handed out once."""
        new = [target for url, target in self._wanted.items() if url not in self._handed_out]
        self._handed_out.update(target.url for target in new)
        return [target for target in new if page_key(target.url) not in self._alive]

    def trail(self) -> dict[str, Any]:
        return {
            "pages": self._pages,
            "open": sorted(self.open),
            "settled": dict(sorted(self.settled.items())),
        }


def _naming_topics(rule: Rule) -> Iterable[str]:
    for name, spec in rule.signals.items():
        if spec.kind in ("title", "inbound", "heading", "link") and name not in rule.unless:
            yield from spec.topics


def _search_probe(page: Page, context: Context) -> Iterable[str]:
    """The address that the home page's search form would ask for, with one word of the page itself."""
    for form in page.forms:
        if form.method != "get" or not has_purpose(form, "search", context):
            continue
        fields = [one for one in form.fields if one.type in ("search", "text") and one.name]
        word = probe_word(page)
        if fields and word:
            hidden = [
                (node.attributes.get("name") or "", node.attributes.get("value") or "")
                for node in form.node.css("input[type=hidden][name]")
            ]
            query = urlencode([*hidden, (fields[0].name, word)])
            yield urljoin(form.action, "?" + query)
            return


def probe_word(page: Page) -> str:
    """A word the portal itself uses: the most frequent of five letters or more; ties by alphabet."""
    words = re.findall(r"[^\W\d_]{5,}", (page.main_text or page.text).lower())
    counted = Counter(words)
    return min(counted, key=lambda word: (-counted[word], word)) if counted else ""


def language_targets(page: Page, languages: Iterable[str]) -> list[str]:
    """Pages that the markup says are in another language."""
    own = {tag.partition("-")[0].lower() for tag in languages} or {page.language}
    found = []
    for node in page.tree.css("link[rel=alternate i][hreflang][href],a[hreflang][href],a[lang][href]"):
        attributes = node.attributes
        tag = (attributes.get("hreflang") or attributes.get("lang") or "").partition("-")[0].lower()
        if tag and tag != "x" and tag not in own:
            found.append(urljoin(page.base, attributes.get("href") or ""))
    return list(dict.fromkeys(found))[:4]
