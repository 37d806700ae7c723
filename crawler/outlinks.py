"""Where a page leads besides its links: other languages, frames, an address that it moves on to."""

import re
from collections.abc import Iterator

from checks import Page
from crawler import address
from crawler.frontier import Seed

REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)
ELEMENTS = "link[rel~=alternate][hreflang], meta[http-equiv=refresh i], frame[src], iframe[src]"


def outlinks(page: Page) -> Iterator[Seed]:
    for node in page.tree.css(ELEMENTS):
        if target := address.joined(page.base, _target(node.tag or "", node.attributes)):
            yield Seed(target, node.attributes.get("title") or "", "nav" if node.tag == "link" else "main")


def _target(tag: str, attributes: dict[str, str | None]) -> str:
    if tag == "meta":
        found = REFRESH.search(attributes.get("content") or "")
        return found.group(1) if found else ""
    return attributes.get("href" if tag == "link" else "src") or ""
