"""Screenshots of cited pages: each embedded once, however often it is cited, up to a size."""

from __future__ import annotations

import base64
import struct
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from evidence_store import Capture
from review_ui.custody import Custodian
from review_ui.desk import page_url
from review_ui.errors import Refused

KINDS = ("screenshot", "phone")
MAX_BYTES = 30_000_000  # of embedded pictures, as they are stored
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Picture:
    number: int
    capture: Capture
    url: str
    width: int
    height: int
    custodian: Custodian = field(repr=False)

    @property
    def strip(self) -> int:
        """How much of its height a small picture shows."""
        return min(self.height, self.width * 5 // 8)

    @property
    def data(self) -> str:
        """Read when it is written, so that one picture is in memory at a time. Raises Refused."""
        record, _ = self.custodian.read(self.capture)
        return "data:image/png;base64," + base64.b64encode(record.body).decode("ascii")


@dataclass(frozen=True, slots=True)
class Album:
    pictures: tuple[Picture, ...] = ()
    by_url: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    left_out: int = 0  # over the size
    unreadable: int = 0

    def of(self, url: str) -> tuple[Picture, ...]:
        return self.by_url.get(url, ())


def collect(
    custodian: Custodian,
    assessment_id: str,
    urls: Iterable[str],
    *,
    withheld: Collection[str] = (),
    max_bytes: int = MAX_BYTES,
) -> Album:
    """Of the cited addresses in the order of their citation; `withheld` are redacted records."""
    filling = _Filling(custodian, max_bytes)
    taken: defaultdict[str, list[Capture]] = defaultdict(list)
    for capture in custodian.store.captures(assessment_id, kind=KINDS):
        if capture.record_id not in withheld and capture.refers_to not in withheld:
            taken[page_url(capture.url)].append(capture)
    for url in dict.fromkeys(urls):
        for capture in taken.get(url, ()):
            filling.add(url, capture)
    return filling.album()


@dataclass
class _Filling:
    """An album while it is filled."""

    custodian: Custodian
    room: int
    by_url: defaultdict[str, list[Picture]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    left_out: int = 0
    unreadable: int = 0

    def add(self, url: str, capture: Capture) -> None:
        if capture.length > self.room:
            self.left_out += 1
        elif (size := _size(self.custodian, capture)) is None:
            self.unreadable += 1
        else:
            self.room -= capture.length
            self.count += 1
            self.by_url[url].append(Picture(self.count, capture, url, *size, self.custodian))

    def album(self) -> Album:
        by_url = {url: tuple(found) for url, found in self.by_url.items()}
        pictures = tuple(one for found in by_url.values() for one in found)
        return Album(pictures, by_url, self.left_out, self.unreadable)


def _size(custodian: Custodian, capture: Capture) -> tuple[int, int] | None:
    """Width and height; None when the bytes are not those stored, or no PNG."""
    try:
        head = custodian.read(capture)[0].body[:24]
    except Refused:
        return None
    if len(head) < 24 or not head.startswith(_PNG):
        return None
    width, height = struct.unpack(">II", head[16:24])
    return (width, height) if width and height else None
