"""Checks what `losi bundle` made, offline, trusting nobody: docs/evidence.md as a program.

    python3 -I verifier.py FILE.wacz [--key KEY] [--fingerprint sha256:…]        exit 0 sound, 1 not, 2 not read

One file, Python's standard library (3.9 or newer), nothing of the product. From here on: digests and JSON, Ed25519,
records, the ZIP, keys and timestamps, the check itself, what is said, and the verdict in words.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import re
import shutil
import stat
import struct
import sys
import tempfile
import textwrap
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 1 << 17  # read at once; what comes out of it is taken in pieces of PIECE
PIECE = 1 << 18
MAX_HEAD = 1 << 20  # of a record, of an HTTP message in it, of a line
MAX_RECORD = 1 << 30
MAX_INFLATED = 1 << 32  # of a segment, or 200 times its size where that is more
MAX_SMALL = 1 << 24  # manifest, keys, a seal
MAX_SAID = 1 << 26  # findings, answers, a capture that is quoted
MAX_ENTRIES = 20_000
MAX_FOLLOWED = 200_000  # revisits, quotes, pages, redactions
MAX_PROBLEMS = 100
DIGEST, KEY = r"sha256:[0-9a-f]{64}", r"ed25519:[0-9a-f]{64}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.warc\.gz"
KEYS, INDEX, LEDGER, PAGES = (
    "seals/keys.jsonl",
    "indexes/index.cdx",
    "indexes/ledger.jsonl",
    "pages/pages.jsonl",
)
MANIFEST, SIGNED = "datapackage.json", "datapackage-digest.json"
FIXED = (INDEX, LEDGER, PAGES, MANIFEST, SIGNED)
SEAL = r"seals/seal-\d{4,8}"
PRINT = r"seals/fingerprint-[0-9-]{10,15}\.json"
NAMED = rf"archive/{SEGMENT}|{SEAL}\.json|{SEAL}\.[a-z0-9.-]{{1,80}}\.tsr|{PRINT}"
OPENSSL = (
    "unzip the bundle, then openssl ts -verify -in seals/seal-NNNN.AUTHORITY.tsr -data seals/seal-NNNN.json "
    "-CAfile CERTIFICATE-OF-THE-AUTHORITY.pem"
)
HONEST = (
    "This shows what this client recorded and when, not that the city's server said it to everyone.",
    "Whoever holds the signing key could have sealed other bytes.",
)


VERDICTS = {
    "sound": "All that is here is as it was when it was sealed.",
    "unsealed": "Not all of this is sealed and signed: nobody vouches for it that it was not changed.",
    "altered": "This is not as it was sealed: do not rely on it, and ask for another copy.",
    "misquoted": "All is as it was sealed, but not all that was said of it is true: see the problems.",
    "unreadable": "This is no bundle, or only a part of one: ask for the .wacz file.",
}
SIGNERS = {
    "key matches": "It was signed with the key that you gave.",
    "signer unproven": "Anyone could have signed it: get the key from its owner, and give it with --key.",
    "another key": "It was signed with another key than the one that you gave: do not take it for its owner's.",
}
NOT_THAT = "not that fingerprint"
NO_PRINT = (
    "The fingerprint that you gave is in no file here, so it dates nothing: ask for a bundle made after "
    "it was published."
)


class Fault(Exception):
    """Bytes that are not what they should be, in plain words."""


# ---------------------------------------------------------------- numbers and words


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def leaf(head: bytes) -> bytes:
    return hashlib.sha256(b"\0" + head).digest()


class Tree:
    """The Merkle tree hash of RFC 6962, 2.1, while its leaves come: one node is kept for each bit of the count."""

    def __init__(self) -> None:
        self.count, self._nodes = 0, list[bytes]()

    def add(self, leaf: bytes) -> None:
        node, size = leaf, self.count
        while size & 1:
            node, size = hashlib.sha256(b"\1" + self._nodes.pop() + node).digest(), size >> 1
        self._nodes.append(node)
        self.count += 1

    def root(self) -> bytes:
        if not self._nodes:
            return hashlib.sha256(b"").digest()
        node = self._nodes[-1]
        for left in reversed(self._nodes[:-1]):
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node


def canonical(value: Any) -> bytes:
    """RFC 8785 for ASCII keys, texts, whole numbers, true, false and null; raises Fault for anything else."""
    try:
        _only_plain(value)
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (RecursionError, UnicodeEncodeError) as error:
        raise Fault("nested too deeply, or text that is none") from error


def _only_plain(value: Any) -> None:
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise Fault("a name that is not ASCII")
        for each in value.values():
            _only_plain(each)
    elif isinstance(value, list):
        for each in value:
            _only_plain(each)
    elif not (
        value is None or isinstance(value, (str, bool)) or (type(value) is int and abs(value) < 1 << 53)
    ):
        raise Fault(f"{type(value).__name__} has no place in a signed document")


def parse(data: bytes) -> Any:
    """JSON; raises Fault also for a name given twice, NaN, numbers without end, and depth."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse, parse_int=_short)
    except (ValueError, RecursionError) as error:
        raise Fault("not JSON that can be read") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Fault("a name is given twice")
    return found


def _refuse(text: str) -> None:
    raise Fault(f"{text} is no JSON")


def _short(digits: str) -> int:
    if len(digits) > 20:
        raise Fault("a number without end")
    return int(digits)


# ---------------------------------------------------------------- Ed25519 (RFC 8032, 5.1), verifying only

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]  # X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z
ZERO: Point = (0, 1, 1, 0)


