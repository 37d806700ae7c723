"""Damage of any size and form is read past once, in time that grows with the file alone."""

import gzip
import io
import random
import time
from collections.abc import Callable

import pytest

from evidence_store.scan import Damaged, Found, scan
from evidence_store.warc import warcinfo

RECORD = warcinfo("one.warc.gz", "test")
SIZE = 50_000_000
SECONDS = 30  # some twenty times what it takes


def noise() -> bytes:
    return random.Random(3).randbytes(SIZE)


def beginnings() -> bytes:
    """Each looks like a member until it is read."""
    return (b"\x1f\x8b\x08" + b"\0" * 997) * (SIZE // 1000)


def cut_members() -> bytes:
    return RECORD[: len(RECORD) // 2] * (SIZE // 10 // len(RECORD))


def bomb() -> bytes:
    head = b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n"
    return gzip.compress(head + b"\0" * SIZE)


def test_it_works() -> None:
    one, two = scan(io.BytesIO(RECORD * 2))
    assert isinstance(one, Found)
    assert isinstance(two, Found)
    assert two.offset == one.length == len(RECORD)


@pytest.mark.parametrize("spoiled", [noise, beginnings, cut_members, bomb])
def test_what_stands_behind_the_damage_is_found(spoiled: Callable[[], bytes]) -> None:
    data = RECORD + spoiled() + RECORD
    began = time.monotonic()
    found = list(scan(io.BytesIO(data)))
    assert time.monotonic() - began < SECONDS
    assert [one.offset for one in found if isinstance(one, Found)] == [0, len(data) - len(RECORD)]
    assert any(isinstance(one, Damaged) for one in found)
    assert sum(one.length for one in found) == len(data), "every byte is told of once"
