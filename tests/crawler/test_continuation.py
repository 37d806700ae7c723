"""Killed at any moment, started again: finished, nothing stored fetched twice, nothing lost."""

import multiprocessing
import random
import signal
import subprocess
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

import checks
from evidence_store import Store
from tests.crawler import runner
from tests.crawler.site import Reply, Site, page, serving
from tests.crawler.workspace import EMPTY_RULES, ROOT, Seen, command, order, prepare, run

PAGES = 40
# What Scrapy imports only when a crawl begins.
LOADED_LATE = [
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.scraper",
    "scrapy.extensions.closespider",
]


def town(latency: float) -> Site:
    """A small portal: a hub, pages that link on, a redirect, a file twice, and something that is not there."""
    words = [f"matter-{chr(97 + n // 10)}{chr(97 + n % 10)}" for n in range(PAGES)]
    pages: dict[str, Reply | str] = {
        "/": page("Town", *(f"/{word}" for word in words[:8]), "/moved", "/gone", "/a.pdf", "/b.pdf")
    }
    for n, word in enumerate(words):
        pages[f"/{word}"] = page(word, *(f"/{words[k]}" for k in range(n * 4, min(n * 4 + 5, PAGES))))
    pages["/moved"] = Reply(status=301, headers=(("Location", "/matter-aa"),))
    for name in ("/a.pdf", "/b.pdf"):
        pages[name] = Reply(b"%PDF-1.4\n" + b"% the same\n" * 99 + b"%%EOF\n", mime="application/pdf")
    pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /no/\n", mime="text/plain")
    return Site(pages, latency=latency)


def killed_until_finished(folder: Path, kills: int, seed: int, rules: str = EMPTY_RULES) -> tuple[Site, int]:
    """The site with its log, and how many processes were really killed."""
    # A server of processes that have imported everything: a start costs little, and shares no thread with the test.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.crawler.runner", *LOADED_LATE])
    chance, site, done = random.Random(seed), town(0.02), 0
    with serving(site):
        (crawl,) = prepare(folder, {"town": site.url}, rules=rules).values()
        given = order([crawl], [site.authority])
        for _ in range(kills):
            before = len(site.log)
            worker = processes.Process(target=runner.work, args=(str(folder), given))
            worker.start()
            # After some requests of its own, or while it reads what its predecessors left.
            wait_for(worker, site, before + chance.choice([0, 1, 1, 2, 2, 3]), chance.random() * 0.03)
            done += worker.is_alive()
            worker.kill()
            worker.join()
            worker.close()
        assert run(folder, given) in ({crawl: "exhausted"}, {crawl: "settled"})
    return site, done


def wait_for(worker: BaseProcess, site: Site, requests: int, more: float) -> None:
    until = time.monotonic() + 30
    while len(site.log) < requests and worker.is_alive() and time.monotonic() < until:
        worker.join(0.001)
    worker.join(more)


def check(folder: Path, site: Site, kills: int) -> None:
    with Store.open(folder) as store:
        seen = Seen(store, "r/town")
        for capture in seen.captures:
            store.read(capture)  # raises where a byte is not what was stored
        fetched = [capture for capture in seen.captures if capture.type in ("response", "revisit")]
        stored = Counter(capture.url for capture in fetched)
        twins = sorted(capture.type for capture in fetched if capture.url.endswith(".pdf"))
    asked = Counter(site.url.rstrip("/") + path for path in site.log)
    assert set(stored) == set(asked), "nothing is lost"
    assert twins == ["response", "revisit"], "a body is stored once, whoever died between the two"
    assert max(stored.values()) == 1, "nothing stored was fetched again"
    # A request whose process died before its answer was durable is made again: at most one for each kill.
    assert sum(asked.values()) - len(asked) <= kills
    assert {one["url"] for one in seen.trail["visited"]} >= {
        site.url.rstrip("/") + path for path, reply in site.pages.items() if isinstance(reply, str)
    }
    assert seen.trail["requests"] == sum(stored.values())


def test_it_works(tmp_path: Path) -> None:
    """Twenty kills."""
    site, kills = killed_until_finished(tmp_path, 20, seed=1)
    assert kills >= 15, "most were killed at work"
    check(tmp_path, site, 20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 8))
def test_many_kills(tmp_path: Path, seed: int) -> None:
    site, _ = killed_until_finished(tmp_path, 40, seed, checks.rules_text())
    check(tmp_path, site, 40)


def test_two_crawlers_on_one_crawl(tmp_path: Path) -> None:
    site = town(0)
    with serving(site):
        (crawl,) = prepare(tmp_path, {"town": site.url}).values()
        with Store.open(tmp_path) as other:
            other.claim(crawl, worker="another", rules_digest="")
            second = run(tmp_path, order([crawl], [site.authority]))
    assert second["error"] == "CrawlTaken"
    assert "stop it" in second["message"]
    assert site.log == []


def test_told_to_stop_it_gives_its_crawl_back(tmp_path: Path) -> None:
    site = town(0.05)
    with serving(site):
        (crawl,) = prepare(tmp_path, {"town": site.url}).values()
        given = order([crawl], [site.authority])
        pipe = subprocess.PIPE
        with subprocess.Popen(command(tmp_path), stdin=pipe, stderr=pipe, text=True, cwd=ROOT) as worker:
            assert worker.stdin is not None
            worker.stdin.write(given)
            worker.stdin.close()
            until = time.monotonic() + 30
            while len(site.log) < 6 and time.monotonic() < until:
                time.sleep(0.005)
            worker.send_signal(signal.SIGINT)
            worker.wait()
        with Store.open(tmp_path) as store:
            assert store.crawl(crawl).state == "waiting"
        assert run(tmp_path, given) == {crawl: "exhausted"}
    check(tmp_path, site, 1)


def test_a_finished_crawl_is_left_alone(tmp_path: Path) -> None:
    site = town(0)
    with serving(site):
        (crawl,) = prepare(tmp_path, {"town": site.url}, budget=3).values()
        assert run(tmp_path, order([crawl], [site.authority])) == {crawl: "budget"}
        asked = len(site.log)
        assert run(tmp_path, order([crawl], [site.authority])) == {crawl: "budget"}
        assert len(site.log) == asked


def test_beyond_loopback_nothing_is_fetched_without_a_name(tmp_path: Path) -> None:
    (crawl,) = prepare(tmp_path, {"town": "https://www.city.example/"}).values()
    ended = run(tmp_path, order([crawl], []))
    assert ended["error"] == "NoIdentity"
    assert "losi.toml" in ended["message"]


def test_scrapy_knows_the_spider(tmp_path: Path) -> None:
    site = town(0)
    with serving(site):
        (crawl,) = prepare(tmp_path, {"town": site.url}).values()
        arguments = [
            "-a",
            f"crawl={crawl}",
            "-a",
            f"workspace={tmp_path}",
            "-a",
            f"allow_private={site.authority}",
        ]
        scrapy = [*command(tmp_path)[:1], "-m", "scrapy", "crawl", "portal", *arguments]
        done = subprocess.run(scrapy, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    with Store.open(tmp_path) as store:
        assert store.crawl(crawl).stopped == "exhausted"
