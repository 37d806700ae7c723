"""What a cheat is, and how well one covers the traces."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.custody.package import DIGEST, KEYS, Package, plain, root, sha

Draw = random.Random
Run = Callable[[Path, Path, Draw], str | None]


@dataclass(frozen=True)
class Cheat:
    """`needs`: what the auditor must have from elsewhere to find it: "", "key" or "fingerprint"."""

    name: str
    run: Run
    needs: str = ""

    def __call__(self, bundle: Path, out: Path, chance: Draw) -> str | None:
        return self.run(bundle, out, chance)


class Cheats(list[Cheat]):
    """Filled by the decorator `cheats.add()`."""

    def add(self, needs: str = "") -> Callable[[Run], Run]:
        def note(run: Run) -> Run:
            self.append(Cheat(run.__name__, run, needs))
            return run

        return note


@dataclass(frozen=True)
class OwnKey:
    """A key that signs for a cheat."""

    private: Ed25519PrivateKey

    @classmethod
    def drawn(cls, chance: Draw) -> "OwnKey":
        return cls(Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)))

    @classmethod
    def insider(cls, bundle: Path) -> "OwnKey":
        """The very key that signed this bundle; a copy of it lies beside the bundle."""
        name = Package.read(bundle).json(DIGEST)["losi"]["bundle"]["key"].removeprefix("ed25519:")
        private = load_pem_private_key((bundle.parent / f"insider/{name}.pem").read_bytes(), None)
        assert isinstance(private, Ed25519PrivateKey)
        return cls(private)

    @property
    def name(self) -> str:
        return "ed25519:" + self.private.public_key().public_bytes_raw().hex()

    def signature(self, value: object) -> str:
        return base64.b64encode(self.private.sign(plain(value))).decode()

    def signed(self, member: str, value: dict[str, Any]) -> dict[str, Any]:
        return {member: value, "signature": self.signature(value)}

    def statement(self, before: list[bytes], verb: str, key: str = "", successor: str = "") -> bytes:
        """A line of keys.jsonl, said of `key` but signed by this one."""
        said = {"schema": "losi-key/1", "number": len(before) + 1, "verb": verb, "key": key or self.name,
                "previous": sha(before[-1].rstrip(b"\n")) if before else "", "successor": successor,
                "at": "2026-11-23T00:00:00Z", "reason": ""}  # fmt: skip
        return plain(self.signed("statement", said)) + b"\n"


def reseal(package: Package, key: OwnKey, start: int = 0) -> None:
    """Every seal from the `start`-th on says what now stands there, under `key`."""
    names = package.seal_names
    previous = sha(package.files[names[start - 1]]) if start else ""
    for name in names[start:]:
        seal = package.json(name)["seal"]
        records = package.segments[seal["segment"]]
        seal.update(
            previous=previous, key=key.name, records=len(records), root=root([one.leaf for one in records])
        )
        package.files[name] = plain(key.signed("seal", seal))
        previous = sha(package.files[name])


def resign(package: Package, key: OwnKey) -> None:
    """Lists anew, and signs the bundle with `key`."""
    names = package.seal_names
    package.listed()
    said = package.json(DIGEST)
    bundle = said["losi"]["bundle"]
    bundle.update(key=key.name, seals=len(names), head=sha(package.files[names[-1]]) if names else "")
    said["losi"] = key.signed("bundle", bundle)
    package.files[DIGEST] = plain(said)


STALE, LISTED, RECHAINED, INSIDER = range(4)
DEPTHS = (STALE, LISTED, RECHAINED, INSIDER)


def covered(package: Package, bundle: Path, out: Path, depth: int) -> None:
    """Writes it: with nothing hashed anew; ledger, index, pages and manifest; the seals too, under old signatures;
    or all but the seals, and the bundle signed anew by whoever holds its key."""
    if depth == STALE:
        before = {name: data for name, data in package.files.items() if not name.startswith("archive/")}
        package.rebuilt().files.update(before)
    else:
        package.rebuilt()
        rehash(package, bundle, depth)
    package.write(out)


def rehash(package: Package, bundle: Path, depth: int) -> None:
    """The manifest, and what stands over it, after files were changed by hand."""
    if depth == RECHAINED:
        package.rechained()
    if depth == INSIDER:
        resign(package, OwnKey.insider(bundle))
    elif depth != STALE:
        package.listed()


def edited(package: Package, bundle: Path, out: Path, depth: int) -> None:
    """As `covered`, where files were changed and records were not."""
    rehash(package, bundle, depth)
    package.write(out)


def key_lines(package: Package) -> list[bytes]:
    return package.lines(KEYS)


def said(package: Package, place: tuple[str, int]) -> Any:
    return json.loads(package.record(place).block)
