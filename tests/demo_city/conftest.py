import datetime as dt
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import lxml.html
import pytest
from starlette.requests import Request

from demo_city.app import Site
from demo_city.city import City, load_cities

TODAY = dt.date(2026, 11, 23)
CITIES = {city.id: city for city in load_cities()}


@dataclass(frozen=True, slots=True)
class Answer:
    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        zipped = self.headers.get("content-encoding") == "gzip"
        charset = self.headers.get("content-type", "").partition("charset=")[2] or "utf-8"
        return (gzip.decompress(self.content) if zipped else self.content).decode(charset)


class Portal:
    """The hosts of a city asked in memory, so that all pages can be read in a second."""

    def __init__(self, city: City, *, notes: bool = False) -> None:
        self.city = city
        self.origins = {host: f"http://{host}.test" for host in city.hosts}
        self.sites = {host: Site(city, host, self.origins, today=TODAY, notes=notes) for host in city.hosts}

    def get(self, url: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
        parts = urlsplit(url)
        named = {"host": parts.netloc} | (headers or {})
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(parts.path) or "/",
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        made = self.sites[parts.netloc.removesuffix(".test")].respond(Request(scope))
        return Answer(made.status_code, dict(made.headers), bytes(made.body))

    def own(self, url: str) -> bool:
        return any(url.startswith(origin + "/") for origin in self.origins.values())

    def exists(self, url: str) -> bool:
        """Not told by the status: a city may answer 200 for everything."""
        parts = urlsplit(url)
        site, where = self.sites[parts.netloc.removesuffix(".test")], unquote(parts.path) or "/"
        slashed = where.rstrip("/") if where.endswith("/") else where + "/"
        known = {*site.press.files, *site.mirror, *site.redirects}
        return where in known or slashed in site.press.html or site.trap(where, {}) is not None

    def address(self, where: str) -> str:
        """Of answers.yaml: `/pay` on main, `eservices:/pay` elsewhere."""
        host, path = ("main", where) if where.startswith("/") else where.split(":", 1)
        return self.origins[host] + path

    def urls(self) -> Iterator[str]:
        for host, site in self.sites.items():
            yield from (self.origins[host] + where for where in site.press.html)

    @cached_property
    def pages(self) -> dict[str, str]:
        return {url: self.get(url).text for url in self.urls()}

    def links(self, url: str) -> set[str]:
        tree = lxml.html.fromstring(self.pages[url])
        found = tree.xpath("//a/@href | //img/@src | //link/@href | //script/@src | //form/@action")
        return {urldefrag(urljoin(url, link.strip()))[0] for link in found}


@pytest.fixture(scope="session", params=CITIES)
def portal(request: pytest.FixtureRequest) -> Portal:
    return Portal(CITIES[request.param])


@pytest.fixture(scope="session")
def model() -> Portal:
    return Portal(CITIES["marsa-noor"])


@pytest.fixture(scope="session")
def noted() -> Portal:
    return Portal(CITIES["marsa-noor"], notes=True)
