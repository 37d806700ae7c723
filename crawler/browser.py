"""A Playwright session cut off from the network: what a page asks for is fetched by the crawler itself.

So every sub-resource passes the same guard, robots rules and recorder as a plain page, and nothing that a page does can
reach anybody. What a browser alone can do (web sockets, streams, service workers) is refused.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawler.browser_finder import QUIET, sandboxed

WIDE = (1366, 900)
PHONE = (390, 844)
TALLEST = 8_000
LOAD_SECONDS = 20.0
SETTLE_SECONDS = 3.0
ASSETS_PER_VISIT = 60
# Nothing listens there: what escapes our routes dies on this machine.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Asset:
    """A sub-resource, content decoding undone."""

    status: int
    mime: str
    body: bytes


@dataclass(frozen=True)
class Seen:
    """What a visitor's browser made of one page; pictures are PNG, at most TALLEST pixels high."""

    html: str
    wide: bytes
    phone: bytes
    assets: int


# Raises what the guard raises; an asset refused is an asset that does not load.
Fetch = Callable[[str, str], Awaitable[Asset]]


class Session:
    """One browser for one crawl: fresh context for each visit, no cookies kept."""

    def __init__(self, path: str | None, user_agent: str) -> None:
        self.path, self.user_agent = path, user_agent
        self._stack = contextlib.AsyncExitStack()
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        playwright = await self._stack.enter_async_context(async_playwright())
        try:
            self._browser = await playwright.chromium.launch(
                executable_path=self.path,
                args=list(QUIET),
                chromium_sandbox=sandboxed(),
                proxy={"server": NOWHERE, "bypass": "<-loopback>"},
            )
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(PlaywrightError):
            if self._browser:
                await self._browser.close()
        await self._stack.aclose()

    async def visit(self, url: str, document: Asset, fetch: Fetch) -> Seen:
        """Shows a document that is stored already; raises PlaywrightError when the browser gives up."""
        assert self._browser is not None, "a session is entered before its first visit"
        width, height = WIDE
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            user_agent=self.user_agent,
            service_workers="block",
            accept_downloads=False,
        )
        visit = _Visit(url, document, fetch)
        try:
            return await visit.look(context)
        finally:
            await context.close()


class _Visit:
    def __init__(self, url: str, document: Asset, fetch: Fetch) -> None:
        self.url, self.document, self.fetch = url, document, fetch
        self.assets = 0
        self.shown = False

    async def look(self, context: BrowserContext) -> Seen:
        await context.route("**/*", self._answer)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        page = await context.new_page()
        with contextlib.suppress(PlaywrightError):
            await page.goto(self.url, wait_until="load", timeout=LOAD_SECONDS * 1000)
        with contextlib.suppress(PlaywrightError):
            await page.wait_for_load_state("networkidle", timeout=SETTLE_SECONDS * 1000)
        html = await asyncio.wait_for(page.content(), LOAD_SECONDS)
        wide = await _picture(page, *WIDE)
        return Seen(html, wide, await _picture(page, *PHONE), self.assets)

    async def _answer(self, route: Route) -> None:
        asset = await self._asset(route)
        with contextlib.suppress(PlaywrightError):  # the page may be gone by now
            if asset is None:
                await route.abort("blockedbyclient")
            else:
                await route.fulfill(status=asset.status, content_type=asset.mime, body=asset.body)

    async def _asset(self, route: Route) -> Asset | None:
        request = route.request
        if request.is_navigation_request():
            # The page itself, once; where its scripts would go next is not where we were asked to go.
            first, self.shown = not self.shown, True
            return self.document if first else None
        if request.method != "GET" or self.assets >= ASSETS_PER_VISIT:
            return None
        self.assets += 1
        try:
            return await self.fetch(request.url, request.resource_type)
        except Exception:
            return None


async def _picture(page: Page, width: int, height: int) -> bytes:
    await page.set_viewport_size({"width": width, "height": height})
    tall = await page.evaluate("document.documentElement.scrollHeight")
    return await page.screenshot(
        full_page=True,
        animations="disabled",
        clip={"x": 0, "y": 0, "width": width, "height": min(max(int(tall), height), TALLEST)},
    )
