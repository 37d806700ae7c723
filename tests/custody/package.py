"""Taking a bundle apart and putting it together again well: what a cheat would write who has read docs/evidence.md.

Independent of evidence_store; whatever is left alone keeps its bytes.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

INDEX, LEDGER, PAGES = "indexes/index.cdx", "indexes/ledger.jsonl", "pages/pages.jsonl"
KEYS, MANIFEST, DIGEST = "seals/keys.jsonl", "datapackage.json", "datapackage-digest.json"
SEGMENT = re.compile(r"archive/(.+\.warc\.gz)")
SEAL = re.compile(r"seals/seal-\d+\.json")


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(value: object) -> bytes:
    """RFC 8785 for what stands in a bundle."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def root(leaves: list[bytes]) -> str:
    """Of RFC 6962, 2.1: two at a time, an odd one goes up as it is."""
    level = leaves
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)
        ]
        level = paired + level[len(level) // 2 * 2 :]
    return "sha256:" + level[0].hex()


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True)
class Record:
    """`stored` are the bytes it was read from, until something of it is changed."""

    head: bytes
    block: bytes
    stored: bytes = b""

    @classmethod
    def read(cls, stored: bytes) -> "Record":
        head, _, rest = zlib.decompress(stored, 31).partition(b"\r\n\r\n")
        return cls(head + b"\r\n\r\n", rest[:-4], stored)

    @property
    def member(self) -> bytes:
        return self.stored or deflated(self.head + self.block + b"\r\n\r\n")

    @property
    def leaf(self) -> bytes:
        return hashlib.sha256(b"\0" + (self.block if self["LOSI-Kind"] == "redacted" else self.head)).digest()

    @property
    def id(self) -> str:
        return self["WARC-Record-ID"].strip("<>")

    @property
    def type(self) -> str:
        return self["WARC-Type"]

    @property
    def kind(self) -> str:
        return self["LOSI-Kind"]

    @property
    def http(self) -> tuple[bytes, bytes]:
        """Head and body of what the server said."""
        head, _, body = self.block.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n", body

    def __getitem__(self, name: str) -> str:
        found = re.search(rb"(?m)^" + name.encode() + rb": (.*?)\r$", self.head)
        return found[1].decode() if found else ""

    def saying(self, name: str, value: str) -> "Record":
        """The same with another value in a line of its head."""
        line = re.compile(rb"(?m)^(" + name.encode() + rb": ).*?\r$")
        return Record(
            line.sub(lambda found: found[1] + value.encode() + b"\r", self.head, count=1), self.block
        )

    def holding(self, block: bytes, *, digests: bool = True) -> "Record":
        """Another block; its length always right, its digests if wanted."""
        changed = Record(self.head, block).saying("Content-Length", str(len(block)))
        if not digests:
            return changed
        changed = changed.saying("WARC-Block-Digest", sha(block))
        is_http = self["Content-Type"].startswith("application/http")
        if self.type == "revisit":
            return changed
        return changed.saying("WARC-Payload-Digest", sha(changed.http[1] if is_http else block))

    def with_body(self, body: bytes, *, digests: bool = True) -> "Record":
        """Of an answer over HTTP: its Content-Length follows, if it had one."""
        said = re.sub(rb"(?mi)^(content-length: )\d+", rb"\g<1>%d" % len(body), self.http[0])
        return self.holding(said + body, digests=digests)


