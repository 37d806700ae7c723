"""What other tools made, read as far as it goes: nothing in it is sealed, so nothing of it is proven."""

import base64
import hashlib
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from evidence_store.verifier import Fault, Report

CHUNK = 1 << 17
PIECE = 1 << 18
MAX_HEAD = 1 << 20
MAX_FIELDS = 1000
MAX_INFLATED = 1 << 32  # or 200 times what is read, where that is more
MAX_DIRECTORY = 1 << 24
MAX_FILES = 20_000
SUMS = ("sha1", "sha256", "sha512", "md5")
NOT_OURS = "It was not made by `losi bundle`: nothing shows that it is as it was."


def read_foreign(report: Report, path: Path) -> None:
    """What can be said of a bare WARC file or another tool's WACZ, instead of why it is no bundle. Never raises."""
    report.problems.clear()
    report.count = 0
    report.not_proven.append(NOT_OURS)
    try:
        _read(report, path)
    except (
        Fault,
        OSError,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        zipfile.BadZipFile,
    ) as error:
        report.fault(path.name, str(error) or type(error).__name__)


def _read(report: Report, path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) in (b"PK\3\4", b"PK\5\6"):
            return _packed(report, path, file)
        file.seek(0)
        first = Bytes(file).begin()
        file.seek(0)
        if first.startswith(b"filedesc:"):
            raise Fault("an ARC file, the format before WARC: it is not read here")
        if not first.startswith(b"WARC/"):
            raise Fault("neither a bundle nor a WARC file")
        report.verdict = "foreign"
        _records(report, path.name, file)


def _packed(report: Report, path: Path, file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22 or int.from_bytes(tail[end + 12 : end + 16], "little") > MAX_DIRECTORY:
        raise Fault("a ZIP that is cut, or has more entries than are read here")
    with zipfile.ZipFile(path) as archive:
        warcs = [one for one in archive.infolist() if re.search(r"\.warc(\.gz)?$", one.filename)]
        if not warcs or len(archive.infolist()) > MAX_FILES:
            raise Fault("a ZIP without WARC files")
        report.verdict = "foreign"
        for one in warcs:
            if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or one.flag_bits & 1:
                raise Fault(f"{one.filename[:80]!r} is packed in a way that is not read here")
            with archive.open(one) as part:
                _records(report, one.filename[:80], part)


def _records(report: Report, name: str, file: Any) -> None:
    """One after the other; what they say of themselves is compared."""
    count = right = 0
    source = Bytes(file)
    while not source.ended():
        first = source.line()
        if not first.strip():
            continue
        if not first.startswith(b"WARC/"):
            raise Fault(f"{name}: {count} records, then what is none: {first[:40]!r}")
        count += 1
        right += _is_right(report, f"{name}, record {count}", _fields(source), source)
    said = (
        f"{name}: {count} records can be read; {right} are what their digests say, as far as they have any."
    )
    report.not_proven.append(said)


def _fields(source: "Bytes") -> dict[str, str]:
    fields: dict[str, str] = {}
    while (line := source.line()).strip():
        name, _, value = line.decode("utf-8", "replace").partition(":")
        fields[name.strip().lower()] = value.strip()
        if len(fields) > MAX_FIELDS:
            raise Fault("a head without end")
    if not re.fullmatch(r"[0-9]{1,18}", fields.get("content-length", "")):
        raise Fault("a record without Content-Length")
    return fields


def _is_right(report: Report, where: str, fields: dict[str, str], source: "Bytes") -> bool:
    said = {part: fields.get(f"warc-{part}-digest", "").partition(":") for part in ("block", "payload")}
    sums = {part: hashlib.new(name.lower()) for part, (name, _, _) in said.items() if name.lower() in SUMS}
    if fields.get("warc-type") == "revisit" or "warc-segment-number" in fields:
        sums.pop("payload", None)
    _digest(sums, int(fields["content-length"]), "application/http" in fields.get("content-type", ""), source)
    for part, found in sums.items():
        value = said[part][2]
        base32 = base64.b32encode(found.digest()).decode().rstrip("=")
        if value.lower() != found.hexdigest() and value.upper().rstrip("=") != base32:
            report.fault(where, f"its {part} is not what its digest says")
            return False
    return bool(sums)


def _digest(sums: dict[str, Any], left: int, http: bool, source: "Bytes") -> None:
    """The payload of an HTTP message is what follows its first empty line."""
    start = b""
    while left:
        data = source.take(min(left, PIECE))
        left -= len(data)
        if "block" in sums:
            sums["block"].update(data)
        if http and "payload" in sums:
            start += data
            end = re.search(rb"\r?\n\r?\n", start)
            if end is None and len(start) <= MAX_HEAD:
                continue
            http, data, start = False, start[end.end() :] if end else b"", b""
        if "payload" in sums:
            sums["payload"].update(data)


class Bytes:
    """The bytes of a file, or of all its gzip members, in pieces."""

    def __init__(self, file: Any) -> None:
        self.file, self.rest, self.raw, self.used, self.out = file, b"", b"", 0, 0
        self.raw = file.read(CHUNK)
        self.inflate = zlib.decompressobj(31) if self.raw[:2] == b"\x1f\x8b" else None

    def _more(self) -> bytes:
        while True:
            self.raw = self.raw or self.file.read(CHUNK)
            if self.inflate is None or not self.raw:
                if self.inflate is not None and self.used and not self.inflate.eof:
                    raise Fault("cut within a gzip member")
                data, self.raw = self.raw, b""
                return data
            if self.inflate.eof:
                self.inflate = zlib.decompressobj(31)
            before = len(self.raw)
            try:
                data = self.inflate.decompress(self.raw, PIECE)
            except zlib.error as error:
                raise Fault("does not inflate") from error
            self.raw = self.inflate.unconsumed_tail or self.inflate.unused_data
            self.used, self.out = self.used + before - len(self.raw), self.out + len(data)
            if self.out > max(MAX_INFLATED, 200 * self.used):
                raise Fault("inflates beyond all reason")
            if data:
                return data

    def begin(self) -> bytes:
        """The first bytes, whatever they are."""
        self.ended()
        return self.rest[:10]

    def ended(self) -> bool:
        self.rest = self.rest or self._more()
        return not self.rest

    def line(self) -> bytes:
        while (end := self.rest.find(b"\n")) < 0:
            data = self._more()
            if not data or len(self.rest) > MAX_HEAD:
                raise Fault("a line without end")
            self.rest += data
        found, self.rest = self.rest[: end + 1], self.rest[end + 1 :]
        return found

    def take(self, most: int) -> bytes:
        self.rest = self.rest or self._more()
        if not self.rest:
            raise Fault("cut within a record")
        found, self.rest = self.rest[:most], self.rest[most:]
        return found
