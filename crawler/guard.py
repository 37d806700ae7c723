"""The last door before the wire: what may be asked, of whom, and when.

A downloader middleware nearer to the network than any other (960), so that nothing gets past it: no redirect, no
retry, no probe, no request that some later code makes.
"""

import time
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.error import DNSLookupError

from crawler import address
from crawler.errors import ForbiddenTarget
from crawler.viewing import BROWSER

if TYPE_CHECKING:
    from crawler.spiders.portal import PortalSpider

METHODS = frozenset({"GET", "HEAD"})


class Guard:
    def __init__(self, spider: "PortalSpider") -> None:
        self.spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider)  # type: ignore[arg-type]

    async def process_request(self, request: Request) -> None:
        await self.check(request.url, request.method, kind=request.meta.get("kind", "page"))
        domain = address.site(request.url)
        if request.meta.get("requested_by") == BROWSER:
            # A visit holds the turn of one site from its first request to its last, and of no other.
            if domain != self.spider.visiting:
                raise ForbiddenTarget(request.url, "scope")
            return
        await self.spider.turns.take(domain)
        request.meta["turn"] = domain

    async def process_response(self, request: Request, response: Response) -> Response:
        retry_after = response.headers.get("Retry-After")
        await self._release(request, response.status, retry_after.decode("latin-1") if retry_after else None)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        # Who lets us wait in vain is as slow as that; a connection refused says nothing of it.
        if isinstance(exception, DownloadTimeoutError) and "left" in request.meta:
            request.meta["download_latency"] = time.monotonic() - request.meta["left"]
        await self._release(request, 0, None)

    async def _release(self, request: Request, status: int, retry_after: str | None) -> None:
        domain = request.meta.pop("turn", None)
        if domain is not None:
            latency = request.meta.get("download_latency")
            await self.leave(request.url, domain, latency, status, retry_after)

    async def leave(
        self, url: str, domain: str, latency: float | None, status: int = 0, retry_after: str | None = None
    ) -> None:
        """Gives the host's turn back with the delay that is due."""
        spider, loopback = self.spider, address.is_loopback(address.host(url))
        if latency is not None:
            spider.pace.answered(domain, latency)
        delay = spider.pace.delay(domain, crawl_delay=spider.robots.delay(url), loopback=loopback)
        rest = spider.pace.rest(domain, status, retry_after, loopback=loopback)
        await spider.turns.release(domain, max(delay, rest))

    async def check(self, url: str, method: str = "GET", *, kind: str = "page") -> None:
        """Raises ForbiddenTarget with the reason as the trail spells it."""
        if (reason := self._refusal(url, method, kind)) is not None:
            raise ForbiddenTarget(url, reason)
        if not address.is_loopback(address.host(url)):
            await self._check_answer(url)

    def _refusal(self, url: str, method: str, kind: str) -> str | None:
        spider = self.spider
        if method not in METHODS or address.parts(url) is None:
            return "scope"
        name, named = address.host(url), address.authority(url) in spider.scope.allow_private
        if spider.scope.opted_out(name):
            return "opt-out"
        if address.is_private(name) and not named:
            return "private-network"
        if spider.identity is None and not address.is_loopback(name):
            return "no-identity"
        if (reason := spider.scope.refusal(url)) is not None:
            return reason
        return None if kind == "robots" or spider.robots.allows(url) else "robots"

    async def _check_answer(self, url: str) -> None:
        """What the name resolves to; a name that does not resolve fails at the connection, and is recorded there."""
        from twisted.internet import reactor

        try:
            answer = await maybe_deferred_to_future(reactor.resolve(address.host(url)))  # type: ignore[arg-type]
        except DNSLookupError as error:
            if "private network" in str(error):
                raise ForbiddenTarget(url, "private-network") from error
            return
        if address.is_private(answer) and address.authority(url) not in self.spider.scope.allow_private:
            raise ForbiddenTarget(url, "private-network")