@dataclass
class Package:
    """`files` in their order; what they hold: records by segment, index and page lines by record id."""

    files: dict[str, bytes]
    segments: dict[str, list[Record]] = field(default_factory=dict)
    index: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Package":
        with zipfile.ZipFile(path) as archive:
            package = cls({name: archive.read(name) for name in archive.namelist()})
        indexed = {_named(line): line for line in package.lines(INDEX)}
        for line in map(json.loads, package.lines(LEDGER)):
            segment, offset = line["segment"], line["offset"]
            data = package.files["archive/" + segment][offset : offset + line["length"]]
            package.segments.setdefault(segment, []).append(Record.read(data))
            if (segment, offset) in indexed:
                package.index[line["record"]] = indexed[segment, offset]
        package.pages = {page["id"]: page for page in map(json.loads, package.lines(PAGES)[1:])}
        return package

    @property
    def seal_names(self) -> list[str]:
        return sorted(name for name in self.files if SEAL.fullmatch(name))

    @property
    def seals(self) -> list[dict[str, Any]]:
        return [self.json(name) for name in self.seal_names]

    @property
    def of(self) -> str:
        return str(self.seals[0]["seal"]["of"])

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def lines(self, name: str) -> list[bytes]:
        return self.files[name].splitlines(keepends=True)

    def places(self, kind: str = "", type_: str = "") -> list[tuple[str, int]]:
        """Segment and place of every record of that kind and type."""
        return [
            (segment, number)
            for segment, records in self.segments.items()
            for number, one in enumerate(records)
            if kind in ("", one.kind) and type_ in ("", one.type)
        ]

    def record(self, place: tuple[str, int]) -> Record:
        return self.segments[place[0]][place[1]]

    def put(self, place: tuple[str, int], record: Record) -> None:
        self.segments[place[0]][place[1]] = record

    def drop_segment(self, segment: str) -> None:
        del self.segments[segment], self.files["archive/" + segment]

    def take(self, other: "Package", segment: str) -> None:
        """Another bundle's segment, with its lines of index and pages."""
        self.files["archive/" + segment] = other.files["archive/" + segment]
        self.segments[segment] = other.segments[segment]
        self.index |= other.index
        self.pages |= other.pages

    def rebuilt(self) -> "Package":
        """Segments, ledger, index and pages follow the records."""
        ledger, index, pages = list[bytes](), list[bytes](), list[bytes]()
        for segment, records in self.segments.items():
            data = b""
            for one in records:
                ledger.append(_ledger_line(segment, len(data), one))
                if one.kind == "redacted":
                    index.append(_stub_line(segment, len(data), one))
                elif one.id in self.index:
                    index.append(_moved(self.index[one.id], segment, len(data), one))
                if one.id in self.pages and one.kind != "redacted":
                    pages.append(_page_line(one))
                data += one.member
            self.files["archive/" + segment] = data
        self.files[LEDGER] = b"".join(ledger)
        self.files[INDEX] = b"".join(sorted(index))
        self.files[PAGES] = b"".join([self.lines(PAGES)[0], *pages])
        return self

    def listed(self) -> "Package":
        """The manifest lists what is there, with true digests; its digest file says its digest."""
        manifest = self.json(MANIFEST)
        names = [name for name in self.files if name not in (MANIFEST, DIGEST)]
        manifest["resources"] = [
            {"bytes": len(self.files[name]), "hash": sha(self.files[name]), "path": name,
             "name": name.rpartition("/")[2].lower()} for name in names
        ]  # fmt: skip
        self.files[MANIFEST] = plain(manifest)
        said = self.json(DIGEST)
        said["hash"] = sha(self.files[MANIFEST])
        if "losi" in said:
            said["losi"]["bundle"]["manifest"] = said["hash"]
        self.files[DIGEST] = plain(said)
        return self

    def rechained(self, *, counts: bool = True) -> "Package":
        """Seals say what now stands there and name each other, under the old signatures."""
        previous = ""
        for name in self.seal_names:
            said = self.json(name)
            records = self.segments.get(said["seal"]["segment"], [])
            said["seal"]["previous"] = previous
            if counts and records:
                said["seal"].update(records=len(records), root=root([one.leaf for one in records]))
            self.files[name] = plain(said)
            previous = sha(self.files[name])
        said = self.json(DIGEST)
        said["losi"]["bundle"].update(seals=len(self.seal_names), head=previous)
        self.files[DIGEST] = plain(said)
        return self

    def write(self, path: Path) -> None:
        path.write_bytes(zipped(self.files.items()))


def zipped(files: Iterable[tuple[str, bytes]], **fields: Any) -> bytes:
    """In the one form that a bundle has; `fields` of every entry's ZipInfo otherwise."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            for field_, value in fields.items():
                setattr(info, field_, value)
            archive.writestr(info, data)
    return buffer.getvalue()


def _named(line: bytes) -> tuple[str, int]:
    said = json.loads(line[line.index(b"{") :])
    return said["filename"], int(said["offset"])


def _ledger_line(segment: str, offset: int, one: Record) -> bytes:
    line = {"segment": segment, "offset": offset, "length": len(one.member), "record": one.id, "type": one.type,
            "kind": one.kind, "url": one["WARC-Target-URI"], "leaf": "sha256:" + one.leaf.hex()}  # fmt: skip
    return plain(line | {"redacted": True} if one.kind == "redacted" else line) + b"\n"


def _moved(line: bytes, segment: str, offset: int, one: Record) -> bytes:
    """An index line that follows its record: place, date, address, digest and status."""
    key, _, rest = line.decode().partition(" ")
    said = json.loads(rest.partition(" ")[2])
    if said.get("url", "") != one["WARC-Target-URI"]:
        key = re.sub(r"[^)]*$", re.sub(r"^\w+://[^/]*", "", one["WARC-Target-URI"]).lower(), key)
        said["url"] = one["WARC-Target-URI"]
    if "digest" in said and one["WARC-Payload-Digest"]:
        said["digest"] = one["WARC-Payload-Digest"]
    if "status" in said:
        said["status"] = one.block.split(b" ", 2)[1].decode()
    said |= {"length": str(len(one.member)), "offset": str(offset), "filename": segment}
    return f"{key} {_digits(one)} {json.dumps(said)}\n".encode()


def _stub_line(segment: str, offset: int, one: Record) -> bytes:
    said = {"mime": one["Content-Type"], "digest": sha(one.block), "length": str(len(one.member)),
            "offset": str(offset), "filename": segment}  # fmt: skip
    return f"- {_digits(one)} {json.dumps(said)}\n".encode()


def _page_line(one: Record) -> bytes:
    return plain({"id": one.id, "url": one["WARC-Target-URI"], "ts": one["WARC-Date"][:19] + "Z"}) + b"\n"


def _digits(one: Record) -> str:
    return re.sub(r"\D", "", one["WARC-Date"])[:14]
