"""What a data file must look like, and every way in which one does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.yamlfile import Fault, Key, Source


@dataclass(frozen=True)
class Shape:
    """The keys of a mapping: name → "text", "list" (of texts), "map" or "any"."""

    required: Mapping[str, str]
    optional: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Checker:
    """Collects the faults of one source; every question about it goes through here."""

    source: Source
    faults: list[Fault] = field(default_factory=list)

    def fault(self, key: Key, message: str) -> None:
        self.faults.append(self.source.fault(key, message))

    def mapping(self, value: Any, key: Key) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.fault(key, "expected a mapping (name: value)")
        return {}

    def shape(self, value: Any, key: Key, shape: Shape) -> dict[str, Any]:
        """The value as a mapping, with all its departures from the shape noted."""
        data = self.mapping(value, key)
        for name in shape.required:
            if name not in data:
                self.fault(key, f"the key {name!r} is missing")
        allowed = {**shape.required, **shape.optional}
        for name, item in data.items():
            if name not in allowed:
                self.fault((*key, name), f"unknown key; expected one of {', '.join(sorted(allowed))}")
            elif not _fits(item, allowed[name]):
                self.fault((*key, name), f"expected {_WORDS[allowed[name]]}")
        return data

    def schema(self, data: Mapping[str, Any], expected: str) -> None:
        if data.get("schema", expected) != expected:
            self.fault(("schema",), f"expected {expected}, found {data['schema']!r}")

    def one_of(self, value: Any, key: Key, allowed: Collection[str], what: str) -> None:
        if value not in allowed:
            self.fault(key, f"unknown {what} {value!r}; expected one of {', '.join(sorted(allowed))}")

    def number(self, value: Any, key: Key) -> None:
        try:
            float(value)
        except (TypeError, ValueError):
            self.fault(key, f"expected a number in quotes, found {value!r}")


_FITS: dict[str, Callable[[Any], bool]] = {
    "text": lambda item: isinstance(item, str),
    "list": lambda item: isinstance(item, list) and all(isinstance(one, str) for one in item),
    "map": lambda item: isinstance(item, dict),
    "any": lambda item: True,
}
_WORDS = {
    "text": "a text",
    "list": "a list of texts [a, b]",
    "map": "a mapping (name: value)",
    "any": "a value",
}


def _fits(item: Any, kind: str) -> bool:
    return _FITS[kind](item)


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts, whether written as a list, as one text, or not at all."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value)