def _point(data: bytes) -> Point:
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != xx or (sign and not x):
        raise Fault("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


BASE = _point(bytes.fromhex("58" + "66" * 31))


def signs(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether S·B = R + k·A, with S below L, both points decodable and A not of small order."""
    if len(key) != 32 or len(signature) != 64:
        return False
    try:
        a, r = _point(key), _point(signature[:32])
    except Fault:
        return False
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus, eight = (P - a[0], a[1], 1, P - a[3]), a
    for _ in range(3):
        eight = _add(eight, eight)
    steps, total = (None, BASE, minus, _add(BASE, minus)), ZERO
    for bit in range(252, -1, -1):  # S·B - k·A, both at once
        total = _add(total, total)
        step = steps[(s >> bit & 1) + 2 * (k >> bit & 1)]
        total = _add(total, step) if step else total
    return s < L and not _same(eight, ZERO) and _same(total, r)


# ---------------------------------------------------------------- records


@dataclass(frozen=True)
class Record:
    """A whole record whose length and digests are right; `start` is the HTTP head, or a redaction's small block."""

    offset: int
    length: int
    head: bytes
    fields: dict[str, str]
    leaf: bytes
    payload: str
    start: bytes = b""
    stub: bool = False

    @property
    def id(self) -> str:
        return self.fields["WARC-Record-ID"].strip("<>")


PLAIN = b"\x1f\x8b\x08" + bytes(5)  # deflated, no name, no comment, no time of its own


class Gzip:
    """One gzip member after the other, inflated by the piece; `at` is the place in the file."""

    def __init__(self, file: Any) -> None:
        self.file, self.rest, self.pending = file, b"", b""
        self.at, self.inflated = file.tell(), 0
        self._inflate = zlib.decompressobj(31)

    def next_member(self) -> bool:
        while len(self.rest) < 10 and (more := self.file.read(CHUNK)):
            self.rest += more
        if self.rest[:8] != PLAIN[: len(self.rest)]:
            raise Fault("no plain gzip member begins here")
        self._inflate = zlib.decompressobj(31)
        return bool(self.rest)

    def piece(self, most: int = PIECE) -> bytes:
        """Not empty but at the member's end."""
        if self.pending:
            data, self.pending = self.pending[:most], self.pending[most:]
            return data
        while not self._inflate.eof:
            self.rest = self.rest or self.file.read(CHUNK)
            if not self.rest:
                raise Fault("cut within a record")
            before = len(self.rest)
            try:
                data = self._inflate.decompress(self.rest, min(most, PIECE))
            except zlib.error as error:
                raise Fault("does not inflate") from error
            self.rest = self._inflate.unconsumed_tail or self._inflate.unused_data
            self.at += before - len(self.rest)
            self.inflated += len(data)
            if self.inflated > max(MAX_INFLATED, 200 * self.at):
                raise Fault("inflates beyond all reason")
            if data:
                return data
        return b""

    def head(self) -> bytes:
        """Up to and including the first empty line."""
        found = b""
        while (end := found.find(b"\r\n\r\n")) < 0:
            data = self.piece()
            if not data or len(found) > MAX_HEAD:
                raise Fault("a head without end")
            found += data
        self.pending = found[end + 4 :]
        return found[: end + 4]


def heads(file: Any) -> Iterator[Record]:
    """The records from the file's place on, each checked; raises Fault where one is not whole or not right."""
    members, number = Gzip(file), 0
    while True:
        offset, number = members.at, number + 1
        try:
            if not members.next_member():
                return
            record = _record(members, offset)
        except Fault as fault:
            raise Fault(f"record {number}, byte {offset}: {fault}") from fault
        yield record


def _record(member: Gzip, offset: int) -> Record:
    head = member.head()
    fields = fields_of(head)
    http = fields.get("Content-Type", "").startswith("application/http")
    keeps = fields.get("LOSI-Kind") in ("redacted", "redaction")
    block = hashlib.sha256()
    body, start = hashlib.sha256() if http else block, b""
    left, outside = int(fields["Content-Length"]), http or keeps
    while left:
        data = member.piece(min(left, PIECE))
        if not data:
            raise Fault("shorter than its Content-Length")
        left -= len(data)
        block.update(data)
        if not outside:
            if http:
                body.update(data)
            continue
        start += data
        end = start.find(b"\r\n\r\n") + 4 if http else 0
        if end > 3:
            body.update(memoryview(start)[end:])
            start, outside = start[:end], False
        elif len(start) > MAX_HEAD:
            raise Fault("an HTTP head without end")
    tail = b""
    while len(tail) < 5 and (data := member.piece()):
        tail += data  # what is read of the file at a time may part it
    if tail != b"\r\n\r\n":
        raise Fault("longer than its Content-Length")
    payload = _digests_right(fields, "sha256:" + block.hexdigest(), "sha256:" + body.hexdigest())
    stub = fields.get("LOSI-Kind") == "redacted"
    commits = _redacted(fields, start) if stub else head
    return Record(offset, member.at - offset, head, fields, leaf(commits), payload, start, stub)


def fields_of(head: bytes) -> dict[str, str]:
    try:
        lines = head.decode().split("\r\n")[:-2]
    except UnicodeDecodeError as error:
        raise Fault("a head that is not UTF-8") from error
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, mark, value = line.partition(":")
        if not mark or not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise Fault(f"{line[:60]!r} is no field")
        fields[name] = value.strip(" \t")
    if len({name.lower() for name in fields}) < len(lines) - 1:
        raise Fault("a field is repeated")
    wanted = {"WARC-Type": r"[a-z]+", "WARC-Record-ID": r"<[!-;=?-~]+>", "WARC-Date": r"[0-9T:.-]+Z",
              "WARC-Block-Digest": DIGEST, "Content-Length": r"0|[1-9]\d{0,18}"}  # fmt: skip
    for name, form in wanted.items():
        if not re.fullmatch(form, fields.get(name, "")):
            raise Fault(f"{name} is missing or malformed")
    if lines[0] != "WARC/1.1" or int(fields["Content-Length"]) > MAX_RECORD:
        raise Fault("not a WARC 1.1 record, or larger than any is here")
    return fields


def _digests_right(fields: dict[str, str], block: str, payload: str) -> str:
    """The payload's digest; of a revisit, that of the body it refers to."""
    if block != fields["WARC-Block-Digest"]:
        raise Fault("the block is not what its digest says")
    said, kind = fields.get("WARC-Payload-Digest"), fields["WARC-Type"]
    if said is None and kind in ("response", "resource", "revisit"):
        raise Fault("WARC-Payload-Digest is missing")
    if kind == "revisit":
        if not re.fullmatch(DIGEST, said or "") or "WARC-Refers-To" not in fields:
            raise Fault("a revisit that names nothing")
        return str(said)
    if said not in (None, payload):
        raise Fault("the payload is not what its digest says")
    return payload


STUB = {
    "WARC-Type",
    "WARC-Record-ID",
    "WARC-Date",
    "WARC-Refers-To",
    "LOSI-Kind",
    "Content-Type",
    "Content-Length",
}
STUB |= {"WARC-Block-Digest", "WARC-Payload-Digest"}


def _redacted(fields: dict[str, str], block: bytes) -> bytes:
    """The head of the record whose place a stub holds. What the stub says itself is in no leaf: it says no more."""
    was = fields_of(block)
    form = ("metadata", "application/vnd.losi.head", was["WARC-Record-ID"])
    if form != tuple(map(fields.get, ("WARC-Type", "Content-Type", "WARC-Refers-To"))) or block.find(
        b"\r\n\r\n"
    ) + 4 != len(block):
        raise Fault("a redaction that holds no head of what it refers to")
    if not set(fields) <= STUB or fields["WARC-Record-ID"] == was["WARC-Record-ID"]:
        raise Fault("a redaction that says more than what it refers to, or goes by its name")
    return block


# ---------------------------------------------------------------- files, and the one form of the ZIP

FULL = 0xFFFFFFFF


@dataclass(frozen=True)
class Entry:
    """Where a file's bytes stand: on the disk, or in the ZIP."""

    path: Path
    start: int
    size: int
    crc: int = -1


class Span:
    """An entry read from its first byte to its last, digested on the way."""

    def __init__(self, entry: Entry) -> None:
        self.entry, self.left, self.digest, self.crc = entry, entry.size, hashlib.sha256(), 0
        self._file = entry.path.open("rb", buffering=0)
        self._file.seek(entry.start)

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def tell(self) -> int:
        return self.entry.size - self.left

    def read(self, most: int = CHUNK) -> bytes:
        data = self._file.read(min(most, self.left))
        if self.left and not data:
            raise Fault("the file became shorter")
        self.left -= len(data)
        self.digest.update(data)
        self.crc = zlib.crc32(data, self.crc)
        return data

    def lines(self) -> Iterator[bytes]:
        rest = b""
        while data := self.read():
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
            if len(rest) > MAX_HEAD:
                break
        if rest:
            raise Fault("a line without end")


def entries(path: Path) -> dict[str, Entry]:
    """What stands in the ZIP, each header built again from what it says and compared. Raises Fault."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 98))
        tail = file.read(98)
        if tail[-22:-18] != b"PK\5\6" or len(tail) < 22:
            raise Fault("does not end as a ZIP without a comment does")
        count, length, start = struct.unpack("<HII", tail[-12:-2])
        if tail[:4] == b"PK\6\6":
            count, length, start = struct.unpack("<QQQ", tail[32:56])
        if count > MAX_ENTRIES or length > MAX_SMALL:
            raise Fault(f"{count} entries are more than a bundle has")
        end = _zip_end(count, length, start)
        if start + length + len(end) != size or not tail.endswith(end):
            raise Fault("the end of the ZIP does not tell where its directory stands")
        file.seek(start)
        directory = file.read(length)
        return _listed(path, file, directory, count, start)


def _listed(path: Path, file: BinaryIO, directory: bytes, count: int, end: int) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    at = place = 0
    for _ in range(count):
        if len(directory) < at + 46:
            raise Fault("the ZIP's directory is cut")
        crc, size, _, named, extra = struct.unpack("<IIIHH", directory[at + 16 : at + 32])
        name = directory[at + 46 : at + 46 + named].decode("ascii", "replace")
        if size == FULL and extra >= 12:
            size = int.from_bytes(directory[at + 50 + named : at + 58 + named], "little")
        if name in found or not (name in FIXED or name == KEYS or re.fullmatch(NAMED, name)):
            raise Fault(f"{name[:100]!r} has no place in a bundle, or stands there twice")
        local, central = _zip_headers(name, crc, size, place)
        file.seek(place)
        if directory[at : at + len(central)] != central or file.read(len(local)) != local:
            raise Fault(f"{name}: its ZIP headers are not in the one form")
        found[name] = Entry(path, place + len(local), size, crc)
        at, place = at + len(central), place + len(local) + size
    if at != len(directory) or place != end:
        raise Fault("there are bytes in the ZIP that belong to no entry")
    return found


def _zip_headers(name: str, crc: int, size: int, place: int) -> tuple[bytes, bytes]:
    """Before the entry, and in the directory."""
    sizes, far = [size, size] * (size >= FULL), [place] * (place >= FULL)
    local, central = _zip_common(name, crc, size, sizes), _zip_common(name, crc, size, sizes + far)
    made = struct.pack("<H", 3 << 8 | (45 if sizes or far else 20))
    where = struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, min(place, FULL))
    return b"PK\3\4" + local[0] + local[1], b"PK\1\2" + made + central[0] + where + central[1]


def _zip_common(name: str, crc: int, size: int, wide: list[int]) -> tuple[bytes, bytes]:
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    least, size = 45 if wide else 20, min(size, FULL)
    fields = struct.pack("<HHHHHIIIHH", least, 0, 0, 0, 0x21, crc, size, size, len(name), len(extra))
    return fields, name.encode() + extra


def _zip_end(count: int, length: int, start: int) -> bytes:
    wide = b""
    if length >= FULL or start >= FULL or count >= 0xFFFF:
        wide = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 3 << 8 | 45, 45, 0, 0, count, count, length, start)
        wide += struct.pack("<4sIQI", b"PK\6\7", 0, start + length, 1)
    few, length, start = min(count, 0xFFFF), min(length, FULL), min(start, FULL)
    return wide + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, few, few, length, start, 0)


# ---------------------------------------------------------------- signatures, keys, timestamps

STATEMENT = {"schema": str, "number": int, "previous": str, "verb": str, "key": str, "successor": str,
             "at": str, "reason": str}  # fmt: skip
SEALED = {"schema": str, "of": str, "number": int, "previous": str, "segment": str, "records": int, "root": str,
          "sealed": str, "software": str, "key": str}  # fmt: skip
BUNDLE = {"schema": str, "of": str, "manifest": str, "seals": int, "head": str, "made": str, "software": str,
          "key": str}  # fmt: skip


def signed(data: bytes, member: str, schema: str, form: dict[str, type]) -> dict[str, Any]:
    """The member of a canonical document, its form and its signature checked; raises Fault."""
    whole = parse(data)
    if not isinstance(whole, dict) or set(whole) != {member, "signature"} or canonical(whole) != data:
        raise Fault(f"not a {schema} in canonical form")
    said, signature = whole[member], whole["signature"]
    if not isinstance(said, dict) or {name: type(value) for name, value in said.items()} != form:
        raise Fault(f"not the members of {schema}")
    if said["schema"] != schema or not re.fullmatch(KEY, said["key"]):
        raise Fault(f"not {schema}, or without a key")
    try:
        raw = base64.b64decode(signature, validate=True)
    except (TypeError, ValueError) as error:
        raise Fault("the signature is not base64") from error
    if base64.b64encode(raw).decode() != signature or not signs(
        bytes.fromhex(said["key"][8:]), raw, canonical(said)
    ):
        raise Fault("the signature is not that of its key over these bytes")
    return said


class Keys:
    """Who may sign: the histories in keys.jsonl, each statement signed and following the one it names."""

    def __init__(self, data: bytes) -> None:
        self.until: dict[str, tuple[str, str]] = {}  # key → when it was rotated or revoked, and which
        self.before: dict[str, str] = {}  # successor → the key that named it
        self.known: set[str] = set()
        tips: dict[str, tuple[int, str]] = {}
        *lines, rest = data.split(b"\n")
        if rest:
            raise Fault("the last line has no end")
        for line in lines:
            said = signed(line, "statement", "losi-key/1", STATEMENT)
            number, holder = tips.pop(said["previous"], (0, said["key"]))
            first = (said["number"], said["verb"], said["previous"]) == (1, "made", "")
            follows = number > 0 and said["verb"] in ("rotated", "revoked") and said["number"] == number + 1
            if holder != said["key"] or not (first or follows) or not re.fullmatch(TIME, said["at"]):
                raise Fault(f"statement {said['number']} follows none before it")
            self._take(said)
            tips[sha256(line)] = (said["number"], said["successor"] or holder)

    def _take(self, said: dict[str, Any]) -> None:
        key, verb, successor = said["key"], said["verb"], said["successor"]
        if bool(successor) != (verb == "rotated") or (verb == "made" and key in self.known):
            raise Fault(f"statement {said['number']} names a successor where none is, or a key made twice")
        self.known.add(key)
        if verb != "made":
            self.until.setdefault(key, (said["at"], verb))
        if successor:
            if successor in self.known or not re.fullmatch(KEY, successor):
                raise Fault("a successor that is no new key")
            self.known.add(successor)
            self.before[successor] = key

    def check(self, key: str, at: str) -> None:
        """May this key have signed at that time?"""
        if key not in self.known:
            raise Fault("signed by a key that keys.jsonl does not tell of")
        until, verb = self.until.get(key, ("", ""))
        if verb and at > until:
            raise Fault(f"signed after its key was {verb}, on {until}")

    def vouches(self, given: str, key: str) -> bool:
        """Whether `given` is this key, or named it its successor, or the successor's."""
        while key != given and key in self.before:
            key = self.before[key]
        return key == given


def public_key(text: str) -> str:
    """From "ed25519:<hex>", 64 hex digits alone, or PEM; raises Fault."""
    found: set[str] = set(re.findall(r"ed25519:([0-9a-f]{64})\b", text[:MAX_HEAD]))
    if pem := re.search(r"-----BEGIN PUBLIC KEY-----\s*([A-Za-z0-9+/]{59}=)\s*-----END", text[:MAX_HEAD]):
        if (raw := base64.b64decode(pem[1])).hex().startswith("302a300506032b6570032100"):
            found.add(raw[12:].hex())
    elif re.fullmatch(r"[0-9a-f]{64}", text.strip()):
        found.add(text.strip())
    if len(found) != 1 or len(text) > MAX_HEAD // 64:
        raise Fault("not the file of one Ed25519 public key")
    return "ed25519:" + found.pop()


def given_key(said: str) -> str:
    """From the key itself, or the name of the file that holds it; raises Fault."""
    if re.fullmatch(r"(ed25519:)?[0-9a-f]{64}", said):
        return public_key(said)
    try:
        return public_key(Path(said).read_text(errors="replace"))
    except OSError as error:
        raise Fault(
            f"{said}: {error.strerror}; give the public key, ed25519:…, or the file that holds it"
        ) from error
    except Fault as fault:
        raise Fault(f"{said}: {fault}") from fault


def given_fingerprint(said: str) -> str:
    """With or without "sha256:" before it; raises Fault."""
    digits = said.strip().lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise Fault(f"{said[:100]}: a fingerprint is sha256: and 64 digits of 0 to 9 and a to f")
    return "sha256:" + digits


def _der(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of the DER values that stand one behind the other."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length > 127:
            size = length & 127
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise IndexError
        found.append((tag, data[at : at + length]))
        at += length
    return found


def stamped(reply: bytes, digest: str) -> str:
    """When an RFC 3161 reply says that it saw the digest; its signature is not looked at. Raises Fault."""
    try:
        status, token = _der(_der(reply)[0][1])[:2]
        content = _der(_der(_der(token[1])[1][1])[0][1])[2]
        info = _der(_der(_der(_der(content[1])[1][1])[0][1])[0][1])
        imprint = _der(info[2][1])
        granted, algorithm = _der(status[1])[0][1], _der(imprint[0][1])[0][1]
        when = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z", info[4][1].decode("ascii"))
    except (IndexError, ValueError, RecursionError) as error:
        raise Fault("not a timestamp reply") from error
    if granted not in (b"\0", b"\1") or algorithm.hex() != "608648016503040201":
        raise Fault("the timestamp was refused, or is of another digest than SHA-256")
    if imprint[1][1].hex() != digest[7:] or not when:
        raise Fault("the timestamp is of other bytes")
    return str("{}-{}-{}T{}:{}:{}Z".format(*when.groups()))


# ---------------------------------------------------------------- the check


@dataclass
class Report:
    """What was found. `timestamps` are (reply, seal file, authority, time); their signatures are not checked here."""

    file: str
    verdict: str = "unreadable"  # sound, unsealed, misquoted, altered, unreadable
    time: str = "self-attested"
    signer: str = "signer unproven"
    proven: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    count: int = 0  # of problems; the first of them are kept
    ok: bool = False
    timestamps: list[tuple[bytes, bytes, str, str]] = field(default_factory=list)

    def fault(self, where: str, what: object) -> None:
        self.count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"where": where, "what": str(what)})

    def document(self) -> dict[str, Any]:
        said = asdict(self)
        return {name: value for name, value in said.items() if name not in ("count", "timestamps")}


ROW = struct.Struct(">16s32scHQQ")  # record, payload digest, one of the following, segment, offset, length
SEEN, AGAIN, TAKEN_OUT = b"s", b"a", b"x"


class Check:
    """One bundle, or one folder of a workspace (`packed` is False: neither ZIP nor tables)."""

    def __init__(self, report: Report, files: dict[str, Entry], packed: bool, of: str = "") -> None:
        self.report, self.files, self.packed, self.of = report, files, packed, of
        self.manifest: dict[str, str] = {}
        self.bundle: dict[str, Any] = {}
        self.keys = Keys(b"")
        self.seals: list[dict[str, Any]] = []
        self.unsealed: list[str] = []
        self.read: set[str] = set()
        self.names: list[str] = []  # of the segments, as they were read
        self.rows: Any = tempfile.SpooledTemporaryFile(1 << 22)  # noqa: SIM115
        self.records = self.indexed = self.index_sum = self.misquoted = 0
        self.ledger: Iterator[bytes] | None = None
        self.revisits: dict[bytes, str] = {}  # record and digest → where it is referred to
        self.stubs: dict[str, str] = {}
        self.statements: dict[str, str] = {}
        self.pages: set[bytes] = set()
        self.newest: dict[str, tuple[str, bytes]] = {}
        self.texts: dict[str, set[str]] = {"edition": set(), "rules": set()}

    def __enter__(self) -> Check:
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.close()

    def step(self, where: str, check: Any, *given: Any) -> Any:
        """One part broken hides no other."""
        try:
            return check(*given)
        except (Fault, OSError) as fault:
            self.report.fault(where, fault)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error) as error:
            self.report.fault(where, f"cannot be understood ({type(error).__name__})")
        return None

    def run(self) -> None:
        if self.packed:
            self.step(MANIFEST, self.check_manifest)
            self.step(PAGES, self.take_pages)
        self.step(KEYS, self.take_keys)
        self.step("seals", self.check_chain)
        self.step("archive", self.check_segments)
        self.step("timestamps", self.check_timestamps)
        self.step("archive", self.check_references)
        for name in sorted(set(self.files) - self.read if self.packed else ()):
            self.step(name, self.small, name)
        before = self.report.count
        self.step("findings", Said(self).check)
        self.misquoted = self.report.count - before

    # what is small

    def small(self, name: str, most: int = MAX_SMALL) -> bytes:
        if name not in self.files or self.files[name].size > most:
            raise Fault("is missing" if name not in self.files else "is larger than any is")
        with Span(self.files[name]) as span:
            data = b""
            while part := span.read(1 << 20):
                data += part
            self.close(name, span)
        return data

    def close(self, name: str, span: Span) -> None:
        """Read to its end, and compared with the ZIP and the manifest."""
        while span.read(1 << 20):
            pass
        self.read.add(name)
        if span.entry.crc not in (-1, span.crc):
            self.report.fault(name, "is not what the ZIP's check sum says")
        said = self.manifest.get(name, "") if self.manifest and name not in (MANIFEST, SIGNED) else None
        if said not in (None, "sha256:" + span.digest.hexdigest()):
            self.report.fault(name, "is not what the manifest's SHA-256 says")

    def check_manifest(self) -> None:
        raw, signed_raw = self.small(MANIFEST), self.small(SIGNED)
        said, digest = parse(raw), parse(signed_raw)
        if (canonical(said), canonical(digest)) != (raw, signed_raw) or set(digest) - {
            "path",
            "hash",
            "losi",
        }:
            raise Fault("not in canonical form")
        if digest["path"] != MANIFEST or digest["hash"] != sha256(raw):
            raise Fault(f"is not what {SIGNED} says")
        listed = {one["path"]: (one["hash"], one["bytes"]) for one in said["resources"]}
        there = {name: entry.size for name, entry in self.files.items() if name not in (MANIFEST, SIGNED)}
        sizes = {name: size for name, (_, size) in listed.items()}
        if sizes != there or len(listed) != len(said["resources"]):
            odd = sorted(set(sizes.items()) ^ set(there.items()))[:3]
            self.report.fault(MANIFEST, f"does not list the files that are there, with their sizes: {odd}")
        self.manifest = {name: digest for name, (digest, _) in listed.items()}
        if "losi" in digest:
            self.bundle = signed(canonical(digest["losi"]), "bundle", "losi-bundle/1", BUNDLE)
            self.of = self.bundle["of"]
            if self.bundle["manifest"] != sha256(raw):
                self.report.fault(SIGNED, "its signature is for another manifest")

    def take_pages(self) -> None:
        with Span(self.files[PAGES]) as span:
            lines = span.lines()
            if b'"format"' not in next(lines, b""):
                raise Fault("does not begin as such a file does")
            for line in lines:
                said = parse(line)
                self.pages.add(_short_of(said["id"], said["url"], said["ts"]))
                if canonical(said) != line or len(self.pages) > MAX_FOLLOWED:
                    raise Fault("a line that is not canonical, or one of too many")
            self.close(PAGES, span)

    def take_keys(self) -> None:
        if KEYS in self.files:
            self.keys = Keys(self.small(KEYS))

    def check_chain(self) -> None:
        previous, at, segments = "", "", set()
        names = sorted(name for name in self.files if re.fullmatch(SEAL + r"\.json", name))
        for number, name in enumerate(sorted(names, key=len), 1):
            raw = self.small(name, 1 << 16)
            seal = signed(raw, "seal", "losi-seal/1", SEALED)
            self.of = self.of or seal["of"]
            place = (f"seals/seal-{seal['number']:04d}.json", seal["of"], seal["number"], seal["previous"])
            if place != (name, self.of, number, previous):
                raise Fault(f"{name} does not follow the one before it")
            well = re.fullmatch(SEGMENT, seal["segment"]) and re.fullmatch(TIME, seal["sealed"])
            if not well or seal["segment"] in segments:
                raise Fault(f"{name}: its segment or its time cannot be")
            if seal["sealed"] < at:
                self.report.fault(name, "was sealed before the one that it follows")
            self.step(name, self.keys.check, seal["key"], seal["sealed"])
            previous, at = sha256(raw), seal["sealed"]
            segments.add(seal["segment"])
            self.seals.append({**seal, "name": name, "digest": previous})
        if self.bundle and (self.bundle["seals"], self.bundle["head"]) != (len(self.seals), previous):
            self.report.fault(SIGNED, "names another number of seals, or another last one")
        if self.bundle:
            self.step(SIGNED, self.keys.check, self.bundle["key"], self.bundle["made"])

    def check_timestamps(self) -> None:
        by_name = {seal["name"][:-5]: seal for seal in self.seals}
        for name in sorted(name for name in self.files if name.endswith(".tsr")):
            seal = by_name.get(re.match(SEAL, name)[0])  # type: ignore[index]
            reply = self.small(name, 1 << 17)
            if seal is None:
                self.report.fault(name, "there is no seal that it dates")
            elif at := self.step(name, stamped, reply, seal["digest"]):
                authority = name[len(seal["name"]) - 4 : -4]
                self.report.timestamps.append((reply, self.small(seal["name"]), authority, at))

    # segments

    def check_segments(self) -> None:
        sealed = {seal["segment"] for seal in self.seals}
        there = sorted(name[8:] for name in self.files if name.startswith("archive/"))
        self.unsealed = [name for name in there if name not in sealed]
        if not self.packed:
            self._all_segments()
            return
        with Span(self.files[LEDGER]) as ledger, Span(self.files[INDEX]) as index:
            self.ledger = ledger.lines()
            self._all_segments()
            if self.ledger is not None and next(self.ledger, None) is not None:
                self.report.fault(LEDGER, "has lines for records that are not there")
            self.close(LEDGER, ledger)
            self.step(INDEX, self._check_index, index)
            self.close(INDEX, index)
        if self.pages:
            self.report.fault(PAGES, f"names {len(self.pages)} pages that no record is")

    def _all_segments(self) -> None:
        for seal in self.seals:
            self.step(f"archive/{seal['segment']}", self._segment, seal["segment"], seal)
        for name in list(self.unsealed):
            self.step(f"archive/{name}", self._segment, name, None)

    def _segment(self, name: str, seal: dict[str, Any] | None) -> None:
        place = f"archive/{name}"
        if place not in self.files:
            raise Fault(f"is sealed by {seal['name'] if seal else ''}, but it is not here")
        self.names.append(name)
        tree, records, torn = Tree(), seal["records"] if seal else 1 << 62, ""
        with Span(self.files[place]) as span:
            try:
                for record in heads(span):
                    if tree.count == records:
                        self.report.fault(place, "whole records stand behind the last one that was sealed")
                        break
                    tree.add(record.leaf)
                    self.step(place, self._record, name, record)
            except Fault as fault:
                torn = str(fault)
            self.close(place, span)
        if torn and (self.packed or (seal and tree.count < records)):
            self.report.fault(place, torn)
        elif torn:
            self.report.not_proven.append(
                f"{place}: a torn tail behind its last whole record is no evidence."
            )
        if not (seal or self.packed or tree.count):
            self.unsealed.remove(name)  # begun and never written: there is nothing to seal
        if seal and (tree.count, "sha256:" + tree.root().hex()) != (records, seal["root"]):
            told = f"not the {records} records of {seal['name']} in their order: one was changed, removed or added"
            self.report.fault(place, told)

    def _record(self, segment: str, record: Record) -> None:
        self.records += 1
        fields, kind = record.fields, record.fields.get("LOSI-Kind", "")
        if record.offset == 0 and (fields["WARC-Type"], fields.get("WARC-Filename")) != ("warcinfo", segment):
            raise Fault("does not begin with a warcinfo that names it")
        if self.packed:
            self._in_tables(segment, record)
        was = fields_of(record.start) if record.stub else fields
        name, key = was["WARC-Record-ID"].strip("<>"), _short_of(was["WARC-Record-ID"].strip("<>"))
        payload = bytes.fromhex(was.get("WARC-Payload-Digest", record.payload)[7:])
        what = TAKEN_OUT if record.stub else AGAIN if fields["WARC-Type"] == "revisit" else SEEN
        self.rows.write(ROW.pack(key, payload, what, len(self.names) - 1, record.offset, record.length))
        if what == TAKEN_OUT:
            self._follow(self.stubs, name, "sha256:" + record.leaf.hex())
        elif what == AGAIN:
            refers = _short_of(fields["WARC-Refers-To"].strip("<>"))
            self._follow(self.revisits, refers + payload, f"archive/{segment}, byte {record.offset}")
        elif kind == "redaction":
            said = parse(record.start)
            if fields.get("WARC-Target-URI") == f"urn:losi:redaction:{said['record']}":
                self._follow(self.statements, said["record"], said["leaf"])
        elif kind in self.texts and len(self.texts[kind]) < MAX_ENTRIES:
            self.texts[kind].add(record.payload)
        elif kind in ("findings", "answers") and fields["WARC-Date"] >= self.newest.get(kind, ("", b""))[0]:
            self.newest[kind] = (fields["WARC-Date"], key)

    def _follow(self, known: dict[Any, Any], key: Any, value: Any) -> None:
        if len(known) >= MAX_FOLLOWED:
            raise Fault("refers to more records than this verifier follows")
        known[key] = value

    def _in_tables(self, segment: str, record: Record) -> None:
        fields, kind = record.fields, record.fields.get("LOSI-Kind", "")
        url = fields.get("WARC-Target-URI", "")
        line = {"segment": segment, "offset": record.offset, "length": record.length, "record": record.id,
                "type": fields["WARC-Type"], "kind": kind, "url": url, "leaf": "sha256:" + record.leaf.hex(),
                **({"redacted": True} if record.stub else {})}  # fmt: skip
        if self.ledger is not None and next(self.ledger, None) != canonical(line):
            self.report.fault(LEDGER, f"is not what the records say, from {segment}, byte {record.offset}")
            self.ledger = None
        if kind in ("page", "document"):
            self.pages.discard(_short_of(record.id, url, fields["WARC-Date"][:19] + "Z"))
        if tail := _index_tail(segment, record):
            self.indexed += 1
            self.index_sum += int.from_bytes(hashlib.sha256(tail).digest(), "big")

    def _check_index(self, index: Span) -> None:
        count = total = 0
        last = b""
        for line in index.lines():
            if line < last:
                raise Fault("is not sorted")
            last, count = line, count + 1
            total += int.from_bytes(hashlib.sha256(line.partition(b" ")[2]).digest(), "big")
        if count != self.indexed or (total - self.index_sum) % (1 << 256):
            raise Fault("is not what the records say")

    # what refers to what

    def check_references(self) -> None:
        for key, payload, what, *_ in self.found():
            if what != AGAIN:
                self.revisits.pop(key + payload, None)
        for where in list(self.revisits.values())[:MAX_PROBLEMS]:
            self.report.fault(where, "a revisit of a body that is in no record here")
        for record, head in self.stubs.items():
            if self.statements.get(record) != head:
                self.report.fault(record, "its bytes were taken out, and no sealed statement says so")
        if self.stubs:
            told = f"{len(self.stubs)} records are redacted: their heads are proven, their bytes are gone."
            self.report.not_proven.append(told)

    def found(self) -> Iterator[Any]:
        self.rows.seek(0)
        while row := self.rows.read(ROW.size * 1024):
            yield from ROW.iter_unpack(row)

    def body(self, row: Any) -> tuple[dict[str, str], bytes, bytes]:
        """Fields, HTTP head and payload of the record in a row; raises Fault where it is too large."""
        place = self.files[f"archive/{self.names[row[3]]}"]
        with Span(Entry(place.path, place.start + row[4], row[5])) as span:
            inflate = zlib.decompressobj(31)
            data = b""
            while part := span.read():
                data += inflate.decompress(part, MAX_SAID - len(data) + 1)
                if len(data) > MAX_SAID:
                    raise Fault("larger than this verifier reads")
        head, _, rest = data.partition(b"\r\n\r\n")
        fields, rest = fields_of(head + b"\r\n\r\n"), rest[:-4]
        if not fields.get("Content-Type", "").startswith("application/http"):
            return fields, b"", rest
        head, _, body = rest.partition(b"\r\n\r\n")
        return fields, head, body


