"""Cheats who leave the record as it is and pack it otherwise."""

import gzip
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.custody.cheat import DEPTHS, LISTED, STALE, Cheats, Draw, covered
from tests.custody.package import Package, Record, deflated

MEMBERS = Cheats()


@MEMBERS.add()
def pack_a_member_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """The same record: with a gzip comment, a name, an extra field, a time, another system's mark."""

    def packed(one: Record) -> bytes:
        data = one.head + one.block + b"\r\n\r\n"
        body, flags, more = (
            deflated(data)[10:],
            *chance.choice([(0x10, b"verified\0"), (8, b"a.html\0"), (4, b"\2\0xx")]),
        )
        return b"\x1f\x8b\x08" + bytes([flags]) + struct.pack("<I", 0) + b"\0\3" + more + body

    return _packed(bundle, out, chance, packed)


@MEMBERS.add()
def flip_a_bit_of_a_member(bundle: Path, out: Path, chance: Draw) -> str:
    """In its gzip header or trailer, all listed anew: a time that gzip shows, a length."""

    def packed(one: Record) -> bytes:
        data = bytearray(one.member)
        at = chance.choice([*range(8), *range(len(data) - 8, len(data))])
        data[at] ^= 1 << chance.randrange(8)
        return bytes(data)

    return _packed(bundle, out, chance, packed)


@MEMBERS.add()
def say_another_machine_packed_it(bundle: Path, out: Path, chance: Draw) -> str:
    """The last two bytes of a gzip header, which differ from one system to the next."""

    def packed(one: Record) -> bytes:
        data = bytearray(one.member)
        data[chance.choice([8, 9])] ^= 1 << chance.randrange(8)
        return bytes(data)

    return _packed(bundle, out, chance, packed, depths=(STALE, LISTED))


@MEMBERS.add()
def deflate_a_member_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """The same bytes inside, others outside: room for a hidden message."""

    def packed(one: Record) -> bytes:
        return gzip.compress(one.head + one.block + b"\r\n\r\n", chance.choice([0, 1]), mtime=0)

    return _packed(bundle, out, chance, packed, depths=(STALE, LISTED))


@MEMBERS.add()
def spread_a_record_over_members(bundle: Path, out: Path, chance: Draw) -> str:
    """Two members for one record, or an empty member besides."""

    def packed(one: Record) -> bytes:
        data = one.head + one.block + b"\r\n\r\n"
        at = chance.choice([len(data), chance.randrange(1, len(data))])
        return deflated(data[:at]) + deflated(data[at:])

    return _packed(bundle, out, chance, packed)


@MEMBERS.add()
def hide_bytes_in_a_member(bundle: Path, out: Path, chance: Draw) -> str:
    """Behind the record's end, or a second record in its member."""

    def packed(one: Record) -> bytes:
        more = chance.choice([b"\r\n", b"forged", one.head + one.block + b"\r\n\r\n"])
        return deflated(one.head + one.block + b"\r\n\r\n" + more)

    return _packed(bundle, out, chance, packed)


@MEMBERS.add()
def put_bytes_between_members(bundle: Path, out: Path, chance: Draw) -> str:
    """Zero bytes, which gzip skips, or an empty member."""

    def packed(one: Record) -> bytes:
        return one.member + chance.choice([b"\0" * 8, deflated(b""), b"\n"])

    return _packed(bundle, out, chance, packed)


def _packed(
    bundle: Path, out: Path, chance: Draw, packed: Callable[[Record], bytes], depths: tuple[int, ...] = DEPTHS
) -> str:
    """A record whose member is other bytes."""
    package = Package.read(bundle)
    place = chance.choice(package.places())
    one = package.record(place)
    package.put(place, replace(one, stored=packed(one)))
    covered(package, bundle, out, depth := chance.choice(depths))
    return f"{one.id}, depth {depth}"
