"""A small bundle made by the words of docs/evidence.md and by nothing of ours, whole or with one thing wrong.

Each part can be handed in changed (`texts` by name, records, seals); what follows from it is made anew, so that
a cheat who re-hashes is one line.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

OF, CITY, ROUND = "r/c", "c", "r"
PAGE = "<html><body><p title='Fees &amp; dues'>The council <b>meets</b> on\n Mondays.</p></body></html>"


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def member(head: bytes, block: bytes) -> bytes:
    return gzip.compress(head + block + b"\r\n\r\n", 3, mtime=0)


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


@dataclass(frozen=True)
class Key:
    seed: bytes

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.seed).digest())

    @property
    def name(self) -> str:
        return "ed25519:" + self.private.public_key().public_bytes_raw().hex()

    def signed(self, member: str, value: dict) -> bytes:
        signature = base64.b64encode(self.private.sign(plain(value))).decode()
        return plain({member: value, "signature": signature})


OURS, OTHER = Key(b"ours"), Key(b"other")


def statement(
    before: bytes, number: int, verb: str, key: Key, successor: str = "", at: str = "2026-11-23T08:00:00Z"
):
    return key.signed(
        "statement",
        {
            "schema": "losi-key/1",
            "number": number,
            "previous": sha(before) if before else "",
            "verb": verb,
            "key": key.name,
            "successor": successor,
            "at": at,
            "reason": "",
        },
    )


@dataclass
class One:
    """A record; `extra` are lines of its head, `leaf_of` the bytes that its leaf is made of when not the head."""

    kind: str = ""
    url: str = ""
    block: bytes = b""
    type: str = "resource"
    mime: str = "application/json"
    payload: bytes | None = None
    extra: dict[str, str] = field(default_factory=dict)
    number: int = 0

    @property
    def id(self) -> str:
        return f"urn:uuid:{self.number:08d}-0000-4000-8000-000000000000"

    @property
    def head(self) -> bytes:
        body = self.block if self.payload is None else self.payload
        fields = {
            "WARC-Type": self.type,
            "WARC-Record-ID": f"<{self.id}>",
            "WARC-Date": "2026-11-23T08:30:00.000000Z",
            "WARC-Target-URI": self.url,
            "LOSI-Kind": self.kind,
            "Content-Type": self.mime,
            "WARC-Payload-Digest": sha(body),
            "WARC-Block-Digest": sha(self.block),
            "Content-Length": str(len(self.block)),
            **self.extra,
        }
        said = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
        return f"WARC/1.1\r\n{said}\r\n".encode()

    @property
    def leaf(self) -> bytes:
        return hashlib.sha256(b"\0" + (self.block if self.kind == "redacted" else self.head)).digest()


def page(number: int, body: bytes = PAGE.encode(), mime: str = "text/html; charset=utf-8") -> One:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n".encode()
    return One(
        "page",
        "http://city.example/a",
        head + body,
        "response",
        "application/http; msgtype=response",
        body,
        number=number,
    )


def stub(number: int, of: One) -> One:
    return One(
        "redacted",
        "",
        of.head,
        "metadata",
        "application/vnd.losi.head",
        number=number,
        extra={"WARC-Refers-To": f"<{of.id}>", "WARC-Payload-Digest": ""},
    )


def findings(number: int, capture: str, *quotes: str, outcome: str = "passed") -> One:
    said = {
        "findings": [
            {
                "test": "rule:x",
                "outcome": outcome,
                "evidence": [{"capture": capture, "quote": quote, "stance": "for"} for quote in quotes],
            }
        ],
        "edition_digest": sha(b"edition"),
        "rules_digest": sha(b"rules"),
        "schema": "losi-findings/1",
        "confidence": 0.5,
    }
    return One("findings", f"urn:losi:findings:{OF}/1", json.dumps(said).encode(), number=number)


def texts() -> list[One]:
    return [
        One("edition", "urn:losi:edition:e", b"edition", number=90),
        One("rules", "urn:losi:rules:r", b"rules", number=91),
    ]


def segment(name: str, number: int, records: Iterable[One]) -> list[One]:
    info = One(
        type="warcinfo",
        mime="application/warc-fields",
        block=b"software: x\r\n",
        number=number,
        extra={"WARC-Filename": name, "WARC-Payload-Digest": ""},
    )
    return [info, *records]


def usual() -> dict[str, list[One]]:
    seen = page(2)
    return {
        "crawl-1.warc.gz": segment("crawl-1.warc.gz", 1, [seen, page(3, b"<p>other</p>")]),
        "journal-1.warc.gz": segment(
            "journal-1.warc.gz", 10, [*texts(), findings(11, seen.id, "meets on Mondays.", "Fees & dues")]
        ),
    }


@dataclass
class Bundle:
    segments: dict[str, list[One]] = field(default_factory=usual)
    key: Key = OURS
    keys: bytes = statement(b"", 1, "made", OURS) + b"\n"
    signed: bool = True
    sealed: Callable[[dict], dict] = dict
    extra: dict[str, bytes] = field(default_factory=dict)
    after: Callable[[dict[str, bytes]], None] = lambda files: (
        None
    )  # changes files, the manifest is made behind it
    last: Callable[[dict[str, bytes]], None] = lambda files: None  # changes files behind the manifest
    seals: list[bytes] = field(default_factory=list)

    def files(self) -> dict[str, bytes]:
        files, ledger, index = {}, [], []
        for name, records in self.segments.items():
            data = b""
            for one in records:
                whole = member(one.head, one.block)
                ledger.append(self._line(name, len(data), len(whole), one))
                if one.type in ("response", "resource", "metadata"):
                    index.append(self._cdx(name, len(data), len(whole), one))
                data += whole
            files[f"archive/{name}"] = data
        self.seals.clear()
        for number, (name, records) in enumerate(self.segments.items(), 1):
            self.seals.append(self._seal(number, name, records))
            files[f"seals/seal-{number:04d}.json"] = self.seals[-1]
        files |= {
            "seals/keys.jsonl": self.keys,
            "indexes/index.cdx": b"".join(sorted(index)),
            "indexes/ledger.jsonl": b"".join(plain(one) + b"\n" for one in ledger),
            **self.extra,
        }
        files["pages/pages.jsonl"] = plain({"format": "json-pages-1.0", "id": "pages", "title": "x"}) + b"\n"
        self.after(files)
        self._manifest(files)
        self.last(files)
        return files

    def write(self, path: Path) -> Path:
        path.write_bytes(packed(self.files()))
        return path

    def _line(self, name: str, offset: int, length: int, one: One) -> dict:
        return {
            "segment": name,
            "offset": offset,
            "length": length,
            "record": one.id,
            "type": one.type,
            "kind": one.kind,
            "url": one.url,
            "leaf": "sha256:" + one.leaf.hex(),
            **({"redacted": True} if one.kind == "redacted" else {}),
        }

    def _cdx(self, name: str, offset: int, length: int, one: One) -> bytes:
        http = one.type == "response"
        said = re.search(rb"Content-Type: ([^;\r]+)", one.block)
        mime = said[1].decode() if http and said else one.mime.partition(";")[0]
        digest = (
            {}
            if one.kind == "redacted"
            else {"digest": sha(one.block if one.payload is None else one.payload)}
        )
        shown = {
            **({"url": one.url} if one.url else {}),
            "mime": mime,
            **({"status": "200"} if http else {}),
            **digest,
            "length": str(length),
            "offset": str(offset),
            "filename": name,
        }
        return f"{one.url or '-'} 20261123083000 {json.dumps(shown)}\n".encode()

    def _seal(self, number: int, name: str, records: list[One]) -> bytes:
        seal = {
            "schema": "losi-seal/1",
            "of": OF,
            "number": number,
            "previous": sha(self.seals[-1]) if self.seals else "",
            "segment": name,
            "records": len(records),
            "root": "sha256:" + root([one.leaf for one in records]).hex(),
            "sealed": f"2026-11-23T09:00:0{number}Z",
            "software": "losi 0",
            "key": self.key.name,
        }
        return self.key.signed("seal", self.sealed(seal))

    def _manifest(self, files: dict[str, bytes]) -> None:
        manifest = plain(
            {
                "profile": "data-package",
                "resources": [
                    {"name": name, "path": name, "hash": sha(data), "bytes": len(data)}
                    for name, data in files.items()
                ],
            }
        )
        said = {"path": "datapackage.json", "hash": sha(manifest)}
        bundle = {
            "schema": "losi-bundle/1",
            "of": OF,
            "manifest": sha(manifest),
            "seals": len(self.seals),
            "head": sha(self.seals[-1]) if self.seals else "",
            "made": "2026-11-23T10:00:00Z",
            "software": "losi 0",
            "key": self.key.name,
        }
        if self.signed:
            said["losi"] = json.loads(self.key.signed("bundle", bundle))
        files |= {"datapackage.json": manifest, "datapackage-digest.json": plain(said)}


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()
