"""kill -9 of crawler, checker, review and every verb of custody, at moments drawn with a seed."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evidence_store import Store
from tests.crawler.site import Site, serving
from tests.custody.desk import Desk, reviewing
from tests.custody.faults import COMMIT, STEPS, Fault
from tests.custody.town import CRAWL, NO_BROWSER, OF, Workspace, town
from tests.custody.warden import Warden, hired

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="orphans are found by what Linux alone offers"
)

# How many of twenty deaths come upon which verb.
SHARES = {"crawl": 5, "check": 3, "review": 4, "bundle": 2, "seal": 2, "redact": 2, "repair": 2}


@dataclass
class Ordeal:
    """One workspace from crawl to redaction, its processes killed again and again."""

    workspace: Workspace
    site: Site
    chance: random.Random
    took: dict[str, float] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)

    @property
    def warden(self) -> Warden:
        return self.workspace.warden

    @property
    def bundle(self) -> Path:
        return self.workspace.folder.parent / "town.wacz"

    def strike(
        self, *args: object, steps: int, of: Sequence[str] = STEPS, timed: float = 0.3, **environment: str
    ) -> None:
        """At one of so many durable steps, where it hurts, or (three in ten) as soon as `timed` seconds allow."""
        given, verb = self.workspace.verb(*args), str(args[0])
        environment = environment or NO_BROWSER
        if self.chance.random() < 0.7:
            fault = Fault("kill", self.chance.randint(1, steps), tuple(of))
            code = self.warden.run(*given, fault=fault, **environment)
        else:
            code = self.warden.run(*given, seconds=self.chance.random() * timed, **environment)
        assert code in (-9, 0), self.warden.said
        self.after(verb, code)

    def after(self, verb: str, code: int) -> None:
        if code == -9:
            self.killed.append(verb)
        assert self.warden.strays() == [], "nothing outlives what was killed"
        self.workspace.inspect_archive()
        self.workspace.inspect_bundle(self.bundle)
        if verb != "repair":  # which was given no database
            self.workspace.inspect()

    def crawl(self, deaths: int) -> None:
        """With a browser, while it goes on, and last when it seals what it has seen."""
        self.strike(*CRAWL, steps=30, timed=3, TZ="UTC")
        for _ in range(deaths - 2):
            self.strike(*CRAWL, steps=14, timed=1)
        self.strike(*CRAWL, steps=2, of=["link"], timed=1)
        self.workspace.must(*CRAWL)
        self.workspace.inspect(sealed=True)
        with Store.open(self.workspace.folder) as store:
            stored = {one.url for one in store.captures(OF) if one.type in ("response", "revisit")}
        asked = {self.site.url.rstrip("/") + path for path in self.site.log}
        assert stored == asked, "nothing is lost"
        assert len(self.site.log) - len(asked) <= deaths, "what was stored is not asked for again"

    def check(self, deaths: int) -> None:
        for _ in range(deaths):
            self.strike("check", "r", steps=9)
        self.workspace.must("check", "r")
        self.workspace.inspect(sealed=True)

    def review(self, deaths: int) -> None:
        codes = self.workspace.codes()
        for _ in range(deaths):
            with reviewing(self.workspace) as desk:
                until = time.monotonic() + self.chance.random() * 0.5
                while time.monotonic() < until:
                    code = self.chance.choice(codes)
                    desk.answer(code, self.chance.choice(["passed", "failed", "cantTell"]))
                # One more is on its way, and nobody hears whether it arrived.
                desk.ask(self.chance.choice(codes), "failed")
                time.sleep(self.chance.random() * 0.02)
            self.unheard(desk)
            self.after("review", -9)
        assert self.workspace.answered

    def unheard(self, desk: Desk) -> None:
        """Either the answer that was on its way is there whole, or the one before it."""
        if self.workspace.answers().get(desk.asked) == "failed":
            self.workspace.answered[desk.asked] = "failed"

    def bundle_(self, deaths: int) -> None:
        for _ in range(deaths):
            self.strike("bundle", "r", "town", "--out", self.bundle, "--html", steps=14)
        self.workspace.must("bundle", "r", "town", "--out", self.bundle, "--html")
        self.workspace.inspect(sealed=True)
        self.workspace.inspect_bundle(self.bundle)

    def seal(self, deaths: int) -> None:
        for number in range(deaths):
            self.workspace.say_something(f"person {number}")
            self.strike("seal", steps=10, timed=0.05)
        self.workspace.must("seal")
        self.workspace.inspect(sealed=True)

    def redact(self, deaths: int) -> None:
        with Store.open(self.workspace.folder) as store:
            pages = [one for one in store.captures(OF, kind="page") if one.type == "response"]
        chosen = self.chance.sample(pages, deaths)
        for page in chosen:
            args = ("redact", *OF.split("/"), page.record_id, "--by", "Ana", "--reason", "a private address")
            self.strike(*args, steps=12, timed=0.05)
            code = self.warden.run(*self.workspace.verb(*args))
            assert code == 0 or "was taken out of the archive by Ana" in self.warden.said, self.warden.said
            self.workspace.inspect(sealed=True)
        with Store.open(self.workspace.folder) as store:
            assert all(store.capture(page.record_id).type == "redacted" for page in chosen)

    def repair(self, deaths: int) -> None:
        self.workspace.must("seal")
        before = self.workspace.results()
        for _ in range(deaths):
            for path in self.workspace.folder.glob("losi.sqlite*"):
                path.unlink()
            self.strike("repair", steps=15, of=[COMMIT], timed=0.1)
            assert "all is well" in self.workspace.must("repair")
            self.workspace.inspect(sealed=True)
        assert self.workspace.results() == before

    def endure(self) -> None:
        for verb, deaths in SHARES.items():
            began = time.monotonic()
            getattr(self, "bundle_" if verb == "bundle" else verb)(deaths)
            self.took[verb] = round(time.monotonic() - began, 1)
        assert "nothing, no row was missing" in self.workspace.must("repair")


@contextmanager
def ordeal(folder: Path, seed: int) -> Iterator[Ordeal]:
    site = town()
    with hired(folder / "warden") as warden, serving(site):
        workspace = Workspace(folder / "ws", warden)
        workspace.prepare(site.url)
        yield Ordeal(workspace, site, random.Random(seed))


def test_it_works(tmp_path: Path) -> None:
    """Twenty deaths."""
    with ordeal(tmp_path, seed=1) as one:
        one.endure()
    print(one.took, one.killed)
    assert len(one.killed) >= 18, "nearly all died at work"
    assert set(one.killed) >= {"crawl", "check", "review"}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred(tmp_path: Path, seed: int) -> None:
    with ordeal(tmp_path, seed) as one:
        one.endure()
    assert len(one.killed) >= 15
