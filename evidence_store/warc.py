"""WARC 1.1: an Exchange as records, one gzip member each; a member as a Record, its digests checked.

Fields of our own begin with `LOSI-`, other readers pass over them: with them the index can be made again from
the files alone. ISO 28500:2017 has no field for the protocol spoken; other crawlers write WARC-Protocol.
"""

import hashlib
import re
import struct
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol, Self
from urllib.parse import quote

from evidence_store.exchange import Exchange, Headers, Record

# Pages of 32 kB on one core: 5 makes 24.5 % of them at 77 MB/s; 3: 26.7 % at 104, 6 and 9: 23.8 % at 47 and 38.
GZIP_LEVEL = 5
# What a revisit says of its original takes 110 bytes of a gzip member; text of this length takes as much.
WORTH_NAMING = 256
SAMPLE = 1 << 14
FIELDS = "application/warc-fields"
HEAD = "application/vnd.losi.head"
RECORD_END = b"\r\n\r\n"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


class BadRecord(Exception):
    """A member that is torn, not a WARC record, or other than its digests say."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Records that belong together, compressed; `headers` and `digest` are of the first, the capture."""

    headers: dict[str, str]
    digest: str
    mime: str
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Original:
    """A stored response that another may name instead of its body."""

    record_id: str
    url: str
    date: str

    @classmethod
    def of(cls, headers: dict[str, str]) -> Self:
        return cls(headers["WARC-Record-ID"], headers["WARC-Target-URI"], headers["WARC-Date"])


class Known(Protocol):
    """Originals by payload digest."""

    def get(self, digest: str, /) -> Original | None: ...


def warcinfo(filename: str, software: str) -> bytes:
    block = _fields({"software": software, "format": "WARC File Format 1.1", "conformsTo": "ISO 28500:2017"})
    headers = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": f"<{record_id()}>",
        "WARC-Date": _date(datetime.now(UTC)),
        "WARC-Filename": filename,
        "Content-Type": FIELDS,
    }
    return _member(headers, block)


def stub(redacted: str, head: bytes) -> bytes:
    """What stands in the place of a record that was taken out: its head, so that its leaf can still be computed."""
    headers = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": f"<{record_id()}>",
        "WARC-Date": _date(datetime.now(UTC)),
        "WARC-Refers-To": f"<{redacted}>",
        "WARC-Payload-Digest": sha256(head),
        "LOSI-Kind": "redacted",
        "Content-Type": HEAD,
    }
    return _member(headers, b"", head)


def record_id() -> str:
    """Even: the odd one beside it is the request's."""
    return uuid.UUID(int=uuid.uuid4().int & ~1).urn


def encode(exchange: Exchange, *, originals: Known | None = None) -> Encoded:
    """The response, resource or metadata record first, then the request it answers.

    A whole body of a response that is among the `originals` is not stored again: the record is a revisit.
    """
    headers = _headers_of(exchange, record_id())
    head, payload, mime = _block_of(exchange, headers)
    digest = headers["WARC-Payload-Digest"] = sha256(payload)
    if originals is not None and _is_worth_it(exchange) and (original := originals.get(digest)):
        headers |= _revisit(original)
        payload = b""
    members = [_member(headers, head, payload)]
    if exchange.type != "resource" and (exchange.type == "response" or exchange.request_headers):
        members.append(_request(exchange, headers))
    return Encoded(headers, digest, mime, tuple(members))


def decode(member: bytes) -> tuple[Record, str]:
    """A whole member's record and its payload's digest, a revisit's as it states it; raises BadRecord."""
    headers, block = _parse(_inflate(member))
    if headers.get("WARC-Block-Digest", "") != sha256(block):
        raise BadRecord("block digest")
    if headers.get("Content-Type", "").startswith("application/http"):
        status, http_headers, body = _parse_http(block, headers.get("LOSI-Header-Encoding", "latin-1"))
    else:
        status, http_headers, body = None, (), block
    digest = sha256(body)
    stated = headers.get("WARC-Payload-Digest", digest)
    if headers.get("WARC-Type") != "revisit" and stated != digest:
        raise BadRecord("payload digest")
    return Record(headers, status, http_headers, body), stated


