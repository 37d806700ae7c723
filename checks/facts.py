"""HTTPS of each host and plain accessibility markers of the home page: facts, not answers."""

from __future__ import annotations

import itertools
import json
from typing import Any

from checks.archive import newest_crawl
from checks.context import page_key
from checks.lexicon import Lexicon, load_lexicon
from checks.page import Page
from evidence_store import Capture, EvidenceStoreError, Store


def facts(store: Store, assessment_id: str) -> dict[str, Any]:
    """{"https": {origin: measured}, "accessibility": markers of the home page and counts of axe}."""
    crawl = newest_crawl(store, assessment_id)
    crawl_id = crawl.id if crawl is not None else None
    round_id, _, city_id = assessment_id.partition("/")
    city = store.city(store.assessment(round_id, city_id).city_id)
    captures = list(
        store.captures(assessment_id, kind=("page", "dom", "tls", "accessibility"), crawl_id=crawl_id)
    )
    pages = [
        capture for capture in captures if capture.kind in ("page", "dom") and capture.status in (None, 200)
    ]
    home = home_of(store, city.portal_url, [capture for capture in pages if capture.kind == "page"])
    https = dict(_https(store, [one for one in captures if one.kind == "tls"]))
    if home is not None and https:
        mixed = mixed_content(home)
        https = {origin: {**said, "mixed_content": mixed} for origin, said in https.items()}
    accessibility = markers(home, load_lexicon(city.languages)) if home is not None else {}
    accessibility |= _axe(store, [one for one in captures if one.kind == "accessibility"])
    return {"https": https, "accessibility": accessibility}


def home_of(store: Store, portal_url: str, pages: list[Capture]) -> Page | None:
    """The portal's own address, or, where it redirects, the first page that was stored."""
    named = [capture for capture in pages if page_key(capture.url) == page_key(portal_url)]
    for capture in named or pages[:1]:
        page = _page(store, capture)
        if page is not None and page.is_html:
            return page
    return None


def _page(store: Store, capture: Capture) -> Page | None:
    try:
        return Page(capture, store.read(capture))
    except EvidenceStoreError:
        return None


def _json(store: Store, capture: Capture) -> dict[str, Any]:
    page = _page(store, capture)
    try:
        data = json.loads(page.source) if page is not None else {}
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _https(store: Store, captures: list[Capture]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for capture in captures:
        data = _json(store, capture)
        origin = str(data.pop("origin", capture.url.removeprefix("urn:losi:tls:")))
        found.append((origin, {**data, "capture": capture.record_id}))
    return sorted(found, key=lambda pair: pair[0])


def mixed_content(page: Page) -> int:
    """Parts of an https page that are fetched by plain http."""
    if not page.url.startswith("https://"):
        return 0
    parts = page.tree.css(
        "img[src],script[src],iframe[src],video[src],audio[src],source[src],link[rel=stylesheet][href]"
    )
    return sum(
        1
        for node in parts
        if (node.attributes.get("src") or node.attributes.get("href") or "").lower().startswith("http://")
    )


def markers(page: Page, lexicon: Lexicon) -> dict[str, Any]:
    images = page.tree.css("img")
    without_alt = [node for node in images if "alt" not in node.attributes]
    fields = [one for form in page.forms for one in form.fields]
    levels = [passage.level for passage in page.headings]
    viewport = page.tree.css_first('meta[name="viewport" i]')
    return {
        "page": page.url,
        "capture": page.record_id,
        "lang": page.declared_language,
        "language_identified": page.language,
        "viewport": (viewport.attributes.get("content") or "") if viewport is not None else "",
        "images": len(images),
        "images_without_alt": len(without_alt),
        "fields": len(fields),
        "fields_without_label": sum(1 for one in fields if not one.label),
        "headings": levels,
        "h1": levels.count(1),
        "headings_skip_a_level": any(after > before + 1 for before, after in itertools.pairwise(levels)),
        "statement": _statement(page, lexicon),
    }


def _statement(page: Page, lexicon: Lexicon) -> str:
    """The address behind a link whose words speak of accessibility, or ""."""
    for link in page.links:
        hits = lexicon.scan(link.text)
        if any(hit.strong and hit.topic == "accessibility-statement" for hit in hits):
            return link.url
    return ""


def _axe(store: Store, captures: list[Capture]) -> dict[str, Any]:
    """Counts of axe's outcomes over the pages it ran on."""
    counts: dict[str, int] = {}
    for capture in captures:
        data = _json(store, capture)
        for name in ("violations", "incomplete", "passes"):
            if isinstance(data.get(name), list):
                counts[name] = counts.get(name, 0) + len(data[name])
    return {"axe": counts, "axe_pages": len(captures)} if captures else {}
