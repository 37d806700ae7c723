"""What findings stand on besides edition and rules: the city as it was, the crawl, and how far was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from checks.errors import BadData
from evidence_store import Capture, City, Crawl


@dataclass(frozen=True)
class Basis:
    """`read`: segment → the last record read of it. A segment only grows, but several may grow at once, so
    that one place in the order of the archive would not say what had been there."""

    name: str
    country: str
    languages: tuple[str, ...]
    portal_url: str
    crawl: str = ""
    stopped: str = ""
    opened: str = ""  # a date
    # As counted and met then: what was taken out since had been looked at.
    pages: int = 0
    roles: tuple[str, ...] = ()
    read: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, city: City, crawl: Crawl | None) -> Self:
        opened = crawl.opened.date().isoformat() if crawl is not None and crawl.opened is not None else ""
        return cls(
            name=city.name,
            country=city.country or "",
            languages=tuple(city.languages),
            portal_url=city.portal_url,
            crawl=crawl.id if crawl is not None else "",
            stopped=(crawl.stopped or "") if crawl is not None else "",
            opened=opened,
        )

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Raises BadData."""
        texts = ("name", "country", "portal_url", "crawl", "stopped", "opened")
        languages, read, pages = said.get("languages"), said.get("read"), said.get("pages")
        roles = said.get("roles", [])
        if not (isinstance(languages, list) and isinstance(roles, list)) or (
            not isinstance(read, dict) or not isinstance(pages, int)
        ):
            raise BadData("recorded findings: their basis cannot be read; the archive is of another version")
        return cls(
            **{name: str(said.get(name, "")) for name in texts},
            languages=tuple(map(str, languages)),
            pages=pages,
            roles=tuple(map(str, roles)),
            read={str(segment): str(record) for segment, record in read.items()},
        )

    def document(self) -> dict[str, Any]:
        lists = {"languages": list(self.languages), "roles": list(self.roles)}
        return {**self.__dict__, **lists, "read": dict(self.read)}

    def select(self, captures: Iterable[Capture]) -> Iterator[Capture]:
        """Those that were read; raises BadData when the last of a segment is not there."""
        left = dict(self.read)
        for capture in captures:
            segment = segment_of(capture)
            if segment in left:
                if capture.record_id == left[segment]:
                    del left[segment]
                yield capture
        for segment, record in sorted(left.items()):
            raise BadData(f"{segment}: was read up to {record}, which is not there; get a whole copy")


def segment_of(capture: Capture) -> str:
    """Its file's name; all segments of an assessment stand in one folder."""
    return capture.filename.rpartition("/")[2]
