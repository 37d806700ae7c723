"""Many cities at once: planned in the database, crawled by one process, several, or a Dask cluster.

The ledger of crawls in the database is the truth; whoever runs a crawl claims it there, so that a city
ordered twice is crawled once and one that was interrupted goes on where it stood.
"""

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import checks
import crawler
from crawler.address import host, is_loopback
from crawler.browser_finder import find_browser
from evidence_store import LEASE_SECONDS, Assessment, City, Crawl, Store
from evidence_store.errors import Locked
from losi import processes
from losi.errors import NoCluster
from losi.workspace import Workspace

DEFAULT_BUDGET = 400
AT_ONCE = 150  # cities of one process, which crawls all of them at a time
TRIES = 2
Progress = Callable[[str, dict[str, Any]], None]
Ended = Callable[[str], Any]  # told the assessment whose crawl, or check, is over


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked of a crawl; `allow_private` admits the portals' own hosts and `private_hosts`."""

    max_pages: int = DEFAULT_BUDGET
    delay: float | None = None
    allow_private: bool = False
    private_hosts: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of one city: `fault` is ours or a wrong use; how a portal behaved stands in `stopped`."""

    city_id: str
    stopped: str = ""
    fault: str = ""


def open_round(
    store: Store,
    round_id: str,
    *,
    edition: str,
    city_ids: Iterable[str],
    protocol: str = "single",
    advice: dict[str, str] | None = None,
) -> None:
    """A round with today's edition and rules, both archived with it."""
    checks.load_edition(edition)
    store.open_round(
        round_id,
        edition=edition,
        edition_text=checks.edition_text(edition),
        rules_text=checks.rules_text(),
        city_ids=list(city_ids),
        protocol=protocol,
        advice=advice,
    )


def crawl(
    workspace: Workspace,
    store: Store,
    assessments: Sequence[Assessment],
    order: Order,
    progress: Progress | None = None,
    ended: Ended | None = None,
) -> list[Outcome]:
    """Every assessment's crawl, begun, continued, or left alone when it is finished; all in this process."""
    processes.mind_parent()
    _refuse_closed(store, assessments)
    _refuse_behind(store, assessments)
    planned = {a.id: _planned(store, a, order) for a in assessments}
    waiting = [a for a in assessments if planned[a.id].state in ("waiting", "claimed")]
    jobs = [_job(planned[a.id], store.city(a.city_id), order) for a in waiting]
    settings = workspace.settings()
    failures: dict[str, BaseException] = {}
    if not jobs:
        return [Outcome(a.city_id, stopped=planned[a.id].stopped or "") for a in assessments]
    stopped = crawler.crawl(
        workspace.folder,
        jobs,
        identity=settings.identity,
        database_url=settings.database_url,
        opt_out=settings.opt_out,
        browser=find_browser(),
        progress=_naming_cities(progress, planned) if progress else None,
        ended=ended,
        failed=failures.__setitem__,
    )
    return [_outcome(a.city_id, planned[a.id], stopped, failures) for a in assessments]


def crawl_in_processes(
    workspace: Workspace,
    store: Store,
    assessments: Sequence[Assessment],
    options: Sequence[str],
    jobs: int,
) -> list[Outcome]:
    """Dealt out to `losi crawl` in hands of at most AT_ONCE, `jobs` processes at a time.

    A process that dies takes nothing along but its unfinished cities. Raises NoIdentity before the first is started;
    Ctrl-C ends them all.
    """
    _refuse_closed(store, assessments)
    _refuse_behind(store, assessments)
    _refuse_nameless(workspace, store, assessments)
    left = [a for a in assessments if _stopped(store, a) is None]
    dealt = hands([a.city_id for a in left], jobs)
    commands = [command(workspace.folder, assessments[0].round_id, hand, options) for hand in dealt]
    codes = processes.run(commands, at_once=jobs)
    said = {
        city: f"not finished: its process ended with {code}"
        for hand, code in zip(dealt, codes, strict=True)
        for city in hand
    }
    return [_outcome_of(store, a, said.get(a.city_id, "")) for a in assessments]


def hands(city_ids: Sequence[str], jobs: int) -> list[Sequence[str]]:
    """Equal hands, as many for each process as it takes."""
    count = jobs * math.ceil(len(city_ids) / (jobs * AT_ONCE))
    return [hand for hand in (city_ids[n::count] for n in range(count)) if hand]


def crawl_on_cluster(
    workspace: Workspace,
    store: Store,
    assessments: Sequence[Assessment],
    options: Sequence[str],
    address: str,
    ended: Ended | None = None,
) -> list[Outcome]:
    """One task a city on the Dask cluster at `address`; workers share the workspace's folder and the database,
    and seal nothing: that is for who holds the key.

    What a lost worker left is tried once more, when its lease is over. Raises NoIdentity, NoCluster.
    """
    _refuse_closed(store, assessments)
    _refuse_behind(store, assessments)
    _refuse_nameless(workspace, store, assessments)
    said: dict[str, str] = {}
    with _client(address) as client:
        for attempt in range(TRIES):
            left = [a for a in assessments if _stopped(store, a) is None]
            if attempt:
                _await_leases(store, left)
            tasks = {a.city_id: _submit(client, workspace.folder, a, options) for a in left}
            for assessment in left:
                said[assessment.city_id] = _said(tasks[assessment.city_id])
                if ended:
                    ended(assessment.id)
    return [_outcome_of(store, a, said.get(a.city_id, "")) for a in assessments]


