"""A database older than the archive, or gone: said in a line, nothing is fetched again, `losi repair` mends it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.crawler.site import Site, serving
from tests.custody.faults import Fault
from tests.custody.town import CRAWL, NO_BROWSER, Workspace, town
from tests.custody.warden import hired

MENDS = "mend it with: losi repair"
NAMES = ("before", "planned", "crawled", "checked")


@dataclass
class Past:
    """A finished workspace, with copies of its database of earlier days."""

    workspace: Workspace
    site: Site
    results: object

    def put_back(self, name: str) -> None:
        for path in self.workspace.folder.glob("losi.sqlite*"):
            path.unlink()
        for path in (self.workspace.folder / name).glob("losi.sqlite*"):
            shutil.copy(path, self.workspace.folder)

    def status(self) -> str:
        return self.workspace.must("status")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder, site = tmp_path_factory.mktemp("past"), town(0)
    with hired(folder / "warden") as warden, serving(site):
        workspace = Workspace(folder / "ws", warden)
        workspace.prepare(site.url)
        keep(workspace, "before")
        workspace.warden.run(*workspace.verb(*CRAWL), fault=Fault("kill", 12), **NO_BROWSER)
        keep(workspace, "planned")
        workspace.must(*CRAWL)
        keep(workspace, "crawled")
        workspace.must("check", "r")
        keep(workspace, "checked")
        workspace.say_something("Ana")
        workspace.must("seal")
        yield Past(workspace, site, workspace.results())


def keep(workspace: Workspace, name: str) -> None:
    (workspace.folder / name).mkdir()
    for path in workspace.folder.glob("losi.sqlite*"):
        shutil.copy(path, workspace.folder / name)


@pytest.mark.parametrize(
    "name",
    ["planned", "none", *(pytest.param(one, marks=pytest.mark.soak) for one in NAMES if one != "planned")],
)
def test_it_works(past: Past, name: str) -> None:
    past.put_back(name)
    assert MENDS in past.status()
    past.workspace.must("repair")
    assert past.workspace.results() == past.results
    past.workspace.inspect(sealed=True)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_again(past: Past, name: str) -> None:
    past.put_back(name)
    asked = len(past.site.log)
    code = past.workspace.warden.run(*past.workspace.verb(*CRAWL), **NO_BROWSER)
    if name == "before":
        assert code == 2
        assert MENDS in past.workspace.warden.said
    else:
        assert code == 0, past.workspace.warden.said
    assert len(past.site.log) == asked
    past.workspace.must("repair")
    past.workspace.inspect()
    assert MENDS not in past.status()
