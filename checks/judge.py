"""Pure: what a page shows of each rule, and what the pages together show of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checks.context import Context, page_key
from checks.errors import CannotTell
from checks.hosts import without_fragment
from checks.matchers import MATCHERS
from checks.page import Page
from checks.quote import Found, selector
from checks.roles import barred, is_hollow, is_news, tells_news
from checks.rule import Rule, SignalSpec
from checks.section import Section, sections_of
from checks.wording import index_of

MAX_EVIDENCE = 5  # quotes of one page
MAX_LEADS = 2
_NAMING = frozenset(
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
    looks = (_Look(page, rule, context, topics) for rule in asked)
    sightings = [one for look in looks if (one := _seen(look, broken)) is not None]
    passed = {one.rule for one in sightings if one.outcome == "passed"}
    rest = [rule for rule in asked if rule.id not in passed]
    return sightings + _in_sections(page, rest, context, broken)


def _seen(look: _Look, broken: dict[str, str] | None) -> Sighting | None:
    try:
        return look.sighting()
    except Exception as problem:
        if broken is None:
            raise
        broken.setdefault(look.rule.id, f"{type(problem).__name__}: {problem} (on {look.page.url})")
        return None


def _in_sections(
    page: Page, rules: Sequence[Rule], context: Context, broken: dict[str, str] | None
) -> list[Sighting]:
    """What sections show that the page as a whole does not. A section must be named by its own heading."""
    found: list[Sighting] = []
    for section in sections_of(page):
        named = context.lexicon.topics_in(section.title, weak=True)
        wanted = [rule for rule in rules if not named.isdisjoint(rule.headings)] if named else []
        if not wanted or is_hollow(section, context):
            continue
        news, topics = tells_news(section, context), page_topics(section, context)
        for rule in wanted:
            if rule.news or not news:
                sighting = _seen(_Part(section, rule, context, topics), broken)
                if sighting is not None:
                    found.append(sighting)
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
            if spec.kind in _NAMING and name not in self.rule.unless and self._possible(spec) and spec.topics
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
            -3 * int(named) - 2 * int("title" in kinds) - int("inbound" in kinds) - len(families),
            -len(names),
            int(self.page.kind == "dom"),
            int(self.page.is_document),
            int("?" in self.page.url),
            path,
        )
        return Sighting(
            self.rule.id, self.page.url, self.page.record_id, outcome, shown, vetoes, len(families),
            self.page.title, rank,
        )  # fmt: skip


class _Part(_Look):
    """One rule on one section: it never fails a rule, and is no lead where the page is none."""

    page: Section

    def sighting(self) -> Sighting | None:
        best = self._best([names for names in self.rule.passed if self._is_named(names)])
        if not best:
            return None
        vetoes = tuple(signal for name in self.rule.unless for signal in self.fired(name)[:1])
        return self._made("vetoed" if vetoes else "passed", best, vetoes)

    def _is_named(self, names: tuple[str, ...]) -> bool:
        return any(self.rule.signals[name].kind in ("title", "heading") for name in names)


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


@dataclass(frozen=True)
class Looked:
    """How far a crawl looked: what absence is judged by."""

    pages: int = 0
    roles: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    lexicon: Mapping[str, frozenset[str]] = field(default_factory=dict)  # language → topics it has words for
    not_visited: Mapping[str, int] = field(default_factory=dict)
    stopped: str = ""
    trail: str = ""  # record id of the crawl's trail

    @property
    def blocked_share(self) -> float:
        blocked = sum(self.not_visited.get(reason, 0) for reason in ("robots", "blocked", "error"))
        return blocked / (self.pages + blocked) if blocked else 0.0

    def _has_words(self, rule: Rule) -> bool:
        """Whether the rule's words are known in a language of the portal."""
        naming = {topic for spec in rule.signals.values() if spec.kind in _NAMING for topic in spec.topics}
        known = [self.lexicon[tag] for tag in map(_primary, self.languages) if tag in self.lexicon]
        return bool(known) and (not naming or any(naming & topics for topics in known))

    def lacks(self, rule: Rule) -> str:
        """Why absence means nothing yet: a word of the closed vocabulary, or ""."""
        needed = rule.coverage
        if not self._has_words(rule):
            return "language-not-covered"
        if self.stopped in ("blocked", "unreachable"):
            return self.stopped
        if self.blocked_share >= needed.blocked_below:
            return "too-much-blocked"
        if "home" in needed.roles and "home" not in self.roles:
            return "home-not-seen"
        if self.stopped == "exhausted" and self.pages:
            return ""
        if self.pages < needed.pages:
            return "too-few-pages"
        return "" if set(needed.roles) <= self.roles else "roles-not-seen"


@dataclass(frozen=True)
class Judgement:
    """What all pages together show of one rule."""

    rule: str
    outcome: str
    reason: str
    message: str
    confidence: float | None = None
    evidence: tuple[tuple[str, Signal], ...] = ()  # (stance, signal)
    also: tuple[str, ...] = ()  # other pages that show the same


