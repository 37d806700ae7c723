"""A round dealt out: each city crawled once, whatever becomes of the processes that crawl it."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evidence_store import City, Store
from evidence_store.errors import Locked
from losi import fleet, processes
from losi.workspace import Workspace
from tests.crawler.site import Reply, Site, page, serving

OPTIONS = ["--allow-private"]
DIES = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
DIED = "not finished: its process ended with -9"
ROBOTS = Reply(b"User-agent: *\nDisallow:\n", mime="text/plain")


@pytest.fixture(autouse=True)
def _without_a_browser(monkeypatch):
    monkeypatch.setenv("LOSI_BROWSER", "/nowhere")


def hamlet(latency: float = 0.0, pages: int = 2) -> Site:
    names = [f"/matter-{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(pages)]
    found: dict[str, Any] = {name: page(name) for name in names}
    return Site({"/": page("Hamlet", *names), "/robots.txt": ROBOTS, **found}, latency=latency)


@contextmanager
def a_round(folder: Path, *sites: Site) -> Iterator[tuple[Workspace, Store, list[Any]]]:
    """One city a site: c0, c1, …"""
    workspace = Workspace(folder)
    with serving(*sites), workspace.open_store() as store:
        names = [f"c{n}" for n in range(len(sites))]
        store.add_cities(
            City(id=name, name=name, country="PRT", languages=["en"], portal_url=site.url)
            for name, site in zip(names, sites, strict=True)
        )
        fleet.open_round(store, "r", edition="losi-2024", city_ids=names)
        yield workspace, store, store.assessments("r")


def begun(folder: Path, *more: str) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-m", "losi", "--workspace", str(folder), "crawl", "r", *OPTIONS, *more]
    return subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def states(store: Store, assessments: list[Any]) -> list[str]:
    return [crawl.state for a in assessments for crawl in store.crawls(a.id)]


def fetched_once(*sites: Site) -> bool:
    return all(max(Counter(site.log).values()) == 1 for site in sites)


def test_it_works(tmp_path, monkeypatch):
    """Three cities in two processes; ordered again, nothing is started."""
    monkeypatch.setattr(fleet, "AT_ONCE", 2)
    sites = [hamlet() for _ in range(3)]
    with a_round(tmp_path, *sites) as (workspace, store, assessments):
        for _ in range(2):
            outcomes = fleet.crawl_in_processes(workspace, store, assessments, OPTIONS, 1)
            assert [(one.stopped, one.fault) for one in outcomes] == [("exhausted", "")] * 3
            monkeypatch.setattr(processes, "_start", None)
        assert fetched_once(*sites)


@pytest.mark.parametrize(
    ("cities", "jobs", "sizes"),
    [(0, 2, []), (1, 2, [1]), (5, 2, [3, 2]), (151, 1, [76, 75]), (700, 2, [117] * 4 + [116] * 2)],
)
def test_hands_are_equal_and_never_too_large(cities, jobs, sizes):
    dealt = fleet.hands([str(n) for n in range(cities)], jobs)
    assert [len(hand) for hand in dealt] == sizes
    assert sorted(int(city) for hand in dealt for city in hand) == list(range(cities))


def test_a_process_that_dies_is_a_fault_of_its_unfinished_cities(tmp_path, monkeypatch):
    """c0 was finished before its hand, c1 and c3, dies; c2 is another's."""
    real = fleet.command

    def command(folder, round_id, hand, options):
        return DIES if "c1" in hand else real(folder, round_id, hand, options)

    with a_round(tmp_path, *(hamlet() for _ in range(4))) as (workspace, store, assessments):
        subprocess.run(real(tmp_path, "r", ["c0"], OPTIONS), check=True, capture_output=True)
        monkeypatch.setattr(fleet, "command", command)
        outcomes = fleet.crawl_in_processes(workspace, store, assessments, OPTIONS, 2)
    assert [one.fault for one in outcomes] == ["", DIED, "", DIED]
    assert [one.stopped for one in outcomes] == ["exhausted", "", "exhausted", ""]


