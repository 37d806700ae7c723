"""One rule, one file: what can be seen, and what it would show. Rules hold no logic, matchers no words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from checks.shape import Checker, Shape, texts
from checks.yamlfile import Fault, Source, read_yaml, refuse

FOLDER = Path(__file__).parent / "rules"
FAMILIES = frozenset({"wording", "structure", "provider", "form", "measurement", "meaning"})
ALONE = frozenset({"measurement", "provider"})  # families that are proof by themselves
SECTION_SHARE = 0.6  # of the words and terms asked of a page, what is asked of one of its sections
OUTCOMES = ("passed", "failed", "cantTell")
PLACES = frozenset({"any", "home", "official"})
LOOK_AT = frozenset({"page", "document", "dom", "tls", "accessibility", "phone"})
# Signal kind → the parameters it knows. The functions are in matchers.py and share these names.
KINDS: dict[str, frozenset[str]] = {
    "title": frozenset({"topic", "topics", "strength"}),
    "heading": frozenset({"topic", "topics", "strength", "at_least"}),
    "link": frozenset({"topic", "topics", "strength", "zone", "to", "also", "provider", "at_least"}),
    "inbound": frozenset({"topic", "topics", "strength"}),
    "text": frozenset({"topic", "topics", "strength", "at_least"}),
    "facets": frozenset({"topics", "at_least", "strength"}),
    "form": frozenset({"purpose", "topic", "topics", "strength", "fields", "at_least_fields"}),
    "provider": frozenset({"provider", "of", "in", "at_least"}),
    "file": frozenset({"types", "topic", "topics", "strength", "at_least"}),
    "list": frozenset({"at_least", "with", "within_days", "upcoming", "topic", "topics", "strength", "each"}),
    "contact": frozenset({"kinds", "at_least", "topic", "topics", "strength"}),
    "prose": frozenset({"at_least", "questions"}),
    "date": frozenset({"within_days", "upcoming", "within_years", "at_least"}),
    "markup": frozenset({"schema_type", "meta", "rel", "attribute", "selector", "at_least"}),
    "language": frozenset({"other"}),
    "host": frozenset({"suffix", "city_name"}),
    "media": frozenset({"media", "topic", "topics", "strength", "at_least"}),
    "measure": frozenset({"of", "is"}),
    "role": frozenset({"is"}),
}
_NUMBERS = frozenset({"at_least", "at_least_fields", "within_days", "within_years", "questions"})
_ENUMS: dict[str, frozenset[str]] = {
    "zone": frozenset({"nav", "header", "footer", "main", "aside"}),
    "to": frozenset({"own", "foreign", "service", "handoff", "any"}),
    "each": frozenset({"yes"}),
    "strength": frozenset({"strong", "weak"}),
    "purpose": frozenset({"search", "contact", "login", "apply", "pay", "subscribe", "report", "feedback"}),
    "in": frozenset({"form", "link", "iframe", "script", "redirect", "text", "dom"}),
    "with": frozenset({"date", "link", "amount", "file", "time", "text"}),
    "kinds": frozenset({"email", "phone", "address", "person"}),
    "fields": frozenset(
        {"email", "text", "textarea", "file", "search", "password", "select", "date", "tel", "radio"}
    ),
    "media": frozenset({"image", "map", "chart", "video"}),
    "suffix": frozenset({"government"}),
}
_SHAPE = Shape(
    {
        "schema": "text",
        "id": "text",
        "version": "text",
        "title": "text",
        "look_at": "list",
        "signals": "map",
        "propose": "map",
        "messages": "map",
        "references": "list",
        "checked": "text",
    },
    {
        "where": "text",
        "news": "text",
        "unless": "list",
        "coverage": "map",
        "worst": "text",
        "wants": "list",
        "wanted_captures": "list",
        "note": "text",
    },
)
_COVERAGE = Shape({}, {"pages": "text", "roles": "list", "blocked_below": "text"})


@dataclass(frozen=True)
class SignalSpec:
    name: str
    family: str
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def words(self, key: str) -> tuple[str, ...]:
        return texts(self.params.get(key))

    def number(self, key: str, default: int) -> int:
        return int(self.params.get(key, default))

    @cached_property
    def topics(self) -> tuple[str, ...]:
        return self.words("topic") + self.words("topics")

    @cached_property
    def in_section(self) -> SignalSpec:
        """The same signal asked of one section: less text is enough."""
        if self.kind not in ("prose", "text", "facets") or self.number("at_least", 1) < 3:
            return self
        enough = math.ceil(self.number("at_least", 1) * SECTION_SHARE)
        return replace(self, params={**self.params, "at_least": str(enough)})


@dataclass(frozen=True)
class Needed:
    """What must have been looked at before absence means anything."""

    pages: int = 25
    roles: tuple[str, ...] = ("home",)
    blocked_below: float = 0.2


@dataclass(frozen=True)
class Rule:
    id: str
    version: str
    title: str
    look_at: tuple[str, ...]
    where: str
    news: bool
    signals: Mapping[str, SignalSpec]
    passed: tuple[tuple[str, ...], ...]
    failed: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...]
    coverage: Needed
    worst: str
    wants: tuple[str, ...]
    wanted_captures: tuple[str, ...]
    messages: Mapping[str, str]
    references: tuple[str, ...] = ()
    checked: str = ""

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(topic for spec in self.signals.values() for topic in spec.topics)

    @cached_property
    def headings(self) -> frozenset[str]:
        """Topics of which a heading makes a page or a section worth a look."""
        naming = (spec for spec in self.signals.values() if spec.kind in ("title", "heading"))
        return frozenset(topic for spec in naming if spec.name not in self.unless for topic in spec.topics)


def parse_rule(data: Mapping[str, Any]) -> Rule:
    proposals = data["propose"]
    return Rule(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        look_at=texts(data["look_at"]),
        where=data.get("where", "official"),
        news=data.get("news", "no") == "yes",
        signals={name: _signal(name, item) for name, item in data["signals"].items()},
        passed=_alternatives(proposals.get("passed")),
        failed=_alternatives(proposals.get("failed")),
        unless=texts(data.get("unless")),
        coverage=_needed(data.get("coverage") or {}),
        worst=data.get("worst", "failed"),
        wants=texts(data.get("wants")),
        wanted_captures=texts(data.get("wanted_captures")),
        messages=data["messages"],
        references=texts(data.get("references")),
        checked=data.get("checked", ""),
    )


def _signal(name: str, item: Mapping[str, Any]) -> SignalSpec:
    params = {key: value for key, value in item.items() if key not in ("family", "kind", "note")}
    return SignalSpec(name, item["family"], item["kind"], params)


def _alternatives(value: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(texts(alternative) for alternative in value or ())


def _needed(data: Mapping[str, Any]) -> Needed:
    return Needed(
        int(data.get("pages", "25")),
        texts(data.get("roles", ["home"])),
        float(data.get("blocked_below", "0.2")),
    )


@lru_cache(maxsize=1)
def read_rules() -> dict[str, Any]:
    """Rule id → the file's data. Raises BadData with all faults of the first broken file."""
    return {path.stem: _usable(path) for path in sorted(FOLDER.glob("*.yaml"))}


