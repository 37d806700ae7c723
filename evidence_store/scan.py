"""A segment read through record by record, in constant memory, past whatever is damaged in it."""

import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from evidence_store.models import Capture
from evidence_store.redaction import REDACTED, stub_row
from evidence_store.warc import BadRecord, content_type, header_pairs, http_status, mime_of
from evidence_store.writer import row_of

CHUNK = 1 << 16
MAX_HEAD = 1 << 22  # bytes; nobody's headers are longer, and a damaged length must not fill the memory
MAGIC = b"\x1f\x8b\x08"
END = b"\r\n\r\n"  # behind a record's block
BLANK = 8  # bytes: checksum and length of a member


@dataclass(frozen=True, slots=True)
class Found:
    """A whole record whose digests hold; `digest` is its payload's. `block` is kept of a redaction alone."""

    offset: int
    length: int
    headers: dict[str, str]
    status: int | None
    mime: str
    digest: str
    block: bytes = b""


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are no whole record; `torn` where the file ends in the middle of one, or in zeros."""

    offset: int
    length: int
    why: str
    torn: bool = False


def scan(file: BinaryIO, offset: int = 0) -> Iterator[Found | Damaged]:
    """From a place on to the end; behind a damaged member it goes on with the next that can be found."""
    end = file.seek(0, os.SEEK_END)
    while offset < end:
        one = _one(file, offset, end)
        yield one
        offset += one.length


def row(found: Found, filename: str, *, crawl_id: str | None, assessment_id: str | None) -> Capture | None:
    """The index row of a record, or of the one that a stub stands for; warcinfo and requests have none."""
    if "LOSI-Kind" not in found.headers:
        return None
    if found.headers["LOSI-Kind"] == REDACTED:
        place = (filename, found.offset, found.length)
        return stub_row(found.block, crawl_id=crawl_id, assessment_id=assessment_id, place=place)
    return row_of(
        found.headers,
        crawl_id=crawl_id,
        assessment_id=assessment_id,
        status=found.status,
        mime=found.mime,
        digest=found.digest,
        place=(filename, found.offset, found.length),
    )


def _one(file: BinaryIO, offset: int, end: int) -> Found | Damaged:
    member = _Member()
    try:
        length = _inflate(file, offset, member)
    except BadRecord as error:
        found = _next(file, offset + 1)
        torn = found is None and _ends_blank(file)
        return Damaged(offset, (found or end) - offset, str(error), torn)
    if length is None:
        found = _next(file, offset + 1)
        return Damaged(offset, (found or end) - offset, "cut off", torn=found is None)
    try:
        return member.found(offset, length)
    except BadRecord as error:
        return Damaged(offset, length, str(error))


def _inflate(file: BinaryIO, offset: int, member: "_Member") -> int | None:
    """The length of the whole gzip member there; None where the file ends before it. Raises BadRecord."""
    file.seek(offset)
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    length = 0
    while chunk := file.read(CHUNK):
        length += len(chunk)
        try:
            member.feed(inflate.decompress(chunk, CHUNK))
            while inflate.unconsumed_tail and not inflate.eof:
                member.feed(inflate.decompress(inflate.unconsumed_tail, CHUNK))
        except zlib.error as error:
            raise BadRecord(str(error)) from error
        if inflate.eof:
            return length - len(inflate.unused_data)
    member.feed(inflate.flush())
    return length if inflate.eof else None


def _next(file: BinaryIO, start: int) -> int | None:
    """Where the next gzip member begins that begins as a record does."""
    file.seek(start)
    data, at = b"", start
    while chunk := file.read(CHUNK):
        data += chunk
        place = data.find(MAGIC)
        while place >= 0:
            if _begins(file, at + place):
                return at + place
            place = data.find(MAGIC, place + 1)
        keep = len(MAGIC) - 1
        at, data = at + len(data) - keep, data[-keep:]
        file.seek(at + keep)
    return None


def _ends_blank(file: BinaryIO) -> bool:
    """In zeros: the file had grown, its last bytes never came to the disk. No gzip member ends so."""
    file.seek(-min(BLANK, file.seek(0, os.SEEK_END)), os.SEEK_END)
    return not any(file.read(BLANK))


def _begins(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(file.read(512), 16).startswith(b"WARC/1.")
    except zlib.error:
        return False


@dataclass(slots=True)
class _Member:
    """What is known of a record while it is inflated: its headers, then digests of what follows."""

    headers: dict[str, str] = field(default_factory=dict)
    _head: bytearray = field(default_factory=bytearray)
    _http: bytearray = field(default_factory=bytearray)
    _kept: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)
    _left: int = -1  # bytes of the block that are still to come; -1 before it begins
    _in_http: bool = False
    _block: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _payload: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def feed(self, data: bytes) -> None:
        if self._left < 0:
            data = self._feed_head(data)
        if self._left > 0 and data:
            block, data = data[: self._left], data[self._left :]
            self._left -= len(block)
            self._feed_block(block)
        if data:
            self._tail += data[:5]
            if len(self._tail) > len(END):
                raise BadRecord("length")

    def found(self, offset: int, length: int) -> Found:
        if self._left != 0 or bytes(self._tail) != END:
            raise BadRecord("length")
        if self.headers.get("WARC-Block-Digest", "") != "sha256:" + self._block.hexdigest():
            raise BadRecord("block digest")
        return Found(offset, length, self.headers, *self._payload_of(), bytes(self._kept))

    def _payload_of(self) -> tuple[int | None, str, str]:
        """Status, media type and digest; a revisit has its payload elsewhere and names its digest."""
        said = self.headers.get("WARC-Payload-Digest", "")
        if not self._is_http:
            digest = "sha256:" + self._block.hexdigest()
            status, mime = None, mime_of(self.headers.get("Content-Type", ""))
        else:
            lines = self._http.decode(self.headers.get("LOSI-Header-Encoding", "latin-1"), "surrogatepass")
            first, *rest = lines.split("\r\n")
            status, mime = http_status(first), mime_of(content_type(tuple(header_pairs(rest))))
            digest = "sha256:" + self._payload.hexdigest()
        if self.headers["WARC-Type"] == "revisit":
            return status, mime, said
        if said not in ("", digest):
            raise BadRecord("payload digest")
        return status, mime, digest

    @property
    def _is_http(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("application/http")

    def _feed_head(self, data: bytes) -> bytes:
        """What stands behind the headers."""
        before = max(len(self._head) - 3, 0)
        self._head += data
        place = self._head.find(b"\r\n\r\n", before)
        if place < 0:
            if len(self._head) > MAX_HEAD:
                raise BadRecord("headers without an end")
            return b""
        rest = bytes(self._head[place + 4 :])
        first, *lines = self._head[:place].decode("utf-8", "replace").split("\r\n")
        self.headers = dict(header_pairs(lines))
        length = self.headers.get("Content-Length", "")
        if not first.startswith("WARC/") or not length.isdecimal() or len(length) > 15:
            raise BadRecord("not a WARC record")
        if "WARC-Type" not in self.headers:
            raise BadRecord("a record without a type")
        self._left, self._in_http = int(length), self._is_http
        return rest

    def _feed_block(self, data: bytes) -> None:
        self._block.update(data)
        if self.headers.get("LOSI-Kind") == REDACTED and len(self._kept) < MAX_HEAD:
            self._kept += data
        if not self._is_http:
            return
        if not self._in_http:
            self._payload.update(data)
            return
        before = max(len(self._http) - 3, 0)
        self._http += data
        place = self._http.find(b"\r\n\r\n", before)
        if place >= 0:
            self._payload.update(self._http[place + 4 :])
            del self._http[place:]
            self._in_http = False
        elif len(self._http) > MAX_HEAD:
            raise BadRecord("HTTP headers without an end")
