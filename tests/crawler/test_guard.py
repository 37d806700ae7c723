"""The pause after each request, beyond loopback: the longest of crawl-delay, 3 s and 5 × latency. No clock runs."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from crawler.guard import Guard
from crawler.pace import REST, Pace
from crawler.robots import Robots
from crawler.turns import Turns

PORTAL = "https://www.city.example/"


class Said:
    """A store that gives every turn and notes the delay with which it comes back."""

    def __init__(self) -> None:
        self.delays: list[tuple[str, float]] = []

    def take_turn(self, domain: str, holder: str, *, hold: float = 60) -> float:
        return 0.0

    def keep_turn(self, domain: str, holder: str, *, hold: float = 60) -> None:
        raise AssertionError("no request takes that long")

    def release_turn(self, domain: str, holder: str, *, delay: float) -> None:
        self.delays.append((domain, delay))


def paused(*came: Any, crawl_delay: str = "", url: str = PORTAL) -> list[float]:
    """The pause after each of what came: a status with its latency in seconds, or an exception."""
    store, robots = Said(), Robots()
    robots.learn(url, 200, f"User-agent: *\nDisallow:\n{crawl_delay}".encode())
    guard = Guard(SimpleNamespace(pace=Pace(), robots=robots, turns=Turns(store, "crawl")))  # type: ignore[arg-type]

    async def ask(what: Any) -> None:
        request = Request(url)
        request.meta["turn"] = "city.example"
        await guard.spider.turns.take("city.example")
        if isinstance(what, Exception):
            request.meta["left"] = time.monotonic() - 30
            await guard.process_exception(request, what)
        else:
            status, request.meta["download_latency"] = what
            await guard.process_response(request, Response(url, status=status))

    async def ask_all() -> None:
        for what in came:
            await ask(what)

    asyncio.run(ask_all())
    assert {domain for domain, _ in store.delays} == {"city.example"}
    return [delay for _, delay in store.delays]


def test_it_works() -> None:
    assert paused((200, 0.1)) == [3]


def test_a_slow_portal_has_five_times_its_latency() -> None:
    assert paused((200, 2.0), (200, 2.0)) == [10, 10]


def test_a_portal_may_ask_for_more() -> None:
    assert paused((200, 0.1), crawl_delay="Crawl-delay: 12\n") == [12]
    assert paused((200, 4.0), crawl_delay="Crawl-delay: 12\n") == [20]


def test_who_lets_us_wait_in_vain_is_left_alone_for_long() -> None:
    assert paused(DownloadTimeoutError()) == [60]


def test_rest_comes_on_top() -> None:
    assert paused((429, 0.1), (503, 0.1), (200, 0.1)) == [REST, 2 * REST, 3]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001/", "http://localhost:8001/"])
def test_practice_at_home_is_without_delay(url: str) -> None:
    assert paused((200, 2.0), url=url) == [0]
