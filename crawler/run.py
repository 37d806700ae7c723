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
from crawler.browser_finder import Browser
from crawler.errors import NoIdentity, ReactorSpent
from crawler.identity import Identity
from crawler.spiders.portal import Job, Orders, PortalSpider
from evidence_store import CrawlFinished, Store

Progress = Callable[[str, dict[str, Any]], None]
Ended = Callable[[str], Any]
Failed = Callable[[str, BaseException], None]

_spent = threading.Event()


def crawl(
    workspace: Path,
    jobs: Sequence[Job],
    *,
    identity: Identity | None,
    database_url: str | None = None,
    opt_out: Sequence[str] = (),
    browser: Browser | None = None,
    progress: Progress | None = None,
    ended: Ended | None = None,
    failed: Failed | None = None,
) -> dict[str, str]:
    """Runs every job to its end and says of each why it stopped.

    Blocks; once per process. Raises NoIdentity before anything is asked; KeyboardInterrupt when it was told to stop.
    `ended` is called in a thread, with its assessment, when a crawl is finished and its files are closed.
    CrawlTaken, StoreFull and the like go to `failed` with their crawl; without it the first is raised at the end.
    """
    if _spent.is_set():
        raise ReactorSpent
    with Store.open(workspace, database_url=database_url) as store:
        if identity is None:
            _refuse_beyond_loopback(store, jobs)
        _spent.set()
        orders = Orders(store, identity, tuple(opt_out), browser, progress, ended)
        return _run(orders, jobs, failed)


def _refuse_beyond_loopback(store: Store, jobs: Sequence[Job]) -> None:
    for job in jobs:
        planned = store.crawl(job.crawl_id)
        url = planned.url or store.city(planned.assessment_id.partition("/")[2]).portal_url
        if not address.is_loopback(address.host(url)):
            raise NoIdentity(url)


def _run(orders: Orders, jobs: Sequence[Job], failed: Failed | None) -> dict[str, str]:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    process = AsyncCrawlerProcess(settings)
    logging.getLogger("scrapy").setLevel(logging.CRITICAL)
    crawlers = {job: process.create_crawler(PortalSpider) for job in jobs}
    tasks = {job: process.crawl(crawler, job, orders) for job, crawler in crawlers.items()}
    main = threading.current_thread() is threading.main_thread()
    process.start(install_signal_handlers=main)
    spiders = {job: crawler.spider for job, crawler in crawlers.items()}
    stopped, failures, interrupted = _outcome(tasks, spiders)
    for crawl_id, failure in failures.items():
        if failed is None:
            raise failure
        failed(crawl_id, failure)
    if interrupted:
        raise KeyboardInterrupt
    return stopped


def _outcome(
    tasks: Mapping[Job, "asyncio.Task[None]"], spiders: Mapping[Job, Any]
) -> tuple[dict[str, str], dict[str, BaseException], bool]:
    """Why each stopped, what failed, and whether any was cut short."""
    stopped: dict[str, str] = {}
    failures: dict[str, BaseException] = {}
    interrupted = False
    for job, task in tasks.items():
        spider = spiders[job]
        failure = getattr(spider, "failure", None) or _raised(task)
        if isinstance(failure, CrawlFinished):
            stopped[job.crawl_id] = failure.stopped or ""
        elif failure is not None:
            failures[job.crawl_id] = failure
        elif spider is not None and spider.stopped:
            stopped[job.crawl_id] = spider.stopped
        else:
            interrupted = True
    return stopped, failures, interrupted


def _raised(task: "asyncio.Task[None]") -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
