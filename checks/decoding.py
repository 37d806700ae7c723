"""From the bytes of an HTTP payload to text: content encoding, type and character set, with caps."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import webencodings  # type: ignore[import-untyped]

MAX_DECODED = 20_000_000  # bytes
MAX_LAYERS = 2
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]{2,40})", re.I)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|table|div|p|h1|a|ul|form)[\s>/]", re.I
)


@dataclass(frozen=True)
class Decoded:
    body: bytes
    truncated: bool = False


def header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """The last value of that name, or ""."""
    found = [value for key, value in headers if key.lower() == name]
    return found[-1] if found else ""


def decode(body: bytes, encoding: str) -> Decoded:
    """Undoes Content-Encoding; what claims to be encoded and is not comes back as it is."""
    layers = [layer for layer in (part.strip().lower() for part in encoding.split(",")) if layer]
    truncated = len(layers) > MAX_LAYERS
    for layer in reversed(layers[-MAX_LAYERS:]):
        step = _DECODERS.get(layer)
        if step is None:
            continue
        body, cut = step(body)
        truncated = truncated or cut
    return Decoded(body[:MAX_DECODED], truncated or len(body) > MAX_DECODED)


def _inflate(body: bytes, window: int) -> tuple[bytes, bool]:
    engine = zlib.decompressobj(window)
    try:
        out = engine.decompress(body, MAX_DECODED)
    except zlib.error:
        return b"", True
    return out, not engine.eof


def _gzip(body: bytes) -> tuple[bytes, bool]:
    if body[:2] != b"\x1f\x8b":
        return body, False
    out, cut = _inflate(body, 31)
    return (out, cut) if out else _salvage(body, 31)


def _deflate(body: bytes) -> tuple[bytes, bool]:
    for window in (15, -15):
        out, cut = _inflate(body, window)
        if out:
            return out, cut
    return body, False


def _salvage(body: bytes, window: int) -> tuple[bytes, bool]:
    """What can be read before the stream breaks."""
    engine, out = zlib.decompressobj(window), bytearray()
    for start in range(0, len(body), 4096):
        try:
            out += engine.decompress(body[start : start + 4096], MAX_DECODED - len(out))
        except zlib.error:
            break
        if len(out) >= MAX_DECODED:
            break
    return bytes(out), True


def _brotli(body: bytes) -> tuple[bytes, bool]:
    try:
        import brotli  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return b"", True
    engine: Any = brotli.Decompressor()
    out = bytearray()
    try:
        out += engine.process(body, output_buffer_limit=1 << 20)
        while not engine.is_finished() and len(out) < MAX_DECODED:
            more = engine.process(b"", output_buffer_limit=1 << 20)
            if not more:
                return bytes(out), True
            out += more
    except brotli.error:
        return (bytes(out), True) if out else (body, False)
    return bytes(out), not engine.is_finished()


_DECODERS: dict[str, Callable[[bytes], tuple[bytes, bool]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
}


def to_text(body: bytes, content_type: str = "") -> str:
    """BOM, then valid UTF-8, then what header or meta say, then windows-1252. Never fails."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as problem:
        damaged = problem
    codec = _declared(body, content_type)
    if codec is None or codec == "utf-8":
        mostly_utf8 = damaged.start > 1_000 or body.decode("utf-8", "replace").count("\ufffd") * 50 < len(
            body
        )
        multibyte = re.search(rb"[\xc2-\xf4][\x80-\xbf]", body) is not None
        codec = "utf-8" if mostly_utf8 and multibyte else "windows-1252"
    return body.decode(codec, "replace")


def _declared(body: bytes, content_type: str) -> str | None:
    _, _, tail = content_type.lower().partition("charset=")
    labels = [tail.split(";")[0].strip(" \"'")] if tail else []
    found = _META.search(body[:4096])
    if found:
        labels.append(found.group(1).decode("ascii"))
    for label in labels:
        known = webencodings.lookup(label)
        if known is not None and not known.name.startswith(("utf-16", "replacement", "x-user")):
            return str(known.codec_info.name)
    return None


def sniff(body: bytes, declared: str) -> str:
    """The media type: what the bytes plainly are, else what was declared."""
    start = body[:1024].lstrip()
    if start.startswith(b"%PDF-") or b"%PDF-" in body[:64]:
        return "application/pdf"
    declared = declared.partition(";")[0].strip().lower()
    if declared in ("text/html", "application/xhtml+xml"):
        return declared
    if declared in ("", "text/plain", "application/octet-stream", "unknown/unknown") and _HTML.search(
        start[:512]
    ):
        return "text/html"
    return declared or "application/octet-stream"
