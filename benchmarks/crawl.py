"""Crawling without delay on loopback: this crawler, which records and indexes, against plain Scrapy over the same site.

Three clients, one after the other, against one server process: a CrawlSpider with its LinkExtractor as Scrapy's
tutorial has it; Scrapy fetching a list of addresses and reading nothing; this crawler with all its rules. The site
is generated: pages of some 37 kB with 150 links each, gzip with a character set, always the same for one size.
"""

import argparse
import asyncio
import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TOPICS = """
council office service permit waste water school budget street park library form application fee payment notice
meeting minutes decision planning housing health family business licence transport parking culture sport museum
election consultation open data contact department mayor district community citizen portal privacy security report
""".split()
LINKS, MENU = 150, 40
TOPICAL = 0.04  # of the words of a text; the rest is prose that means nothing to a rule
REPEATS = 2
FASTER_THAN_CRAWLSPIDER, SHARE_OF_FETCHING = 2.0, 0.3


def corpus(pages: int) -> dict[str, bytes]:
    """Path → HTML. Every page can be reached; names are words, as portals have them."""
    chance = random.Random(2026)
    paths = [
        "/",
        *(f"/{chance.choice(TOPICS) if n <= MENU else word(n % 30)}/{word(n)}" for n in range(1, pages)),
    ]
    return {path: html(paths, n, chance) for n, path in enumerate(paths)}


def prose(count: int, chance: random.Random) -> str:
    words = (
        chance.choice(TOPICS) if chance.random() < TOPICAL else word(chance.randrange(9999))
        for _ in range(count)
    )
    return " ".join(words)


def word(number: int) -> str:
    """A name of its own for each number, without a digit in it."""
    spelt = ""
    while True:
        spelt = "bcdfghjklm"[number % 10] + "aeiou"[number % 5] + spelt
        number //= 10
        if not number:
            return spelt


def html(paths: list[str], number: int, chance: random.Random) -> bytes:
    nav = "".join(anchor(path) for path in paths[1 : MENU + 1])
    onward = paths[number * 3 + 1 : number * 3 + 4]
    body = "".join(anchor(path) for path in (*onward, *chance.choices(paths, k=LINKS - MENU - len(onward))))
    text = "".join(f"<p>{prose(50, chance)}.</p>" for _ in range(50))
    title = prose(3, chance)
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body>"
        f"<nav><ul>{nav}</ul></nav><main><h1>{title}</h1>{text}<ul>{body}</ul></main></body></html>"
    ).encode()


def anchor(path: str) -> str:
    return f'<li><a href="{path}">{path.strip("/").replace("/", " ")}</a></li>'


def serve(pages: int) -> None:
    """Prints its address, serves until its standard input closes."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
    made = {path: gzip.compress(body, 6, mtime=0) for path, body in corpus(pages).items()}
    replies = {
        path: f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for path, body in made.items()
    }
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                line = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
                writer.write(replies.get(line, missing))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    asyncio.run(run())


def plain_settings() -> dict[str, object]:
    return {"LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}


def crawlspider(url: str, pages: int) -> tuple[int, float]:
    from scrapy.linkextractors import LinkExtractor
    from scrapy.spiders import CrawlSpider, Rule

    class Plain(CrawlSpider):
        name = "plain"
        start_urls = [url]  # noqa: RUF012
        allowed_domains = ["127.0.0.1"]  # noqa: RUF012
        rules = (Rule(LinkExtractor(), callback="count", follow=True),)

        def count(self, response: object) -> None:
            return None

    return scrapy_run(Plain)


def fetching(url: str, pages: int) -> tuple[int, float]:
    import scrapy

    addresses = [url.rstrip("/") + path for path in corpus(pages)]

    class Fetching(scrapy.Spider):
        name = "fetching"
        start_urls = addresses

        def parse(self, response: object) -> None:
            return None

    return scrapy_run(Fetching)


def scrapy_run(spider: type) -> tuple[int, float]:
    from scrapy.crawler import CrawlerProcess

    process = CrawlerProcess(plain_settings())
    crawler = process.create_crawler(spider)
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    return stats["response_received_count"], stats["elapsed_time_seconds"]


def losi(url: str, pages: int) -> tuple[int, float]:
    import checks
    import crawler
    from crawler.spiders import portal
    from evidence_store import City, Store

    portal.SETTLED_AFTER = pages  # the whole site, as the others
    host = url.removeprefix("http://").strip("/")
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(Path(folder), migrate=True) as store:
            store.add_cities([City(id="c", name="C", country="IRL", languages=["en"], portal_url=url)])
            text = checks.edition_text("losi-2024")
            store.open_round(
                "r", edition="losi-2024", edition_text=text, rules_text=checks.rules_text(), city_ids=["c"]
            )
            crawl = store.plan_crawl("r/c", budget=pages)
        told: list[int] = []

        def progress(_: str, said: dict[str, int]) -> None:
            times.append(time.perf_counter())
            told.append(said["pages"])

        job = crawler.Job(crawl.id, allow_private=(host,))
        crawler.crawl(Path(folder), [job], identity=None, progress=progress)
        # From the first page to the last, as Scrapy's own count begins when the spider is open.
        return told[-1] - told[0], times[-1] - times[0]


CLIENTS: dict[str, Callable[[str, int], tuple[int, float]]] = {
    "CrawlSpider with LinkExtractor": crawlspider,
    "Scrapy, fetching only": fetching,
    "losi, recording and indexing": losi,
}


@contextmanager
def serving(pages: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.crawl", "--serve", "--pages", str(pages)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


def measured(pages: int, repeats: int) -> dict[str, float]:
    """Pages a second of each client, each in a process of its own; the best of the repetitions."""
    best: dict[str, float] = {}
    with serving(pages) as url:
        for _ in range(repeats):
            for name in CLIENTS:
                command = [sys.executable, "-m", "benchmarks.crawl", "--client", name, "--url", url]
                done = subprocess.run([*command, "--pages", str(pages)], stdout=subprocess.PIPE, check=True)
                count, seconds = json.loads(done.stdout)
                if count < pages * 0.9:
                    raise SystemExit(f"{name} saw {count} of {pages} pages")
                best[name] = max(best.get(name, 0.0), count / seconds)
    return best


def main(pages: int | None = None) -> None:
    """With a number: the table for a site of that size."""
    if pages is not None:
        table(measured(pages, REPEATS))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.pages)
    elif given.client:
        print(json.dumps(CLIENTS[given.client](given.url, given.pages)))
    else:
        table(measured(given.pages, given.repeats))


def table(best: dict[str, float]) -> None:
    plain, fetch, ours = (best[name] for name in CLIENTS)
    print(f"{'crawling on loopback, no delay':34} pages/s")
    for name, rate in best.items():
        print(f"{name:34} {rate:7.0f}")
    print(f"{ours / plain:.1f} times CrawlSpider (goal {FASTER_THAN_CRAWLSPIDER}), ", end="")
    print(f"{ours / fetch:.2f} of fetching only (goal {SHARE_OF_FETCHING})")


if __name__ == "__main__":
    main()
