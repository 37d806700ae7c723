"""What the fetcher asks, step by step; the engine is a list of what it was asked."""

import asyncio
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler.fetcher import Fetcher
from crawler.robots import Robots


class Engine:
    """Says the same to everything."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[tuple[str, str]] = []

    async def download_async(self, request: Request) -> Response:
        self.asked.append((request.url, request.meta["requested_by"]))
        request.meta["capture"] = None
        status = 404 if request.url.endswith("robots.txt") else self.status
        return Response(request.url, status=status, request=request)


class Nothing:
    def take(self, url: str) -> None:
        return None


def asked(engine: Engine, url: str, **options: Any) -> list[tuple[str, str]]:
    asyncio.run(Fetcher(engine, Nothing(), Robots(), {}).fetch(url, **options))  # type: ignore[arg-type]
    return engine.asked


def test_it_works() -> None:
    robots = ("https://www.city.example/robots.txt", "spider")
    assert asked(Engine(), "https://www.city.example/") == [robots, ("https://www.city.example/", "spider")]


def test_a_pause_that_is_asked_for_is_followed_by_another_try() -> None:
    assert len(asked(Engine(429), "https://www.city.example/")) == 4


def test_what_a_visit_needs_is_asked_in_its_turn() -> None:
    """Even the robots.txt of a host it had not heard of; and no pause would come before another try."""
    engine = Engine(429)
    asked(engine, "https://static.city.example/a.js", kind="asset", requested_by="browser")
    assert [who for _, who in engine.asked] == ["browser", "browser"]