def members(file: BinaryIO, offset: int) -> Iterator[tuple[int, bytes]]:
    """Whole gzip members and their offsets from a place on; ends without a word where one is torn."""
    file.seek(offset)
    rest = b""
    while True:
        member = _next_member(file, rest)
        if member is None:
            return
        whole, rest = member
        yield offset, whole
        offset += len(whole)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def clean_url(url: str) -> str:
    """An address that fits on one header line and in a database; anything else stays as it was."""
    return re.sub(
        "[\x00-\x20\x7f\ud800-\udfff]", lambda found: quote(found.group().encode(errors="surrogatepass")), url
    )


def content_type(headers: Headers) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def mime_of(said: str) -> str:
    return clean(said.partition(";")[0]).strip().lower()


def clean(text: str) -> str:
    """One line that UTF-8 can hold."""
    return re.sub("[\x00\r\n]+", " ", text).encode("utf-8", "replace").decode()


def _headers_of(exchange: Exchange, name: str) -> dict[str, str]:
    optional = {
        "WARC-IP-Address": exchange.ip_address,
        "WARC-Protocol": _protocol(exchange),
        "WARC-Truncated": exchange.truncated,
        "LOSI-Channel": exchange.channel if exchange.channel != "web" else None,
        "LOSI-Error": exchange.error,
        "LOSI-Refers-To": exchange.refers_to,
    }
    return {
        "WARC-Type": exchange.type,
        "WARC-Record-ID": f"<{name}>",
        "WARC-Date": _date(exchange.time),
        "WARC-Target-URI": clean_url(exchange.url),
        "LOSI-Kind": clean(exchange.kind),
        "LOSI-Requested-By": clean(exchange.requested_by),
        **{key: clean(value) for key, value in optional.items() if value},
    }


def _is_worth_it(exchange: Exchange) -> bool:
    return exchange.type == "response" and not exchange.truncated and len(exchange.body) >= WORTH_NAMING


def _revisit(original: Original) -> dict[str, str]:
    return {
        "WARC-Type": "revisit",
        "WARC-Profile": SAME_PAYLOAD,
        "WARC-Truncated": "length",  # ISO 28500:2017, 6.7.2 wants it said
        "WARC-Refers-To": original.record_id,
        "WARC-Refers-To-Target-URI": original.url,
        "WARC-Refers-To-Date": original.date,
    }


def _block_of(exchange: Exchange, headers: dict[str, str]) -> tuple[bytes, bytes, str]:
    """What stands before the payload, payload and media type; the record's Content-Type goes into its headers."""
    if exchange.type == "response":
        headers["Content-Type"] = "application/http; msgtype=response"
        version = "HTTP/1.0" if exchange.protocol.upper() == "HTTP/1.0" else "HTTP/1.1"
        first = f"{version} {exchange.status:03d} {exchange.reason}"
        head = _http_head(first, _rechunked(exchange.headers), headers)
        return head, exchange.body, mime_of(content_type(exchange.headers))
    if exchange.type == "resource":
        headers["Content-Type"] = clean(exchange.mime) or "application/octet-stream"
        return b"", exchange.body, mime_of(headers["Content-Type"])
    headers["Content-Type"] = FIELDS
    said = {"error": exchange.error, "detail": exchange.error_detail, "method": exchange.method}
    block = _fields({key: value for key, value in said.items() if value})
    return b"", block, FIELDS


def _request(exchange: Exchange, response: dict[str, str]) -> bytes:
    headers = {
        "WARC-Type": "request",
        "WARC-Record-ID": _twin(response["WARC-Record-ID"]),
        "WARC-Date": response["WARC-Date"],
        "WARC-Target-URI": response["WARC-Target-URI"],
        "WARC-Concurrent-To": response["WARC-Record-ID"],
        "Content-Type": "application/http; msgtype=request",
    }
    # Not urlsplit, which refuses some addresses that people do write.
    target = re.sub(r"^[^:/?#]+://[^/?#]*|#.*$", "", response["WARC-Target-URI"]) or "/"
    return _member(
        headers, _http_head(f"{exchange.method} {target} HTTP/1.1", exchange.request_headers, headers)
    )


def _rechunked(headers: Headers) -> Headers:
    """The body comes to us free of chunks: a reader that believed the header would look for them."""
    return tuple(
        ("X-Orig-Transfer-Encoding" if name.lower() == "transfer-encoding" else name, value)
        for name, value in headers
    )


def _http_head(first: str, pairs: Headers, headers: dict[str, str]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in pairs)]
    text = "\r\n".join(re.sub(r"\s*[\r\n]+\s*", " ", line) for line in lines) + "\r\n\r\n"
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        headers["LOSI-Header-Encoding"] = "utf-8"
        return text.encode("utf-8", "surrogatepass")


