"""The seals of one folder as a page needs them: read, found to follow each other, their signatures checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence_store import BrokenChain, Seal, Store
from evidence_store.keys import verifies


@dataclass(frozen=True, slots=True)
class Chain:
    """With a `fault` nothing in the folder can be held against its seal."""

    seals: tuple[Seal, ...] = ()
    fault: str = ""
    of_segment: Mapping[str, Seal] = field(default_factory=dict)
    authorities: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # timestamps kept, by seal


def read_chain(store: Store, of: str) -> Chain:
    try:
        seals = tuple(store.seals(of))
        for seal in seals:
            _check_signed(store, seal)
    except BrokenChain as error:
        return Chain(fault=str(error))
    return Chain(
        seals=seals,
        of_segment={seal.segment: seal for seal in seals},
        authorities={seal.number: _authorities(store, seal) for seal in seals},
    )


def _check_signed(store: Store, seal: Seal) -> None:
    where = f"archive/{seal.of}"
    try:
        document = json.loads((store.archive / seal.of / seal.name).read_bytes())
        if verifies(seal.key, document["signature"], document["seal"]):
            return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenChain(where, str(error)) from error
    raise BrokenChain(where, f"{seal.name} is not signed by the key it names")


def _authorities(store: Store, seal: Seal) -> tuple[str, ...]:
    stem = seal.name.removesuffix(".json") + "."
    replies = (store.archive / seal.of).glob(f"{stem}*.tsr")
    return tuple(sorted(path.name.removeprefix(stem).removesuffix(".tsr") for path in replies))
