"""The home as a visitor's browser shows it: document and pictures kept as evidence, its links offered like any other.

One visit is one turn of the host: its sub-resources are asked for one after the other, and the delay follows the last.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from checks import Page
from crawler import address
from crawler.browser import Asset, Seen, Session
from crawler.errors import ForbiddenTarget
from crawler.identity import user_agent
from evidence_store import Capture, Exchange

if TYPE_CHECKING:
    from crawler.spiders.portal import PortalSpider

BROWSER = "browser"
HTML = "text/html; charset=utf-8"


def urn(url: str) -> str:
    return f"urn:losi:dom:{url}"


async def show(spider: "PortalSpider", path: str | None, page: Page, capture: Capture) -> Exchange | None:
    """Visits a page that is stored; returns its rendered document, None where the browser gave up."""
    domain = address.site(page.url)
    await spider.turns.take(domain)
    try:
        async with Session(path, user_agent(spider.identity)) as session:
            seen = await session.visit(
                page.url, Asset(200, HTML, page.source.encode()), _fetching(spider, domain)
            )
    except (PlaywrightError, TimeoutError):
        return None
    finally:
        await spider.guard.leave(page.url, domain, None)
    document, *pictures = _exchanges(page.url, seen, capture)
    for picture in pictures:
        await spider.keep(picture)
    return document


def _fetching(spider: "PortalSpider", domain: str):  # type: ignore[no-untyped-def]
    async def fetch(url: str, kind: str) -> Asset:
        if address.site(url) != domain:
            raise ForbiddenTarget(url, "scope")
        answer = await spider.fetcher.fetch(url, kind="asset", requested_by=BROWSER)
        if answer.capture is None or answer.record is None:
            raise ForbiddenTarget(url, "error")
        asset = Page(answer.capture, answer.record)
        return Asset(answer.status or 502, answer.header("content-type") or asset.mime, asset.body)

    return fetch


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