def _usable(path: Path) -> Any:
    source = read_yaml(path, f"rules/{path.name}")
    refuse(check_rule(source))
    return source.data


def load_rules(ids: Iterable[str] | None = None) -> dict[str, Rule]:
    files = read_rules()
    wanted = files if ids is None else [rule_id for rule_id in ids if rule_id in files]
    return {rule_id: parse_rule(files[rule_id]) for rule_id in wanted}


def check_rule(
    source: Source, *, topics: frozenset[str] | None = None, kinds: frozenset[str] | None = None
) -> list[Fault]:
    """All faults of one file; `topics` are those of English, `kinds` the fingerprint folders, when known."""
    check = Checker(source, list(source.faults))
    data = check.shape(source.data, (), _SHAPE)
    check.schema(data, "rule/1")
    if "id" in data and data["id"] != Path(source.file).stem:
        check.fault(("id",), f"expected the file's name, {Path(source.file).stem!r}")
    for place, kind in enumerate(texts(data.get("look_at"))):
        check.one_of(kind, ("look_at", place), LOOK_AT, "capture kind")
    check.one_of(data.get("where", "any"), ("where",), PLACES, "place")
    check.one_of(data.get("news", "no"), ("news",), ("yes", "no"), "value")
    check.one_of(data.get("worst", "failed"), ("worst",), ("failed", "cantTell"), "outcome")
    signals = check.mapping(data.get("signals", {}), ("signals",))
    for name, item in signals.items():
        _check_signal(check, item, ("signals", name), topics, kinds)
    _check_proposals(check, data, signals)
    _check_rest(check, data, topics)
    return check.faults


