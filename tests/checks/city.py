"""A small stored city, made without a crawler: what the check reads is what a crawl leaves behind."""

# ruff: noqa: E501 - markup is easier to read on one line

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.edition import edition_text
from checks.rulebook import rules_text
from evidence_store import City, Exchange, Store

PORTAL = "https://city.example/"
TIME = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
MENU = '<header><nav><a href="/">Home</a> <a href="/privacy">Privacy policy</a> <a href="/gone">Budget</a></nav></header>'


def html(title: str, main: str) -> bytes:
    whole = f"{HEAD}<title>{title} | City of Example</title></head><body>{MENU}<main><h1>{title}</h1>{main}</main></body></html>"
    return whole.encode()


PAGES: dict[str, bytes] = {
    "": html("City of Example", '<p>Welcome to the official portal.</p><form role="search" action="/s"><input type="search" name="q"><button>Search</button></form>'),
    "privacy": html(
        "Privacy policy",
        "<p>We collect personal data for the purpose of giving services. You have the right of access to your data and "
        "the right to lodge a complaint. We keep the data for five years and do not share it with third parties.</p>"
        "<p>The legal basis is our public task. We protect the data with security measures, and only staff who need them "
        "can see them. You may ask us to correct or erase what we hold about you, or object to its use. Write to the data "
        "protection officer at the town hall with any question; an answer comes within one month.</p>",
    ),
    "contact": html("Contact us", '<address>1 Long Street, 10115 Example</address><p>Telephone <a href="tel:+493012345">030 12345</a>, <a href="mailto:a@city.example">a@city.example</a></p>'),
}  # fmt: skip


def exchange(
    path: str, body: bytes, *, status: int = 200, kind: str = "page", requested_by: str = "spider"
) -> Exchange:
    return Exchange(
        url=PORTAL + path,
        kind=kind,
        requested_by=requested_by,
        time=TIME,
        status=status,
        reason="OK",
        headers=(("Content-Type", "text/html"),),
        body=body,
    )


def trail(crawl_id: str, pages: int, stopped: str, skipped: Iterable[Mapping[str, str]]) -> Exchange:
    said: dict[str, Any] = {"schema": "losi-trail/1", "crawl": crawl_id, "portal": PORTAL, "stopped": stopped}
    said |= {"requests": pages, "pages": pages, "visited": [], "skipped": list(skipped), "soft_404": False}
    body = json.dumps(said, separators=(",", ":")).encode()
    uri = f"urn:losi:trail:{crawl_id}"
    return Exchange(
        type="resource",
        kind="trail",
        url=uri,
        requested_by="spider",
        time=TIME,
        mime="application/json",
        body=body,
    )


def make_city(
    folder: Path,
    exchanges: Iterable[Exchange] | None = None,
    *,
    stopped: str = "exhausted",
    skipped: Iterable[Mapping[str, str]] = (),
    edition: str | None = None,
    rules: str | None = None,
) -> Store:
    """An open store with round `r`, city `example`, and one finished crawl."""
    store = Store.open(folder)
    city = City(id="example", name="Example", country="DEU", languages=["en"], portal_url=PORTAL)
    store.add_cities([city])
    store.open_round(
        "r",
        edition="losi-2024",
        edition_text=edition or edition_text("losi-2024"),
        rules_text=rules or rules_text(),
        city_ids=["example"],
    )
    crawl = store.plan_crawl("r/example", budget=400)
    lease = store.claim(crawl.id, worker="test")
    pages = (
        list(exchanges) if exchanges is not None else [exchange(path, body) for path, body in PAGES.items()]
    )
    for future in [
        store.record(lease, one) for one in [*pages, trail(crawl.id, len(pages), stopped, skipped)]
    ]:
        future.result()
    store.finish(lease, stopped=stopped, requests=len(pages))
    return store