def judge(rule: Rule, sightings: Iterable[Sighting], looked: Looked) -> Judgement:
    mine = sorted((one for one in sightings if one.rule == rule.id), key=lambda one: (one.rank, one.url))
    passed = [one for one in mine if one.outcome == "passed"]
    if passed:
        return _passed(rule, passed, looked)
    measured = [one for one in mine if one.outcome == "failed"]
    if measured and rule.worst == "failed":
        evidence = tuple(("against", signal) for signal in _shown(measured[0]))
        message = _sentence(rule, "failed", looked, measured[0])
        return Judgement(rule.id, "failed", "measured", message, 0.97, evidence)
    near = [one for one in mine if one.outcome in ("lead", "vetoed")]
    lacks = looked.lacks(rule)
    if not lacks and rule.worst == "failed" and not rule.failed:
        evidence = tuple(("against", veto) for one in near[:MAX_LEADS] for veto in one.vetoes[:1])
        message = _sentence(rule, "failed", looked, None)
        also = tuple(one.url for one in near[:MAX_LEADS])
        return Judgement(
            rule.id, "failed", "not-found-after-coverage", message, _absent(looked), evidence, also
        )
    evidence = tuple(pair for one in near[:MAX_LEADS] for pair in _near(one))
    reason = "lead-not-enough" if near else lacks or "not-found"
    message = _sentence(rule, "cantTell", looked, near[0] if near else None)
    return Judgement(rule.id, "cantTell", reason, message, None, evidence, tuple(one.url for one in near[:5]))


def _near(one: Sighting) -> list[tuple[str, Signal]]:
    return [*(("for", signal) for signal in _shown(one)[:3]), *(("against", veto) for veto in one.vetoes[:2])]


def _passed(rule: Rule, passed: list[Sighting], looked: Looked) -> Judgement:
    best = passed[0]
    shown = _shown(best)
    return Judgement(
        rule.id,
        "passed",
        reason_of(best),
        _sentence(rule, "passed", looked, best),
        confidence(best, len(passed)),
        tuple(("for", signal) for signal in shown),
        tuple(dict.fromkeys(one.url for one in passed[1:6])),
    )


def _shown(one: Sighting) -> list[Signal]:
    """Quotes worth reading: those of the page itself, one per text, each signal's first before its second."""
    own = [signal for signal in one.signals if signal.record_id == one.record_id and signal.quote]
    chosen = own or [signal for signal in one.signals if signal.quote]
    turns: dict[str, int] = {}
    ordered = []
    for place, signal in enumerate(chosen):
        turns[signal.name] = turns.get(signal.name, 0) + 1
        ordered.append((turns[signal.name], place, signal))
    unique = {
        signal.quote: signal for _, _, signal in sorted(ordered, key=lambda item: item[:2], reverse=True)
    }
    return list(reversed(unique.values()))[:MAX_EVIDENCE]


def reason_of(one: Sighting) -> str:
    """From the strongest thing seen, in the closed vocabulary of reasons."""
    for signal in one.signals:
        if signal.reason:
            return signal.reason
    kinds = {signal.kind for signal in one.signals}
    for kind, reason in _REASONS:
        if kind in kinds:
            return reason
    return "seen-on-page"


_REASONS = (
    ("measure", "measured"),
    ("form", "form-on-page"),
    ("list", "list-on-page"),
    ("file", "files-on-page"),
    ("contact", "contacts-on-page"),
    ("link", "words-on-link"),
    ("title", "words-in-title"),
    ("heading", "words-in-heading"),
    ("inbound", "words-on-link"),
    ("facets", "words-in-text"),
)


def confidence(best: Sighting, pages: int) -> float:
    """A prior until answers calibrate it: two families 0.86, each more 0.04, each further page 0.02."""
    if any(signal.family == "measurement" for signal in best.signals):
        return 0.97
    value = 0.78 + 0.04 * min(best.families, 4) + 0.02 * min(pages - 1, 3)
    if any(signal.family == "provider" for signal in best.signals):
        value += 0.04
    return round(min(value, 0.97), 2)


def _absent(looked: Looked) -> float:
    """Not found in n pages: 0.6, rising to 0.85 at 200 pages; less as more was closed to us."""
    return round((0.6 + 0.25 * min(looked.pages, 200) / 200) * (1 - looked.blocked_share), 2)


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _sentence(rule: Rule, outcome: str, looked: Looked, one: Sighting | None) -> str:
    said = one.signals if one is not None else ()
    values = _Values(
        title=(one.title or one.url) if one is not None else "",
        url=one.url if one is not None else "",
        terms=", ".join(dict.fromkeys(signal.term for signal in said if signal.term)),
        count=str(len(said)),
        pages=str(looked.pages),
        languages=", ".join(looked.languages) or "no known language",
        skipped=", ".join(f"{reason} {count}" for reason, count in sorted(looked.not_visited.items()))
        or "none",
    )
    template = rule.messages.get(outcome) or rule.title
    try:
        return template.format_map(values)
    except (ValueError, IndexError, AttributeError):  # a stray brace in a sentence
        return template