def _check_signal(
    check: Checker,
    item: Any,
    key: tuple[str, ...],
    topics: frozenset[str] | None,
    kinds: frozenset[str] | None,
) -> None:
    item = check.mapping(item, key)
    for name, allowed in (("family", FAMILIES), ("kind", frozenset(KINDS))):
        if name not in item:
            check.fault(key, f"the key {name!r} is missing")
        else:
            check.one_of(item[name], (*key, name), allowed, name)
    allowed = KINDS.get(item.get("kind", ""), frozenset())
    for name, value in item.items():
        if name in ("family", "kind", "note"):
            continue
        if allowed and name not in allowed:
            check.fault(
                (*key, name), f"{item['kind']} does not know it; expected one of {', '.join(sorted(allowed))}"
            )
        elif name in _NUMBERS:
            check.number(value, (*key, name))
        elif name in _ENUMS and name != "of":
            for word in texts(value):
                check.one_of(word, (*key, name), _ENUMS[name], name)
        elif name in ("topic", "topics", "also") and topics is not None:
            for word in texts(value):
                check.one_of(word, (*key, name), topics, "topic") if word not in topics else None
        elif name in ("provider", "of") and item.get("kind") != "measure" and kinds is not None:
            for word in texts(value):
                check.one_of(word, (*key, name), kinds, "fingerprint kind")


def _check_proposals(check: Checker, data: Mapping[str, Any], signals: Mapping[str, Any]) -> None:
    proposals = check.mapping(data.get("propose", {}), ("propose",))
    for outcome, alternatives in proposals.items():
        check.one_of(outcome, ("propose", outcome), ("passed", "failed"), "outcome")
        for place, names in enumerate(alternatives if isinstance(alternatives, list) else []):
            key = ("propose", outcome, place)
            known = [name for name in texts(names) if name in signals]
            for name in texts(names):
                if name not in signals:
                    check.fault(key, f"unknown signal {name!r}; expected one of {', '.join(sorted(signals))}")
            families = {signals[name].get("family") for name in known if isinstance(signals[name], dict)}
            if outcome == "passed" and len(families) < 2 and not families & ALONE:
                check.fault(key, "one family only; a `passed` needs two, or a provider or a measurement")
    if not proposals.get("passed") and not proposals.get("failed"):
        check.fault(("propose",), "nothing proposed; give passed or failed alternatives")
    for place, name in enumerate(texts(data.get("unless"))):
        if name not in signals:
            check.fault(
                ("unless", place), f"unknown signal {name!r}; expected one of {', '.join(sorted(signals))}"
            )


def _check_rest(check: Checker, data: Mapping[str, Any], topics: frozenset[str] | None) -> None:
    coverage = check.shape(data.get("coverage", {}), ("coverage",), _COVERAGE)
    for name in ("pages", "blocked_below"):
        if name in coverage:
            check.number(coverage[name], ("coverage", name))
    messages = check.mapping(data.get("messages", {}), ("messages",))
    possible = {"cantTell", *(("passed",) if (data.get("propose") or {}).get("passed") else ())}
    if data.get("worst", "failed") == "failed":
        possible.add("failed")
    for outcome in sorted(possible - set(messages)):
        check.fault(("messages",), f"no message for {outcome!r}, which this rule can give")
    for outcome in sorted(set(messages) - set(OUTCOMES)):
        check.fault(("messages", outcome), "unknown outcome; expected passed, failed or cantTell")
    for place, topic in enumerate(texts(data.get("wants"))):
        if topics is not None and topic not in topics:
            check.fault(("wants", place), f"unknown topic {topic!r}; it stands in no lexicons/en.yaml")