def _short_of(*texts: Any) -> bytes:
    return hashlib.sha256("\n".join(map(str, texts)).encode("utf-8", "replace")).digest()[:16]


def _index_tail(segment: str, record: Record) -> bytes | None:
    """Of the line of an index (CDXJ) all but its first word, the sort key made of the address."""
    fields, kind, said = record.fields, record.fields["WARC-Type"], record.fields.get("Content-Type")
    own = kind in ("resource", "metadata")
    if not (own or kind in ("response", "revisit")) or (own and said == "application/warc-fields"):
        return None
    url, status, mime = fields.get("WARC-Target-URI"), None, said
    if not own and fields["Content-Length"] != "0" and (url or "").startswith(("http:", "https:")):
        first, *lines = _lenient(record.start).split("\n")
        status = first.strip().partition(" ")[2].strip().partition(" ")[0]
        mime = _field(lines, "content-type")
    elif kind == "response":
        mime = None
    mime = "warc/revisit" if kind == "revisit" else mime and re.split(r"[;\s]", mime, maxsplit=1)[0]
    shown = {"url": url, "mime": mime, "status": status, "digest": fields.get("WARC-Payload-Digest"),
             "length": str(record.length), "offset": str(record.offset), "filename": segment}  # fmt: skip
    at = re.sub(r"\D", "", fields["WARC-Date"])[:14]
    return f"{at} {json.dumps({name: one for name, one in shown.items() if one is not None})}".encode()


