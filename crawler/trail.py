"""What was looked at and what was not, and why: the record that stands behind every "not found"."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crawler.answer import Answer
from crawler.frontier import Skipped
from crawler.robots import Verdict

SCHEMA = "losi-trail/1"


@dataclass
class Trail:
    crawl: str
    portal: str
    visited: list[dict[str, Any]] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    soft_404: bool = False
    soft_404_url: str = ""
    error: str = ""

    def visit(self, answer: Answer) -> None:
        capture = answer.capture
        entry = {
            "url": answer.url,
            "status": answer.status,
            "record_id": capture.record_id if capture else None,
        }
        self.visited.append(entry | ({"error": answer.error} if answer.error else {}))

    def speaks(self, language: str) -> None:
        if language and language not in self.languages:
            self.languages.append(language)

    def host(self, authority: str, verdict: Verdict, delay: float) -> None:
        self.hosts[authority] = {
            "robots": verdict.source,
            "crawl_delay": verdict.delay,
            "delay": round(delay, 3),
        }

    def written(self, *, skipped: Iterable[Skipped], beyond: int, **facts: Any) -> bytes:
        listed = [
            {"url": one.url, "reason": one.reason, "found_on": one.found_on, "text": one.text}
            for one in skipped
        ]
        document = {
            "schema": SCHEMA,
            "crawl": self.crawl,
            "portal": self.portal,
            **facts,
            "visited": self.visited,
            "skipped": listed,
            "skipped_beyond": beyond,
            "hosts": self.hosts,
            "soft_404": self.soft_404,
            "soft_404_url": self.soft_404_url,
            "languages": self.languages,
            "error": self.error,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
