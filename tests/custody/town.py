"""A small town of which something is found, and the workspace that assesses it by the verbs of the product."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evidence_store import NewAnswer, Redacted, Store
from evidence_store.scan import Damaged, scan
from evidence_store.settle import current
from evidence_store.verifier import verify, verify_folder
from tests.checks.city import PAGES
from tests.crawler.site import Reply, Site, page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.custody.warden import Warden

OF = "r/town"
PERSON = "local assessor"
CRAWL = ("crawl", "r", "--allow-private", "--delay", "0")
NO_BROWSER = {"LOSI_BROWSER": "/nowhere"}


def town(latency: float = 0.005) -> Site:
    words = [f"matter-{chr(97 + n)}" for n in range(6)]
    pages: dict[str, Reply | str] = {"/": page("Town", "/privacy", "/contact", "/a.pdf", "/b.pdf", *words)}
    pages |= {f"/{name}": Reply(body) for name, body in PAGES.items() if name}
    pages |= {f"/{word}": page(word, f"/{word}-2") for word in words}
    pages |= {f"/{word}-2": page(f"{word} more", "/") for word in words}
    for name in ("/a.pdf", "/b.pdf"):
        pages[name] = Reply(b"%PDF-1.4\n" + b"% the same\n" * 99 + b"%%EOF\n", mime="application/pdf")
    return Site(pages, latency=latency)


@dataclass
class Workspace:
    """`answered` is what the review has confirmed to its client: code → outcome."""

    folder: Path
    warden: Warden
    answered: dict[str, str] = field(default_factory=dict)

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def prepare(self, url: str) -> None:
        self.folder.mkdir()
        city = {"id": "town", "name": "Town", "country": "DEU", "languages": ["en"], "portal_url": url}
        (self.folder / "cities.json").write_text(json.dumps([city]))
        self.must("open-round", "r", "--edition", "losi-2024", "--cities", self.folder / "cities.json")

    def verb(self, *args: object) -> list[object]:
        return ["--workspace", self.folder, *args]

    def must(self, *args: object) -> str:
        """It ends well; what it said."""
        code = self.warden.run(*self.verb(*args), **NO_BROWSER)
        assert code == 0, (args, self.warden.said)
        return self.warden.said

    def results(self) -> object:
        self.must("export", "r")
        return json.loads((self.warden.folder / "out").read_text())

    def folders(self) -> list[Path]:
        return sorted({path.parent for path in self.archive.rglob("*.warc.gz")})

    def inspect_archive(self, *, sealed: bool = False) -> None:
        for folder in self.folders():
            report = verify_folder(
                folder, self.archive / "keys.jsonl", of=str(folder.relative_to(self.archive))
            )
            allowed = ("sound",) if sealed else ("sound", "unsealed")
            assert report.verdict in allowed, (report.verdict, report.problems)
            named = [json.loads(path.read_bytes())["seal"]["segment"] for path in folder.glob("seal-*.json")]
            assert len(named) == len(set(named)), "a segment has one seal"
        for path in self.archive.rglob("*.warc.gz"):
            with path.open("rb") as file:
                damaged = [one for one in scan(file) if isinstance(one, Damaged)]
            assert all(one.torn for one in damaged), (path, damaged)

    def inspect(self, *, sealed: bool = False) -> None:
        """Nothing acknowledged is lost, all that is stored can be read, no seal is wrong."""
        self.inspect_archive(sealed=sealed)
        log = self.warden.acknowledged
        with Store.open(self.folder) as store:
            for record_id in log.read_text().split() if log.exists() else []:
                store.capture(record_id)  # raises where it has no row
            for capture in store.captures(OF):
                try:
                    store.read(capture)
                except Redacted:
                    continue
        assert self.answers() == self.answers() | self.answered

    def codes(self) -> list[str]:
        """Of the indicators that the rules have judged."""
        with Store.open(self.folder) as store:
            run = store.latest_run(OF)
            assert run is not None
            return [one.test for one in store.findings(run.id) if not one.test.startswith("rule:")]

    def say_something(self, person: str) -> None:
        code = self.codes()[0]
        with Store.open(self.folder) as store:
            store.answer(OF, NewAnswer(test=code, outcome="cantTell", mode="manual"), person)

    def answers(self) -> dict[str, str]:
        """What stands of those that the review's own person has given."""
        with Store.open(self.folder) as store:
            given = current(store.answers(OF, viewer=None))
        return {one.test: one.outcome for one in given if one.asserted_by == PERSON}

    def inspect_bundle(self, path: Path) -> None:
        """Whole, or not there."""
        if path.exists():
            report = verify(path)
            assert report.verdict == "sound", report.problems
