"""kill -9 of crawler, checker, review and every verb of custody, at moments drawn with a seed."""

from __future__ import annotations

import http.client
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from crawler.browser_finder import find_browser
from evidence_store import NewAnswer, Store
from tests.crawler.site import Site, serving
from tests.custody.faults import Fault
from tests.custody.town import NO_BROWSER, OF, Workspace, town
from tests.custody.warden import Warden, hired
from tests.review_ui.conftest import hidden_fields

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are found by what Linux alone offers")

CRAWL = ("crawl", "r", "--allow-private", "--delay", "0")
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

    def strike(self, *args: object, steps: int = 30, **environment: str) -> None:
        """Half at a durable step, where it hurts, half at any time."""
        fault, seconds = None, 60.0
        if self.chance.random() < 0.5:
            fault = Fault("kill", self.chance.randint(1, steps))
        else:
            seconds = self.chance.random() ** 2 * 1.5
        code = self.warden.run(
            *self.workspace.verb(*args), fault=fault, seconds=seconds, **(environment or NO_BROWSER)
        )
        assert code in (-9, 0) or "taken out" in self.warden.said, self.warden.said
        self.after(str(args[0]), code)

    def after(self, verb: str, code: int) -> None:
        if code == -9:
            self.killed.append(verb)
        assert self.warden.strays() == [], "nothing outlives what was killed"
        self.workspace.inspect_archive()
        self.workspace.inspect_bundle(self.bundle)
        if verb != "repair":  # which was given no database
            self.workspace.inspect()

    def crawl(self, deaths: int) -> None:
        for number in range(deaths):
            seen = number == 0 and find_browser() is not None
            self.strike(*CRAWL, steps=120, **({"TZ": "UTC"} if seen else {}))
        self.workspace.must(*CRAWL)
        self.workspace.inspect(sealed=True)
        with Store.open(self.workspace.folder) as store:
            stored = {one.url for one in store.captures(OF) if one.type in ("response", "revisit")}
        asked = {self.site.url.rstrip("/") + path for path in self.site.log}
        assert stored == asked, "nothing is lost"
        assert len(self.site.log) - len(asked) <= deaths, "what was stored is not asked for again"

    def check(self, deaths: int) -> None:
        for _ in range(deaths):
            self.strike("check", "r", steps=10)
        self.workspace.must("check", "r")
        self.workspace.inspect(sealed=True)

    def review(self, deaths: int) -> None:
        codes = self._codes()
        for _ in range(deaths):
            with reviewing(self.workspace) as desk:
                until = time.monotonic() + self.chance.random() * 0.5
                while time.monotonic() < until:
                    code = self.chance.choice(codes)
                    desk.answer(code, self.chance.choice(["passed", "failed", "cantTell"]))
                # One more is on its way, and nobody hears whether it arrived.
                desk.ask(self.chance.choice(codes), "failed")
                time.sleep(self.chance.random() * 0.02)
                code = self.warden.kill(desk.pid)
            self.unheard(desk)
            self.after("review", code)
        assert self.workspace.answered

    def _codes(self) -> list[str]:
        with Store.open(self.workspace.folder) as store:
            run = store.latest_run(OF)
            assert run is not None
            return [one.test for one in store.findings(run.id) if not one.test.startswith("rule:")]

    def unheard(self, desk: Desk) -> None:
        """Either the answer that was on its way is there whole, or the one before it."""
        with Store.open(self.workspace.folder) as store:
            current = store.current_answers(OF, viewer=None).get(desk.asked)
        if current is not None and current.outcome == "failed":
            self.workspace.answered[desk.asked] = "failed"

    def bundle_(self, deaths: int) -> None:
        for _ in range(deaths):
            self.strike("bundle", "r", "town", "--out", self.bundle, "--html")
        self.workspace.must("bundle", "r", "town", "--out", self.bundle, "--html")
        self.workspace.inspect(sealed=True)
        self.workspace.inspect_bundle(self.bundle)

    def seal(self, deaths: int) -> None:
        for number in range(deaths):
            with Store.open(self.workspace.folder) as store:
                said = NewAnswer(test=self._codes()[number], outcome="cantTell", mode="manual")
                store.answer(OF, said, f"person {number}")
            self.strike("seal", steps=8)
        self.workspace.must("seal")
        self.workspace.inspect(sealed=True)

    def redact(self, deaths: int) -> None:
        with Store.open(self.workspace.folder) as store:
            pages = [one for one in store.captures(OF, kind="page") if one.type == "response"]
        chosen = self.chance.sample(pages, deaths)
        for page in chosen:
            args = ("redact", *OF.split("/"), page.record_id, "--by", "Ana", "--reason", "a private address")
            self.strike(*args, steps=12)
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
            self.strike("repair", steps=10)
            assert "all is well" in self.workspace.must("repair")
            self.workspace.inspect(sealed=True)
        after = self.workspace.results()
        Path("/tmp/J/b.json").write_text(before)
        Path("/tmp/J/a.json").write_text(after)
        assert after == before

    def endure(self, factor: int = 1) -> None:
        for verb, deaths in SHARES.items():
            began = time.monotonic()
            getattr(self, "bundle_" if verb == "bundle" else verb)(deaths * factor)
            self.took[verb] = round(time.monotonic() - began, 1)
        assert "nothing, no row was missing" in self.workspace.must("repair")


@dataclass
class Desk:
    """A client of the review: what it was told has been kept goes into the log."""

    workspace: Workspace
    pid: int
    connection: http.client.HTTPConnection
    headers: dict[str, str]
    asked: str = ""

    def answer(self, code: str, outcome: str) -> None:
        self.ask(code, outcome)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 303, answer.status
        self.workspace.answered[code] = outcome

    def ask(self, code: str, outcome: str) -> None:
        self.asked, path = code, f"/a/{OF}/{code}"
        self.connection.request("GET", path, headers=self.headers)
        page = self.connection.getresponse().read().decode()
        form = urlencode(hidden_fields(page, "decide") | {"outcome": outcome, "note": ""})
        typed = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        self.connection.request("POST", path, form, self.headers | typed)


@contextmanager
def reviewing(workspace: Workspace) -> Iterator[Desk]:
    pid = workspace.warden.start(*workspace.verb("review"))
    until = time.monotonic() + 30
    while not (told := re.search(r"http://\S+(?=\n)", workspace.warden.said)):
        assert time.monotonic() < until, workspace.warden.said
        time.sleep(0.01)
    address = urlsplit(told[0])
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    token = parse_qs(address.query)["token"][0]
    try:
        yield Desk(workspace, pid, connection, {"Authorization": f"Bearer {token}"})
    finally:
        connection.close()


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
    assert len(one.killed) >= 14, "most died at work"
    assert set(one.killed) >= {"crawl", "check", "review"}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred(tmp_path: Path, seed: int) -> None:
    with ordeal(tmp_path, seed) as one:
        one.endure()
    assert len(one.killed) >= 10
