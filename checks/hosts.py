"""Hosts are compared by registrable domain and label boundary, never as substrings."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import tldextract

_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)


@lru_cache(maxsize=65536)
def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


@lru_cache(maxsize=65536)
def authority_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    return host if port in (None, usual) else f"{host}:{port}"


@lru_cache(maxsize=16384)
def site_of(url: str) -> str:
    """The registrable domain; for addresses and names without one, host and port."""
    host = host_of(url)
    found = _EXTRACT(host)
    if _is_address(host) or not found.suffix or not found.domain:
        return authority_of(url)
    return f"{found.domain}.{found.suffix}".lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def under(host: str, domain: str) -> bool:
    """Whether host is the domain or stands under it, label by label."""
    return host == domain or host.endswith("." + domain)


def is_public_suffix(host: str) -> bool:
    found = _EXTRACT(host)
    return bool(found.suffix) and not found.domain


def without_fragment(url: str) -> str:
    return url.partition("#")[0]


class Resolver:
    """Makes links absolute; `urljoin` is slow, and most links need none of it."""

    def __init__(self, base: str) -> None:
        self.base = base
        head, slashes, rest = base.partition("://")
        authority = rest.partition("?")[0].partition("#")[0]
        self.origin = head + slashes + authority.partition("/")[0]
        self.folder = (
            head + slashes + authority.rpartition("/")[0] + "/" if "/" in authority else self.origin + "/"
        )
        self.scheme = head

    def resolve(self, href: str) -> str:
        """The absolute address, or "" for what is none."""
        href = href.strip()
        if "\n" in href or "\t" in href or "\r" in href:  # as browsers do
            href = href.replace("\n", "").replace("\t", "").replace("\r", "")
        if href.startswith(("https://", "http://")) and "/." not in href:
            return href
        if href.startswith("/") and not href.startswith("//") and "/." not in href:
            return self.origin + href
        return self._slowly(href)

    def _slowly(self, href: str) -> str:
        plain = href[:1].isalnum() and ":" not in href and "/." not in href and "./" not in href
        if plain:
            return self.folder + href
        try:
            return urljoin(self.base, href)
        except ValueError:
            return ""