def _lenient(head: bytes) -> str:
    return "\n".join(_utf8_or_latin1(line) for line in head.split(b"\n"))


def _utf8_or_latin1(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _field(lines: list[str], name: str) -> str | None:
    """The first of that name; a line that begins with white space continues the one before it."""
    found = None
    for line in lines:
        line = line.rstrip()
        if not line or (found is not None and line[0] not in " \t"):
            break
        if found is not None:
            found += line
        elif line.partition(":")[0].rstrip(" \t").lower() == name and ":" in line:
            found = line.partition(":")[2].lstrip()
    return found


# ---------------------------------------------------------------- what is said


class Said:
    """Whether findings and answers cite records that are here, with quotes that stand in them."""

    def __init__(self, check: Check) -> None:
        self.of, self.report = check, check.report
        self.quotes = self.unread = self.gone = 0
        self.cited: dict[bytes, list[tuple[str, str, str]]] = {}  # record → where, its name, quote

    def check(self) -> None:
        newest = self._rows({place for _, place in self.of.newest.values()})
        for kind, (_, place) in sorted(self.of.newest.items()):
            said = parse(self.of.body(newest[place])[2])
            for one in said[kind]:
                self._statement(f"{kind}: {one['test']}", one, kind)
            for text in self.of.texts if kind == "findings" and self.of.packed else ():
                if said[f"{text}_digest"] not in self.of.texts[text]:
                    self.report.fault(kind, f"the {text} that they were made with is not here")
        rows = self._rows(set(self.cited))
        for where, name, _ in [self.cited[key][0] for key in self.cited if key not in rows][:MAX_PROBLEMS]:
            self.report.fault(where, f"cites {name[:100]}, which is not here")
        refers = {key: self._refers(row) for key, row in rows.items() if row[2] == AGAIN}
        originals = self._rows(set(refers.values()))
        for key, row in rows.items():
            self._capture(row, originals.get(refers[key]) if key in refers else row, self.cited[key])
        self._tell()

    def _rows(self, wanted: set[bytes]) -> dict[bytes, Any]:
        return {row[0]: row for row in self.of.found() if row[0] in wanted}

    def _refers(self, row: Any) -> bytes:
        return _short_of(self.of.body(row)[0]["WARC-Refers-To"].strip("<>"))

    def _statement(self, where: str, one: dict[str, Any], kind: str) -> None:
        for part in one["evidence"]:
            if len(self.cited) >= MAX_FOLLOWED:
                raise Fault("more records are cited than this verifier follows")
            record = part["capture"]
            self.cited.setdefault(_short_of(record), []).append((where, record, part["quote"]))
        backed = any(part["stance"] == "for" and part["quote"].strip() for part in one["evidence"])
        if kind == "findings" and one["outcome"] == "passed" and not backed:
            self.report.fault(where, "passed, and nothing is quoted for it")

    def _capture(self, row: Any, place: Any, cited: list[tuple[str, str, str]]) -> None:
        """`place` is where its body stands: of a revisit, the record that it refers to."""
        if place is None or TAKEN_OUT in (row[2], place[2]):
            self.gone += len(cited)
            return
        try:
            texts = texts_of(*self.of.body(row)[:2], self.of.body(place)[2])
        except (Fault, ValueError):
            texts = None
        for where, name, quote in cited:
            if not quote.strip():
                continue  # the capture itself is what is pointed at
            if texts is None:
                self.unread += 1
            elif any(squeezed(quote) in text for text in texts):
                self.quotes += 1
            else:
                self.report.fault(where, f"what it quotes does not stand in {name[:100]}: {quote[:80]!r}")

    def _tell(self) -> None:
        said, unsaid = self.report.proven, self.report.not_proven
        if self.quotes:
            said.append(f"{self.quotes} quotes of findings and answers stand in the captures that they cite.")
        if self.unread:
            unsaid.append(f"{self.unread} quotes are from captures that this file does not read (PDF, pictures, rare "
                          "character sets): `losi verify` reads more.")  # fmt: skip
        if self.gone:
            unsaid.append(f"{self.gone} quotes cannot be checked any more: their captures are redacted.")


def squeezed(text: str) -> str:
    return "".join(text.split())


CHARSET = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_:.-]{2,40})""", re.I)
READ = re.compile(
    r"utf-?8|us-ascii|iso-?8859-\d+|windows-\d+|cp125\d|koi8-[ru]|shift_jis|euc-(jp|kr)|gb(k|2312|18030)|big5"
)
BROWSERS_READ = {"iso-8859-1": "cp1252", "us-ascii": "cp1252", "iso-8859-9": "cp1254", "gb2312": "gbk"}


def texts_of(fields: dict[str, str], http: bytes, body: bytes) -> list[str] | None:
    """Without white space: the text between tags, and all of the source; None where this file cannot read it."""
    lines = _lenient(http).split("\n")[1:]
    said = (_field(lines, "content-type") if http else fields.get("Content-Type")) or ""
    encoding = (_field(lines, "content-encoding") or "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        inflate = zlib.decompressobj(47 if body[:1] in (b"\x1f", b"\x78") else -15)
        try:
            body = inflate.decompress(body, MAX_SAID)
        except zlib.error:
            return None
    elif encoding != "identity":
        return None
    known = re.match(r"text/|application/(xhtml|xml|json|javascript)", said.strip().lower())
    if body[:5] == b"%PDF-" or not (known or body.lstrip()[:1] == b"<"):
        return None
    named = CHARSET.search(said.encode()) or CHARSET.search(body[:4096])
    charset = "utf-8" if named is None or body[:3] == b"\xef\xbb\xbf" else named[1].decode().lower()
    if not READ.fullmatch(charset):
        return None
    try:
        source = body.decode(BROWSERS_READ.get(charset, charset))
    except (UnicodeDecodeError, LookupError):
        return None
    first, *parts = source.split("<!--")
    bare = first + "".join(part.partition("-->")[2] if "-->" in part else part for part in parts)
    return [squeezed(plain(re.sub(r"<[^<>]*>", " ", bare))), squeezed(plain(source)), squeezed(source)]


def plain(text: str) -> str:
    """Entities as characters; a number of many digits is none."""
    return html.unescape(re.sub(r"&#[xX]?[0-9a-fA-F]{9,};?", "", text))


# ---------------------------------------------------------------- the verdict


def verify(path: Path | str, *, key: str | None = None, fingerprint: str | None = None) -> Report:
    """A bundle. Never raises; `key` is "ed25519:<hex>", `fingerprint` a published "sha256:…"."""
    path = Path(path)
    report = Report(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Fault("not a file")
        files = entries(path)
        if missing := [name for name in FIXED if name not in files]:
            raise Fault(f"{', '.join(missing)} is missing")
    except (Fault, OSError) as fault:
        report.fault(path.name, fault)
        report.verdict = "altered" if _ours(path) else "unreadable"
        return report
    with Check(report, files, packed=True) as check:
        check.run()
        _judge(check, key, fingerprint)
    return report


def _ours(path: Path) -> bool:
    """Whether a file that is no bundle was one."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2) if stat.S_ISREG(path.stat().st_mode) else 0
            file.seek(max(0, size - MAX_HEAD))
            return size > 0 and b"losi-bundle/1" in file.read(MAX_HEAD)
    except OSError:
        return False


