"""The documents that a signer signs: the seal of one segment, the fingerprint of a round. Pure (docs/evidence.md)."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from evidence_store.keys import Signer
from evidence_store.verifier import canonical
from evidence_store.warc import sha256

SCHEMA = "losi-seal/1"
FINGERPRINT_SCHEMA = "losi-fingerprint/1"
_MEMBERS = {"schema", "of", "number", "previous", "segment", "records", "root", "sealed", "software", "key"}


@dataclass(frozen=True)
class Seal:
    """`of` is "<round>/<city>" or "<round>"; `digest` is that of the seal file, which the next one names."""

    of: str
    number: int
    previous: str
    segment: str
    records: int
    root: str
    sealed: str
    software: str
    key: str
    digest: str = ""

    @property
    def name(self) -> str:
        return seal_name(self.number)


@dataclass(frozen=True)
class Head:
    """The last seal of one chain."""

    number: int
    seal: str


@dataclass(frozen=True)
class Fingerprint:
    """`heads` by city; the round's own texts stand under the empty name. `filename` is relative to the archive."""

    round: str
    day: str
    heads: Mapping[str, Head]
    filename: str = ""

    @classmethod
    def parse(cls, data: bytes, filename: str) -> Self:
        """Raises ValueError."""
        read = _object(data)
        try:
            heads = {
                str(city): Head(int(one["number"]), str(one["seal"])) for city, one in read["heads"].items()
            }
            return cls(str(read["round"]), str(read["day"]), heads, filename)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a fingerprint") from error

    @property
    def document(self) -> bytes:
        return canonical(
            {
                "schema": FINGERPRINT_SCHEMA,
                "round": self.round,
                "day": self.day,
                "heads": {city: asdict(head) for city, head in self.heads.items()},
            }
        )

    @property
    def digest(self) -> str:
        """The fingerprint itself."""
        return sha256(self.document)


def seal_document(
    signer: Signer,
    *,
    of: str,
    number: int,
    previous: str,
    segment: str,
    records: int,
    root: bytes,
    sealed: str,
    software: str,
) -> bytes:
    """The bytes of a seal file. Raises NoKey."""
    seal = {
        "schema": SCHEMA,
        "of": of,
        "number": number,
        "previous": previous,
        "segment": segment,
        "records": records,
        "root": "sha256:" + root.hex(),
        "sealed": sealed,
        "software": software,
        "key": signer.key,
    }
    return signed("seal", seal, signer)


def time_after(previous: str) -> str:
    """Now, to the second; not before the seal that it follows, though the clock was set back meanwhile."""
    return max(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), previous)


def signed(member: str, value: Mapping[str, Any], signer: Signer) -> bytes:
    """`{member: value, "signature": …}`, the signature over the canonical form of `value`."""
    signature = base64.b64encode(signer.sign(canonical(dict(value)))).decode()
    return canonical({member: dict(value), "signature": signature})


def parse_seal(data: bytes) -> Seal:
    """Says nothing of its signature. Raises ValueError."""
    seal = _object(data).get("seal")
    if not isinstance(seal, dict) or set(seal) != _MEMBERS or seal["schema"] != SCHEMA:
        raise ValueError("not a seal")
    fields = {name: value for name, value in seal.items() if name != "schema"}
    for name, value in fields.items():
        if type(value) is not (int if name in ("number", "records") else str):
            raise ValueError(f"{name} of a seal")
    return Seal(**fields, digest=sha256(data))


def chained(seals: Iterator[Seal], of: str) -> Iterator[Seal]:
    """The same, each found to follow the one before. Raises ValueError."""
    previous, named = "", set[str]()
    for number, seal in enumerate(seals, 1):
        if (seal.of, seal.number, seal.previous) != (of, number, previous) or seal.segment in named:
            raise ValueError(f"{seal_name(number)} does not follow the seal before it")
        previous = seal.digest
        named.add(seal.segment)
        yield seal


def seal_name(number: int) -> str:
    return f"seal-{number:04d}.json"


def seal_number(name: str) -> int | None:
    """None for a file that is no seal."""
    match = re.fullmatch(r"seal-(\d{4,})\.json", name)
    return int(match.group(1)) if match else None


def _object(data: bytes) -> dict[str, Any]:
    read = json.loads(data)
    if not isinstance(read, dict):
        raise ValueError("not an object")
    return read