def command(folder: Path, round_id: str, city_ids: Sequence[str], options: Sequence[str]) -> list[str]:
    program = [sys.executable, "-m", "losi", "--workspace", str(folder.resolve())]
    return [*program, "crawl", round_id, *city_ids, *options]


def check(store: Store, assessments: Iterable[Assessment], ended: Ended | None = None) -> list[str]:
    """The rules over each assessment's archive; returns our own faults, one line each."""
    faults: list[str] = []
    for assessment in assessments:
        faults += (f"{assessment.city_id}: {fault}" for fault in checks.run(store, assessment.id).faults)
        if ended:
            ended(assessment.id)
    return faults


def _naming_cities(progress: Progress, planned: Mapping[str, Crawl]) -> Progress:
    known = {
        crawl.id: {"city": assessment_id.split("/")[1], "budget": crawl.budget}
        for assessment_id, crawl in planned.items()
    }

    def tell(crawl_id: str, now: dict[str, Any]) -> None:
        progress(crawl_id, known[crawl_id] | now)

    return tell


def _refuse_nameless(workspace: Workspace, store: Store, assessments: Iterable[Assessment]) -> None:
    """Said once, here, and not by each process."""
    if workspace.settings().identity is not None:
        return
    for assessment in assessments:
        url = store.city(assessment.city_id).portal_url
        if not is_loopback(host(url)):
            raise crawler.NoIdentity(url)


def _refuse_closed(store: Store, assessments: Iterable[Assessment]) -> None:
    """A closed round may be ordered again only while nothing is left to do."""
    for assessment in assessments:
        if store.round(assessment.round_id).closed and _stopped(store, assessment) is None:
            raise Locked(f"round {assessment.round_id} is closed", "open a new round")


def _refuse_behind(store: Store, assessments: Iterable[Assessment]) -> None:
    for assessment in assessments:
        store.refuse_behind(assessment.id)


def _last(store: Store, assessment: Assessment) -> Crawl | None:
    """The newest crawl of the whole portal."""
    whole = [crawl for crawl in store.crawls(assessment.id) if crawl.purpose == "round" and not crawl.url]
    return whole[-1] if whole else None


def _stopped(store: Store, assessment: Assessment) -> str | None:
    """None while it is not finished."""
    last = _last(store, assessment)
    return (last.stopped or "") if last is not None and last.state == "closed" else None


def _outcome_of(store: Store, assessment: Assessment, fault: str) -> Outcome:
    """The ledger has the last word; `fault` is why it may say "not finished"."""
    stopped = _stopped(store, assessment)
    if stopped is None:
        return Outcome(assessment.city_id, fault=fault)
    return Outcome(assessment.city_id, stopped=stopped)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise NoCluster(address, "Dask is not installed; get it with: pip install 'losi[cluster]'") from error
    try:
        return Client(address)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoCluster(address, f"{error}; name a scheduler as tcp://host:8786") from error


def _submit(client: Any, folder: Path, assessment: Assessment, options: Sequence[str]) -> Any:
    given = (folder.resolve(), assessment.round_id, assessment.city_id, tuple(options))
    return client.submit(_crawl_one, *given, key=f"losi/{assessment.id}", pure=False)


def _crawl_one(folder: Path, round_id: str, city_id: str, options: Sequence[str]) -> int:
    """On a worker; a process of its own, since a reactor runs once."""
    (code,) = processes.run([command(folder, round_id, [city_id], [*options, "--no-seal"])], at_once=1)
    return code


def _said(task: Any) -> str:
    try:
        return f"not finished: its task ended with {task.result()}"
    except Exception as error:  # whatever a cluster may raise is one city's misfortune
        return f"not finished: its task failed ({type(error).__name__})"


def _await_leases(store: Store, left: Iterable[Assessment]) -> None:
    """A lost worker's machine cannot be asked whether it lives: what it held is free when the lease is over."""
    until = time.monotonic() + LEASE_SECONDS
    held = [crawl.id for a in left if (crawl := _last(store, a)) is not None]
    while any(map(store.is_taken, held)) and time.monotonic() < until:
        time.sleep(1)


def _planned(store: Store, assessment: Assessment, order: Order) -> Crawl:
    round_ = store.round(assessment.round_id)
    return store.plan_crawl(
        assessment.id, budget=order.max_pages, rules_digest=round_.rules_digest, again=order.again
    )


def _job(crawl: Crawl, city: City, order: Order) -> crawler.Job:
    named = (urlsplit(city.portal_url).netloc,) if order.allow_private else ()
    return crawler.Job(crawl_id=crawl.id, delay=order.delay, allow_private=(*named, *order.private_hosts))


def _outcome(
    city_id: str, planned: Crawl, ended: Mapping[str, str], failures: Mapping[str, BaseException]
) -> Outcome:
    if failure := failures.get(planned.id):
        return Outcome(city_id, fault=f"{failure}" or type(failure).__name__)
    return Outcome(city_id, stopped=ended.get(planned.id, planned.stopped or ""))