def verify_folder(
    folder: Path, keys: Path, *, of: str | None = None, key: str | None = None, fingerprint: str | None = None
) -> Report:
    """`archive/<round>/<city>` or `archive/<round>` of a workspace; `keys` is its keys.jsonl. Never raises."""
    report = Report(str(folder))
    files: dict[str, Entry] = {}
    try:
        for name, path in sorted(_in_folder(folder, keys)):
            if len(files) > MAX_ENTRIES or not stat.S_ISREG(path.lstat().st_mode):
                raise Fault(f"{path.name}: no plain file, or one too many")
            files[name] = Entry(path, 0, path.stat().st_size)
    except (Fault, OSError) as fault:
        report.fault(str(folder), fault)
        return report
    with Check(report, files, packed=False, of=of or "") as check:
        check.run()
        _judge(check, key, fingerprint)
    return report


def _in_folder(folder: Path, keys: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir():
        for top in ("archive", "seals"):
            if re.fullmatch(NAMED, f"{top}/{path.name}"):
                yield f"{top}/{path.name}", path
    for path in folder.parent.glob("fingerprint-*.json"):
        if re.fullmatch(PRINT, f"seals/{path.name}"):
            yield f"seals/{path.name}", path
    if keys.exists():
        yield KEYS, keys


def _judge(check: Check, key: str | None, fingerprint: str | None) -> None:
    report, last = check.report, check.seals[-1] if check.seals else None
    matches = check.step("fingerprint", _check_fingerprints, check, fingerprint) or ""
    signer = check.bundle.get("key") or (last["key"] if last else "")
    if key is not None:
        report.signer = "key matches" if signer and check.keys.vouches(key, signer) else "another key"
    if report.count:
        report.verdict = "altered" if report.count > check.misquoted else "misquoted"
    else:
        sealed = last and not check.unsealed and (check.bundle or not check.packed)
        report.verdict = "sound" if sealed else "unsealed"
    report.time = matches or (NOT_THAT if fingerprint else report.time)
    report.ok = (
        report.verdict == "sound" and report.signer != "another key" and (not fingerprint or bool(matches))
    )
    _tell(check, last)


def _check_fingerprints(check: Check, wanted: str | None) -> str:
    """What the wanted one proves, if any; raises Fault where it or another disagrees with the chain."""
    found = ""
    of, _, city = check.of.partition("/")
    for name in sorted(name for name in check.files if re.fullmatch(PRINT, name)):
        raw = check.small(name, MAX_SMALL)
        said = parse(raw)
        if canonical(said) != raw or (said["schema"], said["round"]) != ("losi-fingerprint/1", of):
            raise Fault(f"{name}: not a fingerprint of this round")
        head = said["heads"].get(city)
        if head is None and check.packed:
            raise Fault(f"{name}: does not name this city")
        if head is None:
            continue
        number = head["number"]
        if not 0 < number <= len(check.seals) or check.seals[number - 1]["digest"] != head["seal"]:
            raise Fault(f"{name}: seal {number} is not the one that was published on {said['day']}")
        if sha256(raw) == wanted:
            found = f"fingerprint matches ({said['day']}, seal {number})"
            check.report.proven.append(
                f"Everything up to seal {number} was there when the fingerprint was published, {said['day']}."
            )
    if wanted and not found:
        check.report.not_proven.append(NO_PRINT)
    return found


def _tell(check: Check, last: dict[str, Any] | None) -> None:
    report, proven, unproven = check.report, check.report.proven, check.report.not_proven
    if report.verdict == "altered":
        proven.clear()  # what agrees with altered bytes is no proof
    if report.verdict in ("sound", "misquoted") and last:
        whose = {"key matches": "the key given", "another key": "another key"}
        proven.insert(0, f"{check.records} records of {check.of}, under {len(check.seals)} seals signed by "
                      f"{whose.get(report.signer, last['key'])}: nothing was changed, removed, added or reordered "
                      f"since {last['sealed']} by the signer's own clock.")  # fmt: skip
        if check.packed:
            proven.append("Manifest, ledger and index say what the records say.")
            unproven.append(
                "The sort keys of the index (made of the addresses) are covered by the manifest only."
            )
    if check.unsealed:
        unproven.append(
            f"Unsealed, so nothing is proven of {len(check.unsealed)}: {', '.join(check.unsealed[:5])}."
        )
    if check.packed and not check.bundle:
        unproven.append("Nobody signed this bundle.")
    if not check.packed and last:
        unproven.append(
            "Whether later seals were taken away: compare the last one with a bundle or a fingerprint."
        )
    if report.signer == "signer unproven":
        unproven.append("Whose key it is: give the signer's public key with --key.")
    if report.time == "self-attested":
        unproven.append("The time of the seals is the signer's own word (self-attested).")
    if report.timestamps:
        named = ", ".join(f"{authority} ({at})" for _, _, authority, at in report.timestamps[:5])
        unproven.append(
            f"{len(report.timestamps)} timestamps name these seals ({named}). Their signatures: {OPENSSL}"
        )
    unproven.extend(HONEST)


def words(report: Report, width: int = 0) -> str:
    """For people, without colours; folded where a width is given."""
    lines = [f"{report.file}: {report.verdict}; {report.signer}; {report.time}", *_plainly(report)]
    problems = [f"{one['where']}: {one['what']}" for one in report.problems]
    told = f"Problems ({report.count})"
    told += f", the first {len(problems)}" if report.count > len(problems) else ""
    parts = ((told, problems), ("What is proven", report.proven), ("What is not proven", report.not_proven))
    for title, said in parts:
        lines += [f"\n{title}:", *(f"  - {one}" for one in said)] if said else []
    folded = (_folded(line, width) for line in lines) if width else lines
    return "\n".join(folded).encode("utf-8", "backslashreplace").decode()


def _plainly(report: Report) -> Iterator[str]:
    """The first line again, for who never read the documentation."""
    if report.verdict in VERDICTS:
        yield VERDICTS[report.verdict]
    if report.verdict in ("sound", "misquoted", "unsealed"):
        if report.signer in SIGNERS:
            yield SIGNERS[report.signer]
        if report.time == NOT_THAT:
            yield NO_PRINT


def _folded(line: str, width: int) -> str:
    start = "\n" if line.startswith("\n") else ""
    further = "    " if line.startswith("  - ") else ""
    return start + textwrap.fill(
        line.strip("\n"), width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def columns() -> int:
    """Of the terminal; 0 where none reads along."""
    return min(100, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Check a losi bundle offline: exit 0 sound, 1 not, 2 not read."
    )
    parser.add_argument("file", type=Path, help="the bundle, FILE.wacz")
    parser.add_argument("--key", help="the public key that must have signed, or the file that holds it")
    parser.add_argument("--fingerprint", help="a published fingerprint of the round, sha256:…")
    given = parser.parse_args(arguments)
    try:
        key = given_key(given.key) if given.key is not None else None
        fingerprint = given_fingerprint(given.fingerprint) if given.fingerprint is not None else None
        given.file.open("rb").close()
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{given.file}: {error.strerror}", file=sys.stderr)
        return 2
    report = verify(given.file, key=key, fingerprint=fingerprint)
    print(words(report, columns()))
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