def _twin(name: str) -> str:
    """An even UUID's odd neighbour: as unique, and deflate need not spell it again."""
    return f"<{uuid.UUID(int=uuid.UUID(name[1:-1]).int | 1).urn}>"


def _member(headers: dict[str, str], head: bytes, payload: bytes = b"") -> bytes:
    """Adds the block's digest and length to the headers; the block is `head` and `payload`."""
    digest = hashlib.sha256(head)
    digest.update(payload)
    headers["WARC-Block-Digest"] = "sha256:" + digest.hexdigest()
    headers["Content-Length"] = str(len(head) + len(payload))
    own = "WARC/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers.items()) + "\r\n"
    return _compressed(own.encode() + head, payload)


def _compressed(head: bytes, payload: bytes) -> bytes:
    """Text and payload as blocks of their own in one gzip member: they share no letters worth a code."""
    if _is_packed(payload):
        return _stored(head, payload)
    deflate = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = [deflate.compress(head)]
    if payload:
        parts += deflate.flush(zlib.Z_BLOCK), deflate.compress(payload)
    return b"".join((*parts, deflate.compress(RECORD_END), deflate.flush()))


def _is_packed(payload: bytes) -> bool:
    """Whether 16 kB from its middle do not shrink; with less of it there is no time to save."""
    if len(payload) < 4 * SAMPLE:
        return False
    middle = (len(payload) - SAMPLE) // 2
    return len(zlib.compress(payload[middle : middle + SAMPLE], 1)) > SAMPLE * 0.99


def _stored(head: bytes, payload: bytes) -> bytes:
    tail = payload + RECORD_END
    deflate, store = (
        zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS),
        zlib.compressobj(0, wbits=-zlib.MAX_WBITS),
    )
    check = zlib.crc32(tail, zlib.crc32(head))
    return b"".join(
        (
            deflate.compress(head),
            deflate.flush(zlib.Z_SYNC_FLUSH),
            store.compress(tail),
            store.flush(),
            struct.pack("<II", check, len(head) + len(tail) & 0xFFFFFFFF),
        )
    )


def _fields(values: dict[str, str | None] | dict[str, str]) -> bytes:
    return "".join(f"{key}: {clean(value or '')}\r\n" for key, value in values.items()).encode()


def _date(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _protocol(exchange: Exchange) -> str | None:
    """None where the status line says it."""
    lowered = exchange.protocol.lower()
    if exchange.type != "response" or lowered in ("http/1.0", "http/1.1"):
        return None
    return {"http/2": "h2", "http/2.0": "h2", "http/3": "h3"}.get(lowered, lowered)


def _inflate(member: bytes) -> bytes:
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        data = inflate.decompress(member)
    except zlib.error as error:
        raise BadRecord(str(error)) from error
    if not inflate.eof or inflate.unused_data:
        raise BadRecord("not one whole gzip member")
    return data


def _parse(data: bytes) -> tuple[dict[str, str], bytes]:
    head, found, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    headers = dict(header_pairs(lines[1:]))
    length = headers.get("Content-Length", "")
    if not found or not lines[0].startswith("WARC/") or not length.isdecimal():
        raise BadRecord("not a WARC record")
    if rest[int(length) :] != b"\r\n\r\n":
        raise BadRecord("length")
    return headers, rest[: int(length)]


def _parse_http(block: bytes, encoding: str) -> tuple[int | None, Headers, bytes]:
    head, _, body = block.partition(b"\r\n\r\n")
    lines = head.decode(encoding, "surrogatepass").split("\r\n")
    return http_status(lines[0]), tuple(header_pairs(lines[1:])), body


def http_status(line: str) -> int | None:
    status = re.match(r"HTTP/\S+ (\d+)", line)
    return int(status.group(1)) if status else None


def header_pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.partition(":")
        yield name, value.strip(" \t")


def _next_member(file: BinaryIO, rest: bytes) -> tuple[bytes, bytes] | None:
    """One whole member and what was read beyond it."""
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    parts: list[bytes] = []
    chunk = rest or file.read(1 << 16)
    while chunk:
        try:
            inflate.decompress(chunk)
        except zlib.error:
            return None
        if inflate.eof:
            beyond = inflate.unused_data
            parts.append(chunk[: len(chunk) - len(beyond)])
            return b"".join(parts), beyond
        parts.append(chunk)
        chunk = file.read(1 << 16)
    return None
