"""Many crawls in one reactor, from a plain function call."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler import address
from crawler.errors import NoIdentity, ReactorSpent
from crawler.identity import Identity
from crawler.spiders.portal import Job, Orders, PortalSpider
from evidence_store import CrawlFinished, Store

Progress = Callable[[str, dict[str, Any]], None]

_spent = threading.Event()


def crawl(
    workspace: Path,
    jobs: Sequence[Job],
    *,
    identity: Identity | None,
    database_url: str | None = None,
    opt_out: Sequence[str] = (),
    progress: Progress | None = None,
) -> dict[str, str]:
    """Runs every job to its end and says of each why it stopped.

    Blocks; once per process. Raises NoIdentity before anything is asked; CrawlTaken, StoreFull and the like when
    all other jobs have ended; KeyboardInterrupt when it was told to stop.
    """
    if _spent.is_set():
        raise ReactorSpent
    with Store.open(workspace, database_url=database_url) as store:
        if identity is None:
            _refuse_beyond_loopback(store, jobs)
        _spent.set()
        return _run(Orders(store, identity, tuple(opt_out), progress), jobs)


def _refuse_beyond_loopback(store: Store, jobs: Sequence[Job]) -> None:
    for job in jobs:
        planned = store.crawl(job.crawl_id)
        url = planned.url or store.city(planned.assessment_id.partition("/")[2]).portal_url
        if not address.is_loopback(address.host(url)):
            raise NoIdentity(url)


def _run(orders: Orders, jobs: Sequence[Job]) -> dict[str, str]:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    process = AsyncCrawlerProcess(settings)
    logging.getLogger("scrapy").setLevel(logging.CRITICAL)
    crawlers = {job: process.create_crawler(PortalSpider) for job in jobs}
    tasks = {job: process.crawl(crawler, job, orders) for job, crawler in crawlers.items()}
    main = threading.current_thread() is threading.main_thread()
    process.start(install_signal_handlers=main)
    spiders = {job: crawler.spider for job, crawler in crawlers.items()}
    return _outcome(tasks, spiders)


def _outcome(tasks: Mapping[Job, "asyncio.Task[None]"], spiders: Mapping[Job, Any]) -> dict[str, str]:
    stopped: dict[str, str] = {}
    failures: list[BaseException] = []
    interrupted = False
    for job, task in tasks.items():
        spider = spiders[job]
        failure = getattr(spider, "failure", None) or _raised(task)
        if isinstance(failure, CrawlFinished):
            stopped[job.crawl_id] = failure.stopped or ""
        elif failure is not None:
            failures.append(failure)
        elif spider is not None and spider.stopped:
            stopped[job.crawl_id] = spider.stopped
        else:
            interrupted = True
    if failures:
        raise failures[0]
    if interrupted:
        raise KeyboardInterrupt
    return stopped


def _raised(task: "asyncio.Task[None]") -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
