"""How many bytes an archive takes for those that came over the wire: `python -m benchmarks.size [WORKSPACE]`.

Wire bytes are heads and bodies of requests and responses as they were sent, but for the chunks' own lengths.
"""

import gzip
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.stored_city import page
from evidence_store import Exchange
from evidence_store.revisit import Originals
from evidence_store.warc import BadRecord, decode, encode, members

GOAL = 1.05
PORTALS = Path(__file__).parent.parent / "tests" / "portals"
ASKED = (
    ("Host", "www.city.example"),
    ("User-Agent", "losi/0.2 (assessing body; contact@body.example)"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
)
ANSWERED = (
    ("Date", "Mon, 23 Nov 2026 09:00:00 GMT"),
    ("Server", "Apache"),
    ("Cache-Control", "max-age=300, private, must-revalidate"),
    ("Last-Modified", "Fri, 20 Nov 2026 16:20:11 GMT"),
    ("Vary", "Accept-Encoding, Cookie"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Connection", "keep-alive"),
)


@dataclass
class Sum:
    records: int = 0
    wire: int = 0
    stored: int = 0

    def add(self, wire: int, stored: int) -> None:
        self.records += 1
        self.wire += wire
        self.stored += stored

    def line(self, name: str) -> str:
        ratio = f"{self.stored / self.wire:.3f}" if self.wire else "made here"
        return f"  {name:28} {self.records:6} {self.wire:11,} {self.stored:11,}  {ratio}"


def main(pages: int = 400) -> None:
    print("\nsize of the archive\n  of                          records        wire      stored  ratio")
    for name, bodies in _corpora(pages).items():
        print(_stored(bodies).line(name))
    print(f"  goal {GOAL}: kept from a compressed body of {_from_size():,} bytes on")


def of_workspace(folder: Path) -> None:
    """By kind, what its crawls stored; requests count with what they asked for."""
    sums: defaultdict[str, Sum] = defaultdict(Sum)
    for path in sorted((folder / "archive").glob("*/*/*.warc.gz")):
        _count(path, sums)
    for name, one in sorted(sums.items()):
        print(one.line(name))
    traffic = Sum()
    for one in sums.values():
        if one.wire:
            traffic.add(one.wire, one.stored)
    print(traffic.line("all traffic, by kinds"))


def _count(path: Path, sums: defaultdict[str, Sum]) -> None:
    lengths: dict[str, int] = {}
    with path.open("rb") as file:
        for _, member in members(file, 0):
            try:
                record, digest = decode(member)
            except BadRecord:
                return
            kind, type_ = record.headers.get("LOSI-Kind", ""), record.headers["WARC-Type"]
            wire = int(record.headers["Content-Length"]) if type_ in ("response", "request", "revisit") else 0
            if type_ == "response":
                lengths[digest] = len(record.body)
            elif type_ == "revisit":
                wire += lengths.get(digest, 0)
            sums[f"{type_} {kind}".strip()].add(wire, len(member))


def _corpora(pages: int) -> dict[str, list[bytes]]:
    chance = random.Random(2024)
    small = [path.read_bytes() for path in sorted(PORTALS.glob("*/**/*.html"))]
    middling = [page(number, chance).encode() for number in range(min(pages, 100))]
    pictures = [chance.randbytes(chance.randrange(4_000, 120_000)) for _ in range(60)]
    return {
        f"small pages ({_mean(small)})": small,
        "small pages, gzip": _packed(small),
        f"middling pages ({_mean(middling)})": middling,
        "middling pages, gzip": _packed(middling),
        f"pictures ({_mean(pictures)})": pictures,
        "pages by gzip, and pictures": [*_packed(small), *_packed(middling), *pictures],
        "one body at every address": [middling[0]] * 20,
    }


def _mean(bodies: list[bytes]) -> str:
    return f"{sum(map(len, bodies)) / len(bodies) / 1000:.0f} kB"


def _packed(bodies: Iterable[bytes]) -> list[bytes]:
    return [gzip.compress(body, 6, mtime=0) for body in bodies]


def _stored(bodies: Iterable[bytes]) -> Sum:
    total, originals = Sum(), Originals(Path())
    for exchange in _exchanges(bodies):
        encoded = encode(exchange, originals=originals)
        originals.note(encoded)
        total.add(_wire(exchange), sum(map(len, encoded.members)))
    return total


def _exchanges(bodies: Iterable[bytes]) -> Iterator[Exchange]:
    for number, body in enumerate(bodies):
        own = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))))
        yield Exchange(
            url=f"https://www.city.example/department/service-{number}.html",
            kind="page",
            requested_by="spider",
            time=datetime.now(UTC),
            request_headers=ASKED,
            status=200,
            reason="OK",
            headers=(*ANSWERED, *own, ("ETag", f'"{len(body):x}-{number:012x}"')),
            body=body,
            ip_address="192.0.2.17",
        )


def _wire(exchange: Exchange) -> int:
    path = exchange.url.partition("//")[2].partition("/")[2]
    lines = [f"GET /{path} HTTP/1.1", "", "HTTP/1.1 200 OK", ""]
    lines += [f"{name}: {value}" for name, value in (*exchange.request_headers, *exchange.headers)]
    return sum(len(line) + 2 for line in lines) + len(exchange.body)


def _from_size() -> int:
    """The smallest body, in steps of 100 bytes, that has no air in it and keeps to the goal."""
    chance, size = random.Random(1), 100
    while (one := _stored([chance.randbytes(size)])).stored > GOAL * one.wire:
        size += 100
    return size


if __name__ == "__main__":
    of_workspace(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
