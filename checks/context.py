"""What a matcher knows besides the page: words, providers, the country, the portal and what links where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from checks.country import UNKNOWN, Country
from checks.fingerprint import Provider, ProviderIndex
from checks.hosts import host_of, site_of, under, without_fragment
from checks.lexicon import Lexicon
from checks.page import Link, Page

_SESSION = re.compile(
    r"(?:^|(?<=&))(?:sid|phpsessid|jsessionid|sessionid|session_id|utm_\w+|fbclid|gclid)=[^&]*&?", re.I
)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A stored link that leads to a page: its words, and the capture they stand in."""

    text: str
    record_id: str
    url: str


@dataclass(frozen=True)
class Context:
    lexicon: Lexicon
    providers: tuple[Provider, ...] = ()
    country: Country = UNKNOWN
    portal_url: str = ""
    city_name: str = ""
    languages: tuple[str, ...] = ()
    today: date = date(2026, 1, 1)
    official: frozenset[str] = frozenset()  # registrable domains of the city, besides the portal's
    inbound: Mapping[str, tuple[Inbound, ...]] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()  # addresses whose stored answer is an error, soft 404 or hollow page
    redirects: Mapping[str, str] = field(default_factory=dict)
    site_names: frozenset[str] = frozenset()  # parts of titles that stand on most pages
    boilerplate: frozenset[str] = frozenset()  # lines that stand on most pages
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)  # address → roles given from outside

    @cached_property
    def known_providers(self) -> ProviderIndex:
        return _index(self.providers)

    @cached_property
    def months(self) -> dict[str, int]:
        return self.lexicon.months()

    def is_own(self, url: str) -> bool:
        """The portal's site, or another of the city's own that was visited with it."""
        site = site_of(url)
        return site == site_of(self.portal_url) or site in self.official

    def is_official(self, url: str) -> bool:
        if self.is_own(url):
            return True
        host = host_of(url)
        return any(under(host, suffix) for suffix in self.country.government_suffixes)

    def is_service(self, url: str) -> bool:
        """Where cities hand over to: a known provider, a national service, another authority."""
        if self.is_own(url):
            return False
        topics = tuple(self.country.handoff_hosts)
        return bool(self.known_providers.at(url)) or self.takes_over(url, topics) or self.is_official(url)

    def takes_over(self, url: str, topics: Iterable[str]) -> bool:
        """The country's facts name the host for one of these matters."""
        host = host_of(url)
        named = (name for topic in topics for name in self.country.handoff_hosts.get(topic, ()))
        return any(under(host, name) for name in named)

    def is_home(self, url: str) -> bool:
        portal = page_key(self.portal_url)
        return bool(self.portal_url) and (
            page_key(url) == portal or page_key(url) == self.redirects.get(portal)
        )

    def is_dead(self, url: str) -> bool:
        key = page_key(url)
        return key in self.dead or self.redirects.get(key, "") in self.dead


def is_to_itself(link: Link, page: Page) -> bool:
    """A dead "#", or a page's link to itself: its words promise a page that is not there."""
    return link.href == "#" or page_key(link.url) == page_key(page.url)


@lru_cache(maxsize=8)
def _index(providers: tuple[Provider, ...]) -> ProviderIndex:
    return ProviderIndex(providers)


@lru_cache(maxsize=1 << 15)
def page_key(url: str) -> str:
    """The address a page is known by: no fragment, no session parameter, no index file."""
    url = without_fragment(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = _SESSION.sub("", parts.query).rstrip("&") if parts.query else ""
    path = parts.path or "/"
    folder, _, name = path.rpartition("/")
    if name.lower() in ("index.html", "index.htm", "index.php", "default.aspx", "index.jsp"):
        path = folder + "/"
    return f"{parts.scheme}://{parts.netloc.lower()}{path}" + (f"?{query}" if query else "")
