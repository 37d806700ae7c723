"""A workspace with one round, and crawls run over it in another process."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import checks
from evidence_store import Capture, City, Store

ROOT = Path(__file__).parent.parent.parent
EMPTY_RULES = '{"schema": "losi-rules/1", "rules": {}, "lexicons": {}, "fingerprints": {}, "countries": {}}'


def prepare(
    folder: Path, portals: Mapping[str, str], *, rules: str = EMPTY_RULES, budget: int = 60
) -> dict[str, str]:
    """City → crawl id. Without rules nothing is valued, so that the order is the page's own."""
    with Store.open(folder, migrate=True) as store:
        store.add_cities(
            City(id=name, name=name, country="PRT", languages=["en"], portal_url=url)
            for name, url in portals.items()
        )
        text = checks.edition_text("losi-2024")
        store.open_round(
            "r", edition="losi-2024", edition_text=text, rules_text=rules, city_ids=list(portals)
        )
        return {name: store.plan_crawl(f"r/{name}", budget=budget).id for name in portals}


def command(folder: Path) -> list[str]:
    return [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.crawler.runner", str(folder)]


def order(
    crawls: Sequence[str],
    allow: Sequence[str],
    *,
    identity: bool = False,
    delay: float | None = None,
    **more: Any,
) -> str:
    jobs = [{"crawl_id": crawl, "allow_private": list(allow), "delay": delay} for crawl in crawls]
    return json.dumps({"jobs": jobs, "identity": identity, **more})


def run(folder: Path, given: str) -> dict[str, str]:
    done = subprocess.run(
        command(folder), input=given, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "nothing of Scrapy's may reach the terminal"
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


@dataclass
class Seen:
    """What one city's crawl left in the store."""

    store: Store
    assessment: str
    stopped: str = ""
    captures: list[Capture] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.captures = list(self.store.captures(self.assessment))

    @cached_property
    def trail(self) -> dict[str, Any]:
        (capture,) = self.kind("trail")
        document: dict[str, Any] = json.loads(self.store.read(capture).body)
        return document

    @property
    def skipped(self) -> dict[str, str]:
        return {one["url"]: one["reason"] for one in self.trail["skipped"]}

    def kind(self, kind: str) -> list[Capture]:
        return [capture for capture in self.captures if capture.kind == kind]

    def count(self, url: str) -> int:
        return Counter(capture.url for capture in self.captures)[url]
