"""Addresses from a sitemap, however broken: XML, plain text, gzip, or an index of more sitemaps."""

import re
import zlib
from dataclasses import dataclass

from bs4 import BeautifulSoup

from crawler import address

MAX_FILES = 5
MAX_URLS = 5_000
MAX_BYTES = 10 * 1024 * 1024
PLAIN = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class Sitemap:
    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def unpacked(body: bytes) -> bytes:
    """At most MAX_BYTES of what a gzip stream holds, however it ends; anything else as it is."""
    if body[:2] != b"\x1f\x8b":
        return body[:MAX_BYTES]
    try:
        return zlib.decompressobj(wbits=47).decompress(body, MAX_BYTES)
    except zlib.error:
        return b""


def parse(body: bytes, url: str) -> Sitemap:
    # Twice: a .xml.gz may be sent with Content-Encoding gzip as well.
    text = unpacked(unpacked(body))
    if b"<" not in text[:1000]:
        found = PLAIN.findall(text.decode("utf-8", "replace"))
        return Sitemap(pages=_addresses(found, url))
    soup = BeautifulSoup(text, "lxml-xml")
    pages = [tag.get_text(strip=True) for tag in soup.select("url > loc")]
    more = [tag.get_text(strip=True) for tag in soup.select("sitemap > loc")]
    if not pages and not more:
        pages = [tag.get_text(strip=True) for tag in soup.find_all("loc")]
    return Sitemap(_addresses(pages, url), _addresses(more, url))


def _addresses(found: list[str], url: str) -> tuple[str, ...]:
    whole = (address.joined(url, one) for one in found[:MAX_URLS])
    return tuple(dict.fromkeys(one for one in whole if address.parts(one)))
