"""Pure: what a page shows of each rule, as a whole and section by section."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.context import Context, page_key
from checks.errors import CannotTell
from checks.hosts import without_fragment
from checks.matchers import MATCHERS
from checks.page import Page
from checks.quote import Found, selector
from checks.roles import EMPTY, barred, is_hollow, is_news, tells_news
from checks.rule import Rule, SignalSpec
from checks.section import Rest, Section, sections_of
from checks.wording import index_of, title_parts

NAMING = frozenset(
    {"title", "heading", "inbound", "link", "form", "provider"}
)  # kinds that make a page a lead


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that fired, with its quote; `record_id` and `url` say in which capture the quote stands."""

    rule: str
    name: str
    family: str
    kind: str
    quote: str
    prefix: str
    suffix: str
    selector: str
    language: str
    term: str
    topic: str
    record_id: str
    url: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one page shows of one rule."""

    rule: str
    url: str
    record_id: str
    outcome: str  # passed | failed | vetoed | lead
    signals: tuple[Signal, ...]
    vetoes: tuple[Signal, ...] = ()
    families: int = 0
    title: str = ""
    rank: tuple[int, ...] = ()


def page_topics(page: Page, context: Context) -> set[str]:
    """Every topic the page speaks of anywhere: a signal of no other topic can fire."""
    index = index_of(page, context)
    topics = set(index.main) | set(index.links)
    said = [page.title, *(one.text for one in page.headings)]
    said += [place.text for place in context.inbound.get(page_key(page.url), ())]
    said += [text for form in page.forms for text in form.words]
    if page.is_html:
        for node in page.tree.css("[alt],[title],figcaption,caption"):
            said += [
                node.attributes.get("alt") or "",
                node.attributes.get("title") or "",
                node.text().strip()[:300],
            ]
    for text in said:
        if text:
            topics |= context.lexicon.topics_in(text, weak=True)
    return topics


def signals(
    page: Page, rules: Iterable[Rule], context: Context, broken: dict[str, str] | None = None
) -> list[Sighting]:
    """The sightings of one page. A rule that breaks is noted in `broken` and does not stop the others."""
    if context.boilerplate and not context.is_home(page.url):
        page.leave_out(context.boilerplate)
    reason = barred(page, context)
    if reason:
        return []
    news = is_news(page, context)
    topics = page_topics(page, context)
    asked = [rule for rule in rules if _looks_at(rule, page, context) and (rule.news or not news)]
    sections = sections_of(page)
    page.parted = bool(sections)
    empty = not EMPTY.isdisjoint(index_of(page, context).main)
    hollow = [one for one in sections if one.is_leaf and is_hollow(one, context)] if empty else []
    whole = Rest(page, hollow) if hollow else page
    looks = (_Whole(whole, rule, context, topics, sections) for rule in asked)
    sightings = [one for look in looks if (one := _seen(look, broken)) is not None]
    passed = {one.rule for one in sightings if one.outcome == "passed"}
    rest = [rule for rule in asked if rule.id not in passed]
    return sightings + _in_sections([one for one in sections if one not in hollow], rest, context, broken)


def _seen(look: _Look, broken: dict[str, str] | None) -> Sighting | None:
    try:
        return look.sighting()
    except Exception as problem:
        if broken is None:
            raise
        broken.setdefault(look.rule.id, f"{type(problem).__name__}: {problem} (on {look.page.url})")
        return None


def _in_sections(
    sections: Sequence[Section], rules: Sequence[Rule], context: Context, broken: dict[str, str] | None
) -> list[Sighting]:
    """What sections show that the page as a whole does not. A section must be named by its own heading."""
    found: list[Sighting] = []
    passed: set[str] = set()
    for section in sections:
        named = context.lexicon.topics_in(section.title, weak=True)
        wanted = [one for one in rules if one.id not in passed and not named.isdisjoint(one.headings)]
        if not wanted:
            continue
        news, topics = tells_news(section, context), page_topics(section, context)
        for rule in wanted:
            if rule.news or not news:
                sighting = _seen(_Part(section, rule, context, topics), broken)
                if sighting is not None:
                    found.append(sighting)
                    passed.update({rule.id} if sighting.outcome == "passed" else ())
    return found


def _looks_at(rule: Rule, page: Page, context: Context) -> bool:
    kind = "document" if page.is_document else page.kind
    if kind not in rule.look_at and not (kind == "dom" and "page" in rule.look_at):
        return False
    if kind in ("page", "dom", "document"):
        if rule.where == "home":
            return context.is_home(page.url)
        if rule.where == "official":
            return context.is_official(page.url)
    return True


class _Look:
    """One rule on one page; each signal is asked at most once."""

    def __init__(self, page: Page, rule: Rule, context: Context, topics: set[str]) -> None:
        self.page, self.rule, self.context, self.topics = page, rule, context, topics
        self._fired: dict[str, tuple[Signal, ...]] = {}

    def fired(self, name: str) -> tuple[Signal, ...]:
        known = self._fired.get(name)
        if known is None:
            spec = self.rule.signals[name]
            known = self._fired[name] = self._ask(spec) if self._possible(spec) else ()
        return known

    def _possible(self, spec: SignalSpec) -> bool:
        return not spec.topics or not self.topics.isdisjoint(spec.topics)

    def _ask(self, spec: SignalSpec) -> tuple[Signal, ...]:
        try:
            return tuple(
                self._signal(spec, found) for found in MATCHERS[spec.kind](self.page, spec, self.context)
            )
        except CannotTell:
            return ()

    def _signal(self, spec: SignalSpec, found: Found) -> Signal:
        record_id, url = found.page or (self.page.record_id, self.page.url)
        return Signal(
            rule=self.rule.id,
            name=spec.name,
            family=spec.family,
            kind=spec.kind,
            quote=found.quote,
            prefix=found.prefix,
            suffix=found.suffix,
            selector=selector(found.node) if found.node is not None else "",
            language=found.language or self.page.language,
            term=found.term,
            topic=found.topic,
            record_id=record_id,
            url=without_fragment(url),
            reason=found.reason,
        )

    def sighting(self) -> Sighting | None:
        for outcome, alternatives in (("passed", self.rule.passed), ("failed", self.rule.failed)):
            best = self._best(alternatives)
            if best:
                vetoes = tuple(signal for name in self.rule.unless for signal in self.fired(name)[:1])
                return self._made("vetoed" if vetoes else outcome, best, vetoes)
        return self._lead()

    def _best(self, alternatives: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """The alternative that fires with most families; () when none does."""
        good: list[tuple[int, tuple[str, ...]]] = []
        for names in alternatives:
            specs = [self.rule.signals[name] for name in names]
            if all(self._possible(spec) for spec in specs) and all(self.fired(name) for name in names):
                good.append((len({spec.family for spec in specs}), names))
        return max(good, key=lambda pair: pair[0])[1] if good else ()

    def _lead(self) -> Sighting | None:
        naming = [
            name
            for name, spec in self.rule.signals.items()
            if spec.kind in NAMING and name not in self.rule.unless and self._possible(spec) and spec.topics
        ]
        named = [name for name in naming if self.fired(name)]
        if not named:
            return None
        names = [name for name in self.rule.signals if name not in self.rule.unless and self.fired(name)]
        return self._made("lead", tuple(names), tuple(s for n in self.rule.unless for s in self.fired(n)[:1]))

    def _made(self, outcome: str, names: tuple[str, ...], vetoes: tuple[Signal, ...]) -> Sighting:
        shown = tuple(signal for name in names for signal in self.fired(name))
        families = {self.rule.signals[name].family for name in names}
        kinds = {self.rule.signals[name].kind for name in names}
        path = self.page.url.count("/")
        named = any(
            signal.topic in self.rule.wants and signal.kind in ("title", "inbound") for signal in shown
        )
        rank = (
            2 * int(isinstance(self.page, Section))
            - 3 * int(named)
            - 2 * int("title" in kinds)
            - int("inbound" in kinds)
            - len(families),
            -len(names),
            int(self.page.kind == "dom"),
            int(self.page.is_document),
            int("?" in self.page.url),
            path,
        )
        return Sighting(
            self.rule.id, self.page.url, self.page.record_id, outcome, shown, vetoes, len(families),
            _named(self.page), rank,
        )  # fmt: skip


def _named(page: Page) -> str:
    """As a person would find it: the page, and under which heading."""
    return f"{page.page.title} › {page.title}" if isinstance(page, Section) else page.title


class _Whole(_Look):
    """One rule on a whole page. What stands in one section does not speak against another."""

    def __init__(
        self, page: Page, rule: Rule, context: Context, topics: set[str], sections: Sequence[Section]
    ) -> None:
        super().__init__(page, rule, context, topics)
        self.sections = sections

    def sighting(self) -> Sighting | None:
        seen = super().sighting()
        if seen is None or seen.outcome != "vetoed" or isinstance(self.page, Section):
            return seen
        against = [name for name in self.rule.unless if self.fired(name)]
        if any(self.rule.signals[name].kind != "text" for name in against):
            return seen
        leaves = [one for one in self.sections if one.is_leaf]
        without = [one for one in leaves if self._speaks_against(one, against)]
        if not without:
            return seen
        again = _Look(Rest(self.page, without), self.rule, self.context, self.topics).sighting()
        return again if again is not None and again.outcome == "passed" else seen

    def _speaks_against(self, section: Section, names: Sequence[str]) -> bool:
        look = _Look(section, self.rule, self.context, self.topics)
        return any(look.fired(name) for name in names)


class _Part(_Look):
    """One rule on one section: it never fails a rule, and is no lead where the page is none."""

    page: Section

    def __init__(self, page: Section, rule: Rule, context: Context, topics: set[str]) -> None:
        super().__init__(page, rule, context, topics)
        self.above = _Look(page.page, rule, context, topics | _title_topics(page.page, context))

    def _ask(self, spec: SignalSpec) -> tuple[Signal, ...]:
        return super()._ask(spec.in_section)

    def sighting(self) -> Sighting | None:
        best, below = self._best(self._by_title()), self._best_below()
        best = max(best, below, key=len)
        if not best:
            return None
        vetoes = tuple(signal for name in self.rule.unless for signal in self._against(name)[:1])
        return self._made("vetoed" if vetoes else "passed", best, vetoes)

    def _kinds(self, names: Sequence[str]) -> set[str]:
        return {self.rule.signals[name].kind for name in names}

    def _by_title(self) -> list[tuple[str, ...]]:
        """Alternatives in which the section's heading stands for the page's title."""
        return [names for names in self.rule.passed if self._kinds(names) & {"title", "heading"}]

    def _best_below(self) -> tuple[str, ...]:
        """Under a page titled so, a section headed so: such alternatives may take the title from the page."""
        for names in self.rule.passed:
            if self._kinds(names) >= {"title", "heading"}:
                titles = [name for name in names if self.rule.signals[name].kind == "title"]
                others = [name for name in names if name not in titles]
                if all(self._possible(self.rule.signals[name]) and self.fired(name) for name in others):
                    shown = {name: self.fired(name) or self.above.fired(name) for name in titles}
                    if all(shown.values()):
                        self._fired.update(shown)
                        return names
        return ()

    def _against(self, name: str) -> tuple[Signal, ...]:
        """The page's title governs its sections, unless it names what the rule looks for as well."""
        found = self.fired(name)
        if found or self.rule.signals[name].kind != "title":
            return found
        wanted = _title_topics(self.page.page, self.context).intersection(self.rule.wants)
        return () if wanted else self.above.fired(name)


def _title_topics(page: Page, context: Context) -> set[str]:
    said = [*title_parts(page, context), *(one.text for one in page.headings if one.level == 1)]
    return {topic for text in said for topic in context.lexicon.topics_in(text, weak=True)}
