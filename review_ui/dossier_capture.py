"""How a city was captured: when, by which software, under which name, what was visited and what was not."""

from __future__ import annotations

import os
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence_store import Capture, Store
from review_ui.desk import Desk

MAX_REQUEST = 65_536  # bytes of a request record that are read for the user agent
_AGENT = re.compile(rb"(?im)^user-agent:[ \t]*([^\r\n]+)")


@dataclass(frozen=True, slots=True)
class Visited:
    url: str
    time: datetime | None
    status: str
    record_id: str
    redacted: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    url: str
    reason: str
    found_on: str


@dataclass(frozen=True, slots=True)
class Journey:
    first: datetime | None
    last: datetime | None
    user_agent: str
    stopped: str
    languages: tuple[str, ...]
    visited: tuple[Visited, ...]
    skipped: tuple[Skipped, ...]
    skipped_beyond: int  # not listed by name in the trail itself

    @property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        return tuple(Counter(one.reason for one in self.skipped).most_common())


def journey(
    desk: Desk, assessment_id: str, captures: Mapping[str, Capture], redacted: Collection[str]
) -> Journey:
    trail = desk.trail(assessment_id)
    seen = [capture for capture in captures.values() if capture.type in ("response", "revisit")]
    times = [capture.timestamp for capture in seen]
    return Journey(
        first=min(times, default=None),
        last=max(times, default=None),
        user_agent=next(filter(None, (_user_agent(desk.store, capture) for capture in seen[:5])), ""),
        stopped=str(trail.get("stopped") or ""),
        languages=tuple(map(str, trail.get("languages") or ())),
        visited=tuple(_visited(trail, captures, redacted)),
        skipped=tuple(_skipped(trail)),
        skipped_beyond=int(trail.get("skipped_beyond") or 0),
    )


def _visited(
    trail: Mapping[str, Any], captures: Mapping[str, Capture], redacted: Collection[str]
) -> Iterator[Visited]:
    for item in trail.get("visited", ()):
        record_id = str(item.get("record_id") or "")
        capture = captures.get(record_id)
        yield Visited(
            str(item.get("url") or ""),
            capture.timestamp if capture else None,
            str(item.get("status") or ""),
            record_id,
            record_id in redacted,
        )


def _skipped(trail: Mapping[str, Any]) -> Iterator[Skipped]:
    for item in trail.get("skipped", ()):
        yield Skipped(
            str(item.get("url") or ""), str(item.get("reason") or ""), str(item.get("found_on") or "")
        )


def _user_agent(store: Store, capture: Capture) -> str:
    """As it was sent: the request record stands right behind the response that answers it."""
    try:
        with (store.archive / capture.filename).open("rb") as stream:
            stream.seek(capture.offset + capture.length, os.SEEK_SET)
            block = zlib.decompressobj(31).decompress(stream.read(MAX_REQUEST), MAX_REQUEST)
    except (OSError, zlib.error):
        return ""
    head, _, request = block.partition(b"\r\n\r\n")
    found = _AGENT.search(request) if b"\r\nWARC-Type: request\r\n" in head else None
    return found[1].decode("latin-1").strip() if found else ""
