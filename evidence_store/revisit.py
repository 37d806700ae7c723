"""A body that came before: within one crawl it is stored once, and named where it comes again."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evidence_store.models import Capture
from evidence_store.warc import BadRecord, Encoded, Original, decode


@dataclass(frozen=True, slots=True)
class Place:
    filename: str
    offset: int
    length: int

    def read(self, archive: Path) -> bytes:
        """May be fewer bytes than asked for; raises OSError."""
        fd = os.open(archive / self.filename, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(fd, self.length, self.offset)
        finally:
            os.close(fd)


class Originals:
    """Responses that a segment's revisits may name: those before them in it, and those of adopted segments."""

    def __init__(self, archive: Path, earlier: Iterable[Capture] = ()) -> None:
        self._archive = archive
        self._here: dict[str, Original] = {}
        self._earlier = {
            one.digest: Place(one.filename, one.offset, one.length)
            for one in earlier
            if one.type == "response"
        }

    def get(self, digest: str) -> Original | None:
        if digest not in self._here and (place := self._earlier.pop(digest, None)):
            self._note_stored(digest, place)
        return self._here.get(digest)

    def note(self, encoded: Encoded) -> None:
        """What stands in the segment now."""
        if is_whole(encoded.headers):
            self._here.setdefault(encoded.digest, Original.of(encoded.headers))

    def _note_stored(self, digest: str, place: Place) -> None:
        """What a row says is believed once its bytes say so too."""
        try:
            record, found = decode(place.read(self._archive))
        except (OSError, BadRecord):
            return
        if found == digest and is_whole(record.headers):
            self._here[digest] = Original.of(record.headers)


def is_whole(headers: dict[str, str]) -> bool:
    return headers["WARC-Type"] == "response" and "WARC-Truncated" not in headers
