"""No room at any step of any verb: one line says so, nothing is lost, and with room the same command ends well."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from evidence_store import Store
from tests.crawler.site import serving
from tests.custody.desk import reviewing
from tests.custody.faults import Fault
from tests.custody.town import CRAWL, NO_BROWSER, OF, Workspace, town
from tests.custody.warden import hired

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warden needs what Linux alone offers")

ROOM = re.compile("make room|has room")
# Durable steps of each verb (writes, fsyncs, links, replacements), at least.
STEPS = {"crawl": 40, "check": 9, "seal": 11, "bundle": 14, "redact": 11, "import": 12}


@dataclass
class Shortage:
    """What a command is asked while there is no room is asked again when there is."""

    workspace: Workspace
    number: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def bundle(self) -> Path:
        return self.workspace.folder.parent / "town.wacz"

    def meet(self, verb: str, how: AbstractContextManager[Any] | None = None, **fault: Any) -> None:
        """Told in a line, then done."""
        order = self.order(verb)
        with how or nullcontext():
            code = self.workspace.warden.run(*self.workspace.verb(*order), **fault, **NO_BROWSER)
            told = self.workspace.warden.said
        self.refused[verb] += code != 0
        check(code, told)
        assert not list(self.workspace.folder.rglob(".*")), "no draft is left"
        self.workspace.inspect_archive()
        self.make_up(verb, order)

    def make_up(self, verb: str, order: tuple[object, ...]) -> None:
        code = self.workspace.warden.run(*self.workspace.verb(*order), **NO_BROWSER)
        told = self.workspace.warden.said
        assert code == 0 or (verb == "redact" and "was taken out" in told), told
        if verb == "import":
            self.workspace.must("repair")  # for the round's own texts, which no city's bundle indexes
        self.workspace.inspect(sealed=True)
        self.workspace.inspect_bundle(self.bundle)

    def order(self, verb: str) -> tuple[object, ...]:
        """With something to do every time."""
        self.number += 1
        packing = ("bundle", *OF.split("/"), "--out", self.bundle, "--html")
        match verb:
            case "crawl":
                return CRAWL
            case "bundle":
                return packing
            case "redact":
                return ("redact", *OF.split("/"), self.a_page(), "--by", "Ana", "--reason", "an address")
            case "import":
                self.workspace.must(*packing)
                self.forget()
                shutil.rmtree(self.workspace.archive / OF)
                return ("import", self.bundle)
            case "repair":
                self.workspace.must("seal")  # which tells the archive of the answers
                self.forget()
            case "seal":
                self.workspace.say_something(f"person {self.number}")
        return (verb, "r") if verb == "check" else (verb,)

    def a_page(self) -> str:
        with Store.open(self.workspace.folder) as store:
            pages = [one for one in store.captures(OF, kind="page") if one.type == "response"]
        return pages[0].record_id

    def forget(self) -> None:
        for path in self.workspace.folder.glob("losi.sqlite*"):
            path.unlink()

    def answer(self, how: AbstractContextManager[Any]) -> None:
        """The review says in a line that it could not be kept; then it can."""
        codes = self.workspace.codes()
        with reviewing(self.workspace) as desk:
            desk.answer(codes[1], "failed")
            with how:
                status, page = desk.attempt(codes[2], "failed")
            assert status == 500, page
            assert ROOM.search(page)
            assert "Traceback" not in page
            desk.answer(codes[2], "passed")
        self.workspace.inspect()

    def answer_until_full(self, **fault: Any) -> None:
        told = list[int]()
        with reviewing(self.workspace, **fault) as desk:
            for code in self.workspace.codes():
                status, page = desk.attempt(code, "failed")
                told.append(status)
                if status != 303:
                    assert ROOM.search(page)
                    break
        assert told[-1] == 500
        self.workspace.inspect()


def check(code: int, told: str) -> None:
    lines = [line for line in told.splitlines() if line.startswith("losi: ")]
    assert "Traceback" not in told, told
    assert code in (0, 1, 2), told
    if code:
        assert 1 <= len(lines) <= 2, told
        assert ROOM.search(told), told


@contextmanager
def shortage(folder: Path, disk: Path) -> Iterator[Shortage]:
    site = town(0)
    with hired(folder / "warden") as warden, serving(site):
        workspace = Workspace(disk / "ws", warden)
        workspace.prepare(site.url)
        yield Shortage(workspace)


def at_steps(folder: Path, chosen: dict[str, list[int]]) -> Counter[str]:
    with shortage(folder, folder) as one:
        for verb, steps in chosen.items():
            for step in steps:
                one.meet(verb, fault=Fault("full", step))
    return one.refused


def test_it_works(tmp_path: Path) -> None:
    """Some steps of each verb."""
    chance = random.Random(5)
    chosen = {verb: [chance.randint(1, count)] for verb, count in STEPS.items()}
    refused = at_steps(tmp_path, chosen)
    assert set(refused) == set(STEPS)


def test_a_database_that_may_not_grow(tmp_path: Path) -> None:
    """Where no disk can be made small: the same answer of the system to whoever writes a file."""
    with shortage(tmp_path, tmp_path) as one:
        one.workspace.must(*CRAWL)
        one.workspace.must("check", "r")
        one.answer_until_full(fault=Fault("small", 64 << 10))
        one.meet("repair", fault=Fault("small", 64 << 10))
        assert one.refused["repair"]


@pytest.mark.soak
def test_every_step(tmp_path: Path) -> None:
    refused = at_steps(tmp_path, {verb: list(range(1, count + 1)) for verb, count in STEPS.items()})
    assert set(refused) == set(STEPS)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of a few megabytes can be mounted by an unconfined root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk: Path, leaving: int) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("xb", buffering=0) as file:
        left = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, max(left.f_bavail * left.f_frsize - leaving, 1))
    try:
        yield
    finally:
        filler.unlink()


def on_a_small_disk(folder: Path, chosen: dict[str, list[int]]) -> Counter[str]:
    """Kilobytes that are left, by verb."""
    with small_disk(folder / "disk", 24) as disk, shortage(folder, disk) as one:
        for verb, left in chosen.items():
            if verb == "review":
                one.answer(filled(disk, 0))
                continue
            for kilobytes in left:
                one.meet(verb, filled(disk, kilobytes << 10))
        return one.refused


def test_a_small_disk(tmp_path: Path) -> None:
    chosen = {"crawl": [24], "check": [0], "review": [0], "seal": [0], "bundle": [200], "repair": [64]}
    refused = on_a_small_disk(tmp_path, chosen)
    assert set(refused) == set(chosen) - {"review"}


@pytest.mark.soak
def test_small_disks(tmp_path: Path) -> None:
    verbs = ["crawl", "check", "review", "seal", "bundle", "redact", "repair", "import"]
    refused = on_a_small_disk(tmp_path, {verb: [0, 4, 8, 12, 20, 40, 80, 200, 400] for verb in verbs})
    assert set(refused) == set(verbs) - {"review"}
