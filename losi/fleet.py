"""Many cities at once: planned in the database, crawled by one process, several, or a Dask cluster.

The ledger of crawls in the database is the truth; whoever runs a crawl claims it there, so that a city
ordered twice is crawled once and one that was interrupted goes on where it stood.
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import checks
import crawler
from crawler.browser_finder import find_browser
from evidence_store import Assessment, City, Crawl, Store
from losi.workspace import Workspace

DEFAULT_BUDGET = 400
Progress = Callable[[str, dict[str, Any]], None]


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
) -> list[Outcome]:
    """Every assessment's crawl, begun, continued, or left alone when it is finished; all in this process."""
    planned = {a.id: _planned(store, a, order) for a in assessments}
    waiting = [a for a in assessments if planned[a.id].state in ("waiting", "claimed")]
    jobs = [_job(planned[a.id], store.city(a.city_id), order) for a in waiting]
    settings = workspace.settings()
    failures: dict[str, BaseException] = {}
    if not jobs:
        return [Outcome(a.city_id, stopped=planned[a.id].stopped or "") for a in assessments]
    ended = crawler.crawl(
        workspace.folder,
        jobs,
        identity=settings.identity,
        database_url=settings.database_url,
        opt_out=settings.opt_out,
        browser=find_browser(),
        progress=_naming_cities(progress, planned) if progress else None,
        failed=failures.__setitem__,
    )
    return [_outcome(a.city_id, planned[a.id], ended, failures) for a in assessments]


def crawl_in_processes(
    workspace: Workspace, round_id: str, city_ids: Sequence[str], options: Sequence[str], jobs: int
) -> list[Outcome]:
    """The cities dealt out to `jobs` processes of `losi crawl`."""
    hands = [hand for hand in (city_ids[n::jobs] for n in range(jobs)) if hand]
    running = [subprocess.Popen(command(workspace.folder, round_id, hand, options)) for hand in hands]
    codes = [process.wait() for process in running]
    return [
        Outcome(city, fault=f"the process that crawled it exited with {code}" if code else "")
        for hand, code in zip(hands, codes, strict=True)
        for city in hand
    ]


def crawl_on_cluster(
    workspace: Workspace, round_id: str, city_ids: Sequence[str], options: Sequence[str], address: str
) -> list[Outcome]:
    """One task a city on the Dask cluster at `address`; workers share the workspace and the database."""
    from distributed import Client

    with Client(address) as client:  # type: ignore[no-untyped-call]
        futures = {
            city: client.submit(
                _call,
                command(workspace.folder, round_id, [city], options),
                key=f"{round_id}/{city}",
                pure=False,
            )
            for city in city_ids
        }
        return [
            Outcome(city, fault=f"its task exited with {code}" if (code := future.result()) else "")
            for city, future in futures.items()
        ]


def command(folder: Path, round_id: str, city_ids: Sequence[str], options: Sequence[str]) -> list[str]:
    return [
        sys.executable,
        "-m",
        "losi",
        "--workspace",
        str(folder.resolve()),
        "crawl",
        round_id,
        *city_ids,
        *options,
    ]


def check(store: Store, assessments: Iterable[Assessment]) -> list[str]:
    """The rules over each assessment's archive; returns our own faults, one line each."""
    return [
        f"{assessment.city_id}: {fault}"
        for assessment in assessments
        for fault in checks.run(store, assessment.id).faults
    ]


def _naming_cities(progress: Progress, planned: Mapping[str, Crawl]) -> Progress:
    known = {
        crawl.id: {"city": assessment_id.split("/")[1], "budget": crawl.budget}
        for assessment_id, crawl in planned.items()
    }

    def tell(crawl_id: str, now: dict[str, Any]) -> None:
        progress(crawl_id, known[crawl_id] | now)

    return tell


def _call(arguments: list[str]) -> int:
    return subprocess.run(arguments, check=False).returncode


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
