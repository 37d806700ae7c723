"""A ZIP in one form only, so that none of its bytes is free (docs/evidence.md, "The bundle")."""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 20
FULL = 0xFFFFFFFF
MANY = 0xFFFF
DATE = 0x0021  # 1980-01-01
MADE_BY_UNIX = 3 << 8
MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    size: int
    digest: str
    crc: int
    offset: int


class StoredZip:
    """Entries one after the other from byte 0; nothing is compressed, nothing depends on when or where it is made."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.entries: list[Entry] = []

    def add(self, name: str, source: BinaryIO, size: int) -> Entry:
        """The next `size` bytes of the source. Raises EOFError when it has fewer."""
        offset = self._file.tell()
        self._file.write(_local(Entry(name, size, "", 0, offset)))
        digest, crc, left = hashlib.sha256(), 0, size
        while left:
            chunk = source.read(min(left, CHUNK))
            if not chunk:
                raise EOFError(name)
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            self._file.write(chunk)
            left -= len(chunk)
        entry = Entry(name, size, "sha256:" + digest.hexdigest(), crc, offset)
        end = self._file.tell()
        self._file.seek(offset)
        self._file.write(_local(entry))
        self._file.seek(end)
        self.entries.append(entry)
        return entry

    def finish(self) -> None:
        start = self._file.tell()
        for entry in self.entries:
            self._file.write(_central(entry))
        size, count = self._file.tell() - start, len(self.entries)
        if size >= FULL or start >= FULL or count >= MANY:
            self._file.write(
                struct.pack(
                    "<4sQHHIIQQQQ", b"PK\6\6", 44, MADE_BY_UNIX | 45, 45, 0, 0, count, count, size, start
                )
            )
            self._file.write(struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1))
        count, size, start = min(count, MANY), min(size, FULL), min(start, FULL)
        self._file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, start, 0))


def _local(entry: Entry) -> bytes:
    extra = _extra(entry.size, entry.size) if entry.size >= FULL else b""
    return b"PK\3\4" + _common(entry, extra) + entry.name.encode("ascii") + extra


def _central(entry: Entry) -> bytes:
    wide = [*[entry.size] * 2 * (entry.size >= FULL), *[entry.offset] * (entry.offset >= FULL)]
    extra = _extra(*wide) if wide else b""
    tail = struct.pack("<HHHII", 0, 0, 0, MODE, min(entry.offset, FULL))
    made = struct.pack("<H", MADE_BY_UNIX | _version(extra))
    return b"PK\1\2" + made + _common(entry, extra) + tail + entry.name.encode("ascii") + extra


def _common(entry: Entry, extra: bytes) -> bytes:
    """What stands alike in an entry's own header and in the directory."""
    size = min(entry.size, FULL)
    return struct.pack(
        "<HHHHHIIIHH", _version(extra), 0, 0, 0, DATE, entry.crc, size, size, len(entry.name), len(extra)
    )


def _version(extra: bytes) -> int:
    return 45 if extra else 20


def _extra(*sizes: int) -> bytes:
    return struct.pack(f"<HH{len(sizes)}Q", 1, 8 * len(sizes), *sizes)
