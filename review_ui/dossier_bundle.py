"""What a bundle says of its own making, read from its file and not checked: checking is the verifier's."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence_store import Capture

MAX_STATEMENT = 1_000_000  # bytes of a seal, a fingerprint or the digest file


@dataclass(frozen=True, slots=True)
class Seal:
    number: int
    file: str
    segment: str
    records: int
    root: str
    sealed: str
    software: str
    key: str
    digest: str  # of the seal's file: what the next seal, a timestamp and a fingerprint name


@dataclass(frozen=True, slots=True)
class Timestamp:
    seal: int
    seal_file: str
    file: str
    authority: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    file: str
    day: str
    digest: str
    number: int  # of the city's newest seal that it covers


@dataclass(frozen=True, slots=True)
class KeyStatement:
    verb: str  # made, rotated or revoked
    key: str
    successor: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies in the bundle, and the leaf that stands for it in its seal."""

    segment: str
    offset: int
    length: int
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    name: str = ""  # of the bundle's file
    digest: str = ""
    size: int = 0
    made: str = ""
    software: str = ""
    key: str = ""
    seals: tuple[Seal, ...] = ()
    timestamps: tuple[Timestamp, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    history: tuple[KeyStatement, ...] = ()
    places: Mapping[tuple[str, int], Place] = field(default_factory=dict)

    @classmethod
    def read(cls, bundle: Path) -> Bundled:
        """Raises OSError and BadZipFile when the file is none."""
        with bundle.open("rb") as stream:
            digest = "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
        with zipfile.ZipFile(bundle) as archive:
            names = archive.namelist()
            seals = tuple(_seals(archive, names))
            said = _statement(archive, "datapackage-digest.json", names)[1].get("losi", {}).get("bundle", {})
            return cls(
                name=bundle.name,
                digest=digest,
                size=bundle.stat().st_size,
                made=str(said.get("made", "")),
                software=str(said.get("software", "")),
                key=str(said.get("key", "")),
                seals=seals,
                timestamps=tuple(_timestamps(names)),
                fingerprints=tuple(_fingerprints(archive, names, str(said.get("of", "")))),
                history=tuple(_history(archive, names)),
                places=dict(_places(archive, names)),
            )

    @property
    def state(self) -> str:
        """In the order of what it proves: unsealed, self-attested, timestamped."""
        if not self.seals:
            return "unsealed"
        return "timestamped" if self.timestamps else "self-attested"

    @property
    def head(self) -> Seal | None:
        return self.seals[-1] if self.seals else None

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([seal.key for seal in self.seals] + ([self.key] if self.key else [])))

    def seal_of(self, segment: str) -> Seal | None:
        return next((seal for seal in self.seals if seal.segment == segment), None)

    def place_of(self, capture: Capture) -> Place | None:
        return self.places.get((capture.filename.rpartition("/")[2], capture.offset))


NO_BUNDLE = Bundled()


def _seals(archive: zipfile.ZipFile, names: list[str]) -> Iterator[Seal]:
    for name in sorted(name for name in names if re.fullmatch(r"seals/seal-\d+\.json", name)):
        digest, document = _statement(archive, name, names)
        seal = document.get("seal", {})
        yield Seal(
            number=int(seal.get("number", 0)),
            file=name,
            segment=str(seal.get("segment", "")),
            records=int(seal.get("records", 0)),
            root=str(seal.get("root", "")),
            sealed=str(seal.get("sealed", "")),
            software=str(seal.get("software", "")),
            key=str(seal.get("key", "")),
            digest=digest,
        )


def _timestamps(names: list[str]) -> Iterator[Timestamp]:
    for name in sorted(names):
        if found := re.fullmatch(r"(seals/seal-(\d+))\.(.+)\.tsr", name):
            yield Timestamp(int(found[2]), found[1] + ".json", name, found[3])


def _fingerprints(archive: zipfile.ZipFile, names: list[str], of: str) -> Iterator[Fingerprint]:
    city = of.rpartition("/")[2]
    for name in sorted(name for name in names if re.fullmatch(r"seals/fingerprint-[\d-]+\.json", name)):
        digest, document = _statement(archive, name, names)
        number = int(document.get("heads", {}).get(city, {}).get("number", 0))
        yield Fingerprint(name, str(document.get("day", "")), digest, number)


def _statement(archive: zipfile.ZipFile, name: str, names: list[str]) -> tuple[str, dict[str, Any]]:
    """Digest and content; empty where there is none."""
    if name not in names:
        return "", {}
    with archive.open(name) as stream:
        data = stream.read(MAX_STATEMENT)
    document = json.loads(data)
    return "sha256:" + hashlib.sha256(data).hexdigest(), document if isinstance(document, dict) else {}


def _history(archive: zipfile.ZipFile, names: list[str]) -> Iterator[KeyStatement]:
    if "seals/keys.jsonl" not in names:
        return
    with archive.open("seals/keys.jsonl") as stream:
        for raw in stream:
            said = json.loads(raw).get("statement", {})
            yield KeyStatement(
                *(str(said.get(name, "")) for name in ("verb", "key", "successor", "at", "reason"))
            )


def _places(archive: zipfile.ZipFile, names: list[str]) -> Iterator[tuple[tuple[str, int], Place]]:
    """By segment and offset: a redacted record keeps its place, not its name."""
    for name in (name for name in names if name.rpartition("/")[2] == "ledger.jsonl"):
        with archive.open(name) as stream:
            for raw in stream:
                line = json.loads(raw)
                segment, offset = str(line["segment"]).rpartition("/")[2], int(line["offset"])
                yield (segment, offset), Place(segment, offset, int(line["length"]), str(line["leaf"]))
