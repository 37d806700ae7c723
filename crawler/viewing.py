"""The home as a visitor's browser shows it: document and pictures kept as evidence, its links offered like any other.

One visit is one turn of the host: its sub-resources are asked for one after the other, and the delay follows the last.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from checks import Page
from crawler import address
from crawler.browser import Asset, Seen, Session
from crawler.errors import ForbiddenTarget
from crawler.identity import user_agent
from crawler.pace import RESTING
from evidence_store import Capture, Exchange

if TYPE_CHECKING:
    from crawler.spiders.portal import PortalSpider

BROWSER = "browser"
HTML = "text/html; charset=utf-8"


def urn(url: str) -> str:
    return f"urn:losi:dom:{url}"


async def show(spider: "PortalSpider", path: str | None, page: Page, capture: Capture) -> Exchange | None:
    """Visits a page that is stored; returns its rendered document, None where the browser gave up."""
    assets = _Assets(spider, address.site(page.url))
    async with spider.turns.keeping(assets.domain):
        try:
            spider.visiting = assets.domain
            seen = await _look(spider, path, page, assets)
        finally:
            await assets.end()
            spider.visiting = None
            await spider.guard.leave(page.url, assets.domain, None, assets.status, assets.retry_after)
    if seen is None:
        return None
    document, *pictures = _exchanges(page.url, seen, capture)
    for picture in pictures:
        await spider.keep(picture)
    return document


async def _look(spider: "PortalSpider", path: str | None, page: Page, assets: "_Assets") -> Seen | None:
    try:
        async with Session(path, user_agent(spider.identity)) as session:
            return await session.visit(page.url, Asset(200, HTML, page.source.encode()), assets.fetch)
    except (PlaywrightError, TimeoutError):
        return None


class _Assets:
    """What a page asks for: of its own site, one after the other, none after its visit or a host's wish for rest."""

    def __init__(self, spider: "PortalSpider", domain: str) -> None:
        self.spider, self.domain, self.over = spider, domain, False
        self.status = 0
        self.retry_after: str | None = None
        self._one_at_a_time = asyncio.Lock()

    async def fetch(self, url: str, kind: str) -> Asset:
        async with self._one_at_a_time:
            if self.over or address.site(url) != self.domain:
                raise ForbiddenTarget(url, "scope")
            answer = await self.spider.fetcher.fetch(url, kind="asset", requested_by=BROWSER)
            if answer.status in RESTING:
                self.over = True
                self.status, self.retry_after = answer.status, answer.header("retry-after")
        if answer.capture is None or answer.record is None:
            raise ForbiddenTarget(url, "error")
        asset = Page(answer.capture, answer.record)
        return Asset(answer.status or 502, answer.header("content-type") or asset.mime, asset.body)

    async def end(self) -> None:
        """Returns when nothing is under way any more."""
        self.over = True
        async with self._one_at_a_time:
            pass


def _exchanges(url: str, seen: Seen, capture: Capture) -> Iterator[Exchange]:
    """Resource records under the names that other archive tools use, where they have one."""
    kept = (
        ("dom", urn(url), HTML, seen.html.encode()),
        ("screenshot", f"urn:view:{url}", "image/png", seen.wide),
        ("phone", f"urn:losi:phone:{url}", "image/png", seen.phone),
    )
    for kind, name, mime, body in kept:
        yield Exchange(
            url=name,
            kind=kind,
            type="resource",
            requested_by=BROWSER,
            time=datetime.now(UTC),
            mime=mime,
            body=body,
            refers_to=capture.record_id,
        )
