"""Pure: what the pages together show of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from checks.rule import Rule
from checks.sighting import NAMING, Sighting, Signal

MAX_EVIDENCE = 5  # quotes of one page
MAX_LEADS = 2


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
        naming = {topic for spec in rule.signals.values() if spec.kind in NAMING for topic in spec.topics}
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
    """Quotes worth reading: those of the page itself, one per text, each signal's first before its second.

    What proves comes before what names: the passage or the form before the page's title.
    """
    own = [signal for signal in one.signals if signal.record_id == one.record_id and signal.quote]
    chosen = own or [signal for signal in one.signals if signal.quote]
    turns: dict[str, int] = {}
    ordered = []
    for place, signal in enumerate(chosen):
        turns[signal.name] = turns.get(signal.name, 0) + 1
        ordered.append((turns[signal.name], _weakness(signal), place, signal))
    unique = {signal.quote: signal for *_, signal in sorted(ordered, key=lambda item: item[:3], reverse=True)}
    return list(reversed(unique.values()))[:MAX_EVIDENCE]


STRONGEST = ("provider", "form", "measurement", "structure", "meaning", "wording")


def _weakness(signal: Signal) -> int:
    return len(STRONGEST) + 1 if signal.kind == "role" else STRONGEST.index(signal.family)


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
