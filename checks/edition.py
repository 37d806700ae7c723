"""A questionnaire: criteria, indicators, denominator, level bands. A published edition never changes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from checks.errors import UnknownEdition, UnknownIndicator
from checks.shape import Checker, Shape, texts
from checks.yamlfile import Fault, Source, parse_yaml, read_yaml, refuse

FOLDER = Path(__file__).parent / "editions"
METHODS = frozenset({"measured", "evidence", "person"})
_SHAPE = Shape(
    {
        "schema": "text",
        "id": "text",
        "name": "text",
        "year": "text",
        "n": "text",
        "levels": "any",
        "criteria": "map",
        "indicators": "any",
    },
    {"published_denominator": "text", "status": "text", "sources": "list", "note": "text"},
)
_INDICATOR = Shape(
    {
        "code": "text",
        "name": "text",
        "criterion": "text",
        "question": "text",
        "guidance": "text",
        "method": "text",
        "rules": "list",
        "source": "text",
        "certainty": "text",
    },
    {"channels": "list", "split_from": "text", "osi": "text", "prescribed_test": "text", "note": "text"},
)


@dataclass(frozen=True)
class Criterion:
    code: str
    name: str
    count: int


@dataclass(frozen=True)
class Level:
    """A band of values: strictly above an edge, or from an edge on."""

    name: str
    above: str | None = None
    from_: str | None = None


@dataclass(frozen=True)
class Indicator:
    code: str
    name: str
    criterion: str
    question: str
    guidance: str
    method: str
    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("web",)
    split_from: str | None = None
    source: str = ""
    certainty: str = ""
    osi: str = ""
    prescribed_test: str = ""


@dataclass(frozen=True)
class Edition:
    id: str
    name: str
    year: str
    n: int
    levels: tuple[Level, ...]
    criteria: tuple[Criterion, ...]
    indicators: tuple[Indicator, ...]
    published_denominator: int | None = None
    text: str = field(default="", repr=False, compare=False)

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()

    def indicator(self, code: str) -> Indicator:
        """Raises UnknownIndicator."""
        for indicator in self.indicators:
            if indicator.code == code:
                return indicator
        raise UnknownIndicator(self.id, code)


def edition_ids() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def edition_text(edition_id: str) -> str:
    """The file as it stands; what a round archives. Raises UnknownEdition."""
    if edition_id not in edition_ids():
        raise UnknownEdition(edition_id, edition_ids())
    return (FOLDER / f"{edition_id}.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=16)
def load_edition(edition_id: str) -> Edition:
    """Raises UnknownEdition or BadData."""
    return parse_edition(edition_text(edition_id), f"editions/{edition_id}.yaml")


@lru_cache(maxsize=16)
def parse_edition(text: str, name: str = "edition") -> Edition:
    """From the text of a file, the package's or an archived one. Raises BadData."""
    source = parse_yaml(text, name)
    refuse(check_edition(source))
    data = source.data
    published = data.get("published_denominator")
    return Edition(
        id=data["id"],
        name=data["name"],
        year=data["year"],
        n=int(data["n"]),
        levels=tuple(Level(item["name"], item.get("above"), item.get("from")) for item in data["levels"]),
        criteria=tuple(
            Criterion(code, item["name"], int(item["count"])) for code, item in data["criteria"].items()
        ),
        indicators=tuple(_indicator(item) for item in data["indicators"]),
        published_denominator=int(published) if published else None,
        text=text,
    )


def _indicator(item: Mapping[str, Any]) -> Indicator:
    return Indicator(
        code=item["code"],
        name=item["name"],
        criterion=item["criterion"],
        question=item["question"],
        guidance=item["guidance"],
        method=item["method"],
        rules=texts(item["rules"]),
        channels=texts(item.get("channels")) or ("web",),
        split_from=item.get("split_from"),
        source=item["source"],
        certainty=item["certainty"],
        osi=item.get("osi", ""),
        prescribed_test=item.get("prescribed_test", ""),
    )


def check_edition(source: Source, *, rules: frozenset[str] | None = None) -> list[Fault]:
    """All faults of one file; `rules` are the known rule ids, when the package's own files are checked."""
    check = Checker(source, list(source.faults))
    data = check.shape(source.data, (), _SHAPE)
    check.schema(data, "edition/1")
    _check_numbers(check, data)
    indicators = data.get("indicators")
    if not isinstance(indicators, list):
        check.fault(("indicators",), "expected a list of indicators")
        indicators = []
    seen: Counter[str] = Counter()
    for place, item in enumerate(indicators):
        key = ("indicators", place)
        item = check.shape(item, key, _INDICATOR)
        seen[item.get("code", "")] += 1
        if seen[item.get("code", "")] > 1:
            check.fault(key, f"the code {item.get('code')!r} stands twice; codes are unique")
        check.one_of(item.get("method"), (*key, "method"), METHODS, "method")
        check.one_of(
            item.get("criterion"), (*key, "criterion"), list(data.get("criteria") or {}), "criterion"
        )
        for rule in texts(item.get("rules")) if rules is not None else ():
            if rules is not None and rule not in rules:
                check.fault((*key, "rules"), f"unknown rule {rule!r}; there is no rules/{rule}.yaml")
        if item.get("method") == "person" and item.get("rules"):
            check.fault((*key, "rules"), "only a person can tell; expected rules: []")
    _check_counts(check, data, indicators)
    return check.faults


def _check_numbers(check: Checker, data: Mapping[str, Any]) -> None:
    if not str(data.get("n", "1")).isdigit() or data.get("n") == "0":
        check.fault(("n",), "expected a whole number of indicators")
    levels = data.get("levels")
    if not isinstance(levels, list) or not levels:
        check.fault(("levels",), "expected a list of bands, highest first: {name, above or from}")
        return
    for place, level in enumerate(levels):
        item = check.shape(
            level, ("levels", place), Shape({"name": "text"}, {"above": "text", "from": "text"})
        )
        for edge in ("above", "from"):
            if edge in item:
                check.number(item[edge], ("levels", place, edge))


def _check_counts(check: Checker, data: Mapping[str, Any], indicators: list[Any]) -> None:
    listed = Counter(item.get("criterion") for item in indicators if isinstance(item, dict))
    for code, criterion in check.mapping(data.get("criteria", {}), ("criteria",)).items():
        item = check.shape(criterion, ("criteria", code), Shape({"name": "text", "count": "text"}))
        if str(item.get("count")) != str(listed[code]):
            check.fault(
                ("criteria", code), f"announces {item.get('count')} indicators, {listed[code]} are listed"
            )


def edition_source(edition_id: str) -> Source:
    return read_yaml(FOLDER / f"{edition_id}.yaml", f"editions/{edition_id}.yaml")
