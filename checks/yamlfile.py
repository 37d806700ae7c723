"""YAML read as strings only: `no` stays the language tag of Norwegian, `008` stays a code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from checks.errors import BadData

Key = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
MAX_BYTES = 4_000_000


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in a data file, said so that its author can put it right."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A parsed file: nested dicts, lists and strings, and the line of every key."""

    file: str
    data: Any
    lines: dict[Key, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def line(self, key: Key) -> int:
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def fault(self, key: Key, message: str) -> Fault:
        return Fault(self.file, self.line(key), ".".join(map(str, key)) or "file", message)


def read_yaml(path: Path, name: str | None = None) -> Source:
    name = name or path.name
    try:
        raw = path.read_bytes()
    except OSError as problem:
        return Source(name, {}, faults=(Fault(name, 1, "file", f"cannot be read: {problem.strerror}"),))
    return parse_yaml(raw, name)


def parse_yaml(text: str | bytes, name: str) -> Source:
    if len(text) > MAX_BYTES:
        return Source(name, {}, faults=(Fault(name, 1, "file", f"larger than {MAX_BYTES} bytes"),))
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as problem:
        last = text.count(b"\n" if isinstance(text, bytes) else "\n") + 1  # type: ignore[arg-type]
        return Source(name, {}, faults=(_syntax_fault(problem, name, last),))
    except (UnicodeDecodeError, RecursionError) as problem:
        return Source(name, {}, faults=(Fault(name, 1, "file", f"not readable as YAML: {problem}"),))
    reader = _Reader(name)
    data = reader.build(node, ()) if node is not None else {}
    return Source(name, data, reader.lines, tuple(reader.faults))


def _syntax_fault(problem: yaml.YAMLError, name: str, last: int) -> Fault:
    mark = getattr(problem, "problem_mark", None)
    said = getattr(problem, "problem", None) or str(problem).splitlines()[0]
    return Fault(name, min(mark.line + 1, last) if mark else 1, "file", f"not valid YAML: {said}")


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Key, int] = {}
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def build(self, node: Any, key: Key) -> Any:
        self.lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if id(node) in self._seen:  # an alias: a few of them can expand without end
            self._fault(node, key, "aliases (*name) are not allowed; write it out")
            return {}
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*key, place)) for place, child in enumerate(node.value)]
        return dict(self._pairs(node, key))

    def _pairs(self, node: Any, key: Key) -> Iterator[tuple[str, Any]]:
        known: set[str] = set()
        for name_node, child in node.value:
            name = str(name_node.value)
            if name in known:
                self._fault(name_node, (*key, name), "the key stands twice; keep one")
            known.add(name)
            self.lines[(*key, name)] = name_node.start_mark.line + 1
            yield name, self.build(child, (*key, name))

    def _fault(self, node: Any, key: Key, message: str) -> None:
        line = node.start_mark.line + 1
        self.faults.append(Fault(self.name, line, ".".join(map(str, key)) or "file", message))


def refuse(faults: list[Fault] | tuple[Fault, ...]) -> None:
    """Raises BadData when there are faults."""
    if faults:
        raise BadData(sorted(faults))
