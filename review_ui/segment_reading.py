"""The records of a segment with their leaves, past one that is damaged: its head alone still has its leaf."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evidence_store.scan import scan
from evidence_store.verifier import Fault, Record, fields_of, heads, leaf

MAX_HEAD, STEP = 1 << 16, 64  # bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """`name` is the record's, of a stub that of the record it stands for; `number` counts from 1."""

    number: int
    offset: int
    name: str
    leaf: bytes
    is_stub: bool = False
    damage: str = ""


def entries_of(path: Path) -> Iterator[Entry]:
    """Raises Fault where not even a head can be read."""
    number = place = 0
    with path.open("rb") as file:
        while True:
            file.seek(place)
            try:
                for record in heads(file):
                    number, place = number + 1, record.offset + record.length
                    yield _entry(record, number)
                return
            except Fault as fault:
                number += 1
                yield _damaged(file, place, number, str(fault))
                place += next(iter(scan(file, place))).length


def _entry(record: Record, number: int) -> Entry:
    name = record.fields["WARC-Refers-To"].strip("<>") if record.stub else record.id
    return Entry(number, record.offset, name, record.leaf, is_stub=record.stub)


def _damaged(file: BinaryIO, place: int, number: int, why: str) -> Entry:
    head = _head_at(file, place)
    name = fields_of(head)["WARC-Record-ID"].strip("<>")
    return Entry(number, place, name, leaf(head), damage=why)


def _head_at(file: BinaryIO, place: int) -> bytes:
    """Inflated a little at a time, so that what is broken behind it is not met."""
    file.seek(place)
    inflate, rest, head = zlib.decompressobj(16 + zlib.MAX_WBITS), file.read(MAX_HEAD), b""
    while rest and b"\r\n\r\n" not in head:
        try:
            head += inflate.decompress(rest, STEP)
        except zlib.error as error:
            raise Fault("a head that does not inflate") from error
        rest = inflate.unconsumed_tail
    head, end, _ = head.partition(b"\r\n\r\n")
    return head + end
