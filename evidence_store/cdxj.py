"""The lines of indexes/index.cdx, as cdxj-indexer makes them: address, time, then where the record stands."""

import heapq
import json
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from evidence_store.surt import urlkey

INDEXED = ("response", "revisit", "resource", "metadata")
CHUNK = 1 << 15
RUN_BYTES = 32 << 20

Pairs = list[tuple[str, str]]


def has_http(fields: Pairs) -> bool:
    """Whether indexes look for an HTTP head in the record."""
    url = value(fields, "WARC-Target-URI") or ""
    answers = value(fields, "WARC-Type") in ("response", "revisit") and value(fields, "Content-Length") != "0"
    return answers and url.startswith(("http:", "https:"))


def cdxj_line(fields: Pairs, http: bytes, filename: str, offset: int, length: int) -> bytes | None:
    """None for a record that indexes leave out; `http` is its HTTP head if it `has_http`."""
    kind, said = value(fields, "WARC-Type"), value(fields, "Content-Type")
    if kind not in INDEXED or (kind in ("resource", "metadata") and said == "application/warc-fields"):
        return None
    url = value(fields, "WARC-Target-URI")
    status, answered = http_head(http) if http else (None, [])
    if kind == "response":
        said = value(answered, "Content-Type")
    shown = {
        "url": url,
        "mime": "warc/revisit" if kind == "revisit" else _mime(said),
        "status": status,
        "digest": value(fields, "WARC-Payload-Digest"),
        "length": str(length),
        "offset": str(offset),
        "filename": filename,
    }
    present = {name: one for name, one in shown.items() if one is not None}
    key = urlkey(url) if url else "-"
    return f"{key} {timestamp(value(fields, 'WARC-Date') or '')} {json.dumps(present)}\n".encode()


def header_fields(head: bytes) -> Pairs:
    """The named fields behind the first line; each line is UTF-8 or else Latin-1, and may be continued."""
    found: Pairs = []
    for raw in head.split(b"\n")[1:]:
        line = _text(raw).rstrip()
        if not line:
            break
        if line[0] in " \t" and found:
            found[-1] = (found[-1][0], found[-1][1] + line)
        elif ":" in line:
            name, _, said = line.partition(":")
            found.append((name.rstrip(" \t"), said.lstrip()))
    return found


def value(fields: Pairs, name: str) -> str | None:
    """Of the first field so named."""
    return next((said for one, said in fields if one.lower() == name.lower()), None)


def http_head(head: bytes) -> tuple[str, Pairs]:
    """The status as it was written, and the fields."""
    first = _text(head.partition(b"\n")[0]).strip()
    return first.partition(" ")[2].strip().partition(" ")[0], header_fields(head)


def timestamp(date: str) -> str:
    """2026-11-23T09:00:00.123456Z as 20261123090000."""
    return "".join(filter(str.isdecimal, date))[:14]


def peek(member: Iterable[bytes], skip: int) -> bytes:
    """Of a gzip member what stands behind the first `skip` bytes, up to its first empty line."""
    inflate, data = zlib.decompressobj(31), bytearray()
    for chunk in member:
        before = max(len(data) - 3, skip)
        data += inflate.decompress(chunk)
        if (end := data.find(b"\r\n\r\n", before)) >= 0:
            return bytes(data[skip : end + 4])
    return bytes(data[skip:])


class SortedLines(ExitStack):
    """Lines in byte order, however many: what is too much for the memory waits in temporary files."""

    def __init__(self, folder: Path, most: int = RUN_BYTES) -> None:
        super().__init__()
        self._folder, self._most, self._size = folder, most, 0
        self._lines: list[bytes] = []
        self._runs: list[BinaryIO] = []

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        if self._size > self._most:
            self._spill()

    def __iter__(self) -> Iterator[bytes]:
        for run in self._runs:
            run.seek(0)
        return heapq.merge(sorted(self._lines), *self._runs)

    def _spill(self) -> None:
        run: BinaryIO = self.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
        self._runs.append(run)
        run.writelines(sorted(self._lines))
        self._lines, self._size = [], 0


def _mime(said: str | None) -> str | None:
    return None if said is None else re.split(r"[;\s]", said, maxsplit=1)[0]


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
