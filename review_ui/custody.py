"""Whether stored bytes are still what was sealed: each segment against its seal, each record against its leaf.

A segment is read whole once, for as long as its file and its seal stay the same; what is shown is read and
compared anew each time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

from evidence_store import Capture, DigestMismatch, NotFound, Record, Redacted, Seal, Store
from evidence_store.verifier import Fault, Tree, heads
from review_ui.errors import Refused
from review_ui.seal_chain import Chain, read_chain
from review_ui.segment_reading import Entry, entries_of

State = Literal["sealed", "unsealed", "redacted", "altered"]
Stamp = tuple[tuple[str, int, int], ...]
SEGMENTS = 32  # remembered at a time
REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Redaction:
    """Who took the bytes out, when, and why."""

    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Custody:
    """What can be said of one record's bytes; `number` counts a segment's records from 1."""

    state: State
    seal: Seal | None = None
    number: int = 0
    leaf: str = ""
    why: str = ""
    redaction: Redaction | None = None

    @property
    def shown(self) -> bool:
        return self.state in ("sealed", "unsealed")


@dataclass(frozen=True, slots=True)
class Held:
    """A segment beside its seal."""

    seal: Seal | None
    fault: str = ""
    entries: Mapping[int, Entry] = field(default_factory=dict)  # by offset

    def of(self, capture: Capture) -> Custody:
        if self.fault:
            return Custody("altered", self.seal, why=self.fault)
        if self.seal is None:
            return Custody("redacted" if capture.type == REDACTED else "unsealed")
        entry = self.entries.get(capture.offset)
        if entry is None or entry.name != capture.record_id:
            return Custody("altered", self.seal, why="another record stands at its place")
        if entry.number > self.seal.records:
            return Custody("unsealed", number=entry.number, leaf=_named(entry.leaf))
        state: State = "altered" if entry.damage else "redacted" if entry.is_stub else "sealed"
        return Custody(state, self.seal, entry.number, _named(entry.leaf), why=entry.damage)


@dataclass(frozen=True, slots=True)
class Kept:
    """How the records of a city stand."""

    sealed: int = 0
    unsealed: int = 0
    redacted: int = 0
    altered: int = 0


class Custodian:
    def __init__(self, store: Store) -> None:
        self.store = store
        self._chain: Callable[[str, Stamp], Chain] = lru_cache(64)(self._read_chain)
        self._held: Callable[[str, Stamp, Seal], Held] = lru_cache(SEGMENTS)(self._hold)
        self._tally: Callable[[str, Stamp], Kept] = lru_cache(64)(self._count)

    def of(self, capture: Capture) -> Custody:
        """As far as it is known without reading this record again."""
        custody = self._holding(capture.filename).of(capture)
        if custody.state == "redacted":
            return self._redacted(capture, custody)
        if custody.shown and capture.type == "revisit":
            return self._with_original(capture, custody)
        return custody

    def read(self, capture: Capture) -> tuple[Record, Custody]:
        """The record, its digests and its leaf compared now. Raises Refused, which carries the custody."""
        custody = self.of(capture)
        if not custody.shown:
            raise Refused(custody)
        try:
            record = self.store.read(capture)
            if custody.state == "sealed" and _leaf_of(self.member(capture), record) != custody.leaf:
                raise DigestMismatch(capture.record_id, capture.filename, "its leaf is not the sealed one")
        except (DigestMismatch, NotFound, Redacted, Fault, OSError) as error:
            raise Refused(replace(custody, state="altered", why=str(error))) from error
        return record, custody

    def member(self, capture: Capture) -> bytes:
        """The gzip member as it stands in its file."""
        with (self.store.archive / capture.filename).open("rb") as file:
            file.seek(capture.offset)
            return file.read(capture.length)

    def stamp(self, capture: Capture) -> Stamp:
        """Another stamp, another file."""
        return _stamp([self.store.archive / capture.filename])

    def tally(self, assessment_id: str) -> Kept:
        """Counted anew when a file of the city's folder has changed."""
        folder = self.store.archive / assessment_id
        return self._tally(assessment_id, _stamp(sorted(folder.iterdir()) if folder.is_dir() else ()))

    def chain(self, of: str) -> Chain:
        return self._chain(of, _stamp(sorted((self.store.archive / of).glob("seal-*"))))

    def _holding(self, filename: str) -> Held:
        folder, _, name = filename.rpartition("/")
        chain = self.chain(folder)
        seal = chain.of_segment.get(name)
        stamp = _stamp([self.store.archive / filename])
        if chain.fault or not stamp:
            return Held(seal, fault=chain.fault or "its file is gone")
        return self._held(filename, stamp, seal) if seal else Held(None)

    def _hold(self, filename: str, stamp: Stamp, seal: Seal) -> Held:
        tree, entries, fault = Tree(), dict[int, Entry](), ""
        try:
            for entry in entries_of(self.store.archive / filename):
                if entry.number <= seal.records:
                    tree.add(entry.leaf)
                entries[entry.offset] = entry
        except (Fault, OSError) as error:
            fault = str(error)
        if tree.count == seal.records and _named(tree.root()) == seal.root:
            return Held(seal, entries=entries)  # what is torn behind the last sealed record is no evidence
        return Held(seal, fault=fault or "its records do not give the root that was sealed")

    def _count(self, assessment_id: str, stamp: Stamp) -> Kept:
        by_file: dict[str, list[Capture]] = {}
        for capture in self.store.captures(assessment_id):
            by_file.setdefault(capture.filename, []).append(capture)
        states: Counter[str] = Counter()
        for filename, captures in by_file.items():
            held = self._holding(filename)
            states.update(held.of(capture).state for capture in captures)
        return Kept(**states)

    def _with_original(self, capture: Capture, custody: Custody) -> Custody:
        """A revisit's body is another record's: the lesser of the two states is what can be said."""
        try:
            body = self.of(self.store.capture(capture.refers_to or ""))
        except NotFound:
            return replace(custody, state="altered", why="the record that has its body is gone")
        return custody if body.state == "sealed" else replace(custody, state=body.state, why=body.why)

    def _redacted(self, capture: Capture, custody: Custody) -> Custody:
        try:
            said = self.store.redaction(capture.record_id)
        except (DigestMismatch, NotFound):
            said = None
        if said is None:
            return replace(custody, state="altered", why="its bytes were taken out, and no record says why")
        return replace(custody, redaction=Redaction(said.by, said.at, said.reason))

    def _read_chain(self, of: str, stamp: Stamp) -> Chain:
        return read_chain(self.store, of)


def _leaf_of(member: bytes, record: Record) -> str:
    """Of the very bytes that were read: both readings must speak of the same block."""
    found = next(heads(BytesIO(member)), None)
    if found is None or found.fields.get("WARC-Block-Digest") != record.headers.get("WARC-Block-Digest"):
        raise Fault("the file changed while it was read")
    return _named(found.leaf)


def _named(digest: bytes) -> str:
    return "sha256:" + digest.hex()


def _stamp(paths: Iterable[Path]) -> Stamp:
    """What is not there has no stamp."""
    found = []
    for path in paths:
        try:
            stat = os.stat(path)
        except OSError:
            continue
        found.append((path.name, stat.st_size, stat.st_mtime_ns))
    return tuple(found)