def test_nobody_is_sent_out_without_a_name(tmp_path):
    with a_round(tmp_path, hamlet()) as (_, store, _):
        store.add_cities(
            [City(id="c0", name="c", country="PRT", languages=["en"], portal_url="https://c.example/")]
        )
        ran = begun(tmp_path, "--jobs", "2")
        said = ran.communicate(timeout=30)
    assert (ran.returncode, said[0]) == (2, "")
    assert said[1].count("\n") == 1
    assert "losi.toml" in said[1]


@pytest.mark.parametrize("blow", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.soak)])
def test_whoever_ends_the_fleet_ends_its_processes(tmp_path, blow):
    """Told to stop or killed: the crawls are given back, and whoever goes on fetches nothing twice."""
    sites = [hamlet(latency=0.1, pages=25) for _ in range(2)]
    with a_round(tmp_path, *sites) as (_, store, assessments):
        with begun(tmp_path, "--jobs", "2") as parent:
            until(lambda: all(len(site.log) > 4 for site in sites))
            parent.send_signal(blow)
            parent.wait()
            said = parent.stderr.read()
        until(lambda: states(store, assessments) == ["waiting", "waiting"])
        assert parent.returncode == (1 if blow == signal.SIGINT else -blow)
        assert "Traceback" not in said
        for site in sites:
            site.latency = 0
        with begun(tmp_path) as other:
            assert other.wait() == 0
        assert states(store, assessments) == ["closed", "closed"]
        stored = Counter(capture.url for a in assessments for capture in store.captures(a.id))
        assert max(stored.values()) == 1


def test_a_closed_round_is_left_alone(tmp_path):
    site = hamlet()
    with a_round(tmp_path, site) as (workspace, store, assessments):
        store.close_round("r", set())
        for order in (
            lambda: fleet.crawl(workspace, store, assessments, fleet.Order(allow_private=True)),
            lambda: fleet.crawl_in_processes(workspace, store, assessments, OPTIONS, 2),
        ):
            with pytest.raises(Locked, match="open a new round"):
                order()
        assert (site.log, states(store, assessments)) == ([], [])


def test_what_ends_late_is_ended_at_once_when_asked_twice(monkeypatch):
    """A process that does not listen."""
    monkeypatch.setattr(processes, "PATIENCE", 0.1)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        one.stdout.readline()
        processes._end([one])
        assert one.returncode == -signal.SIGKILL


def test_a_cluster_that_is_not_there(tmp_path):
    ran = begun(tmp_path, "--cluster", "nonsense://x")
    _, said = ran.communicate(timeout=30)
    assert (ran.returncode, said.count("\n")) == (2, 1)


@pytest.mark.soak
def test_a_cluster_and_a_worker_that_is_lost(tmp_path):
    """Two workers; the first that crawls is killed: its city is crawled by another, once."""
    distributed = pytest.importorskip("distributed")
    sites = [hamlet(latency=0.4, pages=12) for _ in range(3)]
    with (
        a_round(tmp_path, *sites) as (_, store, assessments),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        begun(tmp_path, "--cluster", cluster.scheduler_address) as ran,
    ):
        pids = client.run(os.getpid)
        until(lambda: len(sites[0].log) > 3)
        busy = client.processing()
        lost = next(worker for worker, tasks in busy.items() if any("c0" in str(task) for task in tasks))
        os.kill(pids[lost], signal.SIGKILL)
        out, said = ran.communicate(timeout=120)
        assert ran.returncode == 0, said
        assert out.split("\n")[:3] == [f"c{n}: exhausted" for n in range(3)]
        assert states(store, assessments) == ["closed"] * 3
        assert [store.crawls(a.id)[0].token > 1 for a in assessments] == [True, False, False]
        for a in assessments:
            assert max(Counter(capture.url for capture in store.captures(a.id)).values()) == 1
