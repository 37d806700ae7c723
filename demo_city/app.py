import datetime as dt
import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from demo_city.city import City
from demo_city.templates import TEMPLATED, Press
from demo_city.traps import Session, Trap, facet_page, made_documents, month_page

KEPT = 4096  # printed answers remembered per host
SMALL = 500  # bytes below which nothing is compressed
TEXTS = ("text/", "application/xml", "application/json", "image/svg")
TYPES = {
    ".csv": "text/csv",
    ".ics": "text/calendar",
    ".geojson": "application/geo+json",
    ".xml": "application/xml",
}


class Site:
    """One host of a city, as an ASGI application."""

    def __init__(
        self, city: City, host: str, origins: Mapping[str, str], *, today: dt.date, notes: bool = False
    ) -> None:
        self.city, self.flags = city, city.flags
        self.press = Press(city, host, origins, today=today, notes=notes)
        self.language = city.languages[0]
        self.session = Session.read(self.flags.get("session")) if host == "main" else None
        self.mirror: Mapping[str, str] = self.flags.get("mirror", {}) if host == "main" else {}
        self.redirects: Mapping[str, str] = self.flags.get("redirects", {}) if host == "main" else {}
        self.traps = {key: self.flags.get(key) for key in ("calendar", "facets")} if host == "main" else {}
        self.kept: dict[tuple[Any, ...], Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        await self.respond(request)(scope, receive, send)

    def respond(self, request: Request) -> Response:
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        key = (request.method, request.url.path, scope_query(request), zipped)
        if key not in self.kept:
            if len(self.kept) >= KEPT:
                self.kept.clear()
            self.kept[key] = self.made(request, zipped)
        kept = self.kept[key]
        fresh = request.headers.get("if-none-match")
        if fresh and fresh == kept.headers.get("etag"):
            return Response(status_code=304, headers={"etag": fresh})
        return kept

    def made(self, request: Request, zipped: bool) -> Response:
        answer = self.answer(request.url.path, dict(request.query_params), sent=request.method == "POST")
        body = bytes(answer.body)
        if zipped and len(body) > SMALL and answer.headers.get("content-type", "").startswith(TEXTS):
            answer.body = gzip.compress(body, 6, mtime=0)
            answer.headers["content-encoding"] = "gzip"
            answer.headers["content-length"] = str(len(answer.body))
            answer.headers["vary"] = "Accept-Encoding"
        return answer

    def answer(self, path: str, query: dict[str, str], *, sent: bool = False) -> Response:
        given = query.pop(self.session.name, None) if self.session else None
        if path in self.redirects:
            return RedirectResponse(self.redirects[path], 302)
        where = self.mirror.get(path, path)
        trap = self.trap(where, query)
        if trap:
            return self.html(self.press.layout(trap.layout, where, query, **trap.words), where, given)
        if where in self.press.html:
            return self.html(self.press.page(where, query, sent=sent), where, given)
        if where in self.press.files:
            return self.file(self.press.files[where], where, query)
        return self.elsewhere(where, given)

    def trap(self, where: str, query: Mapping[str, str]) -> Trap | None:
        calendar, facets = self.traps.get("calendar"), self.traps.get("facets")
        if calendar and (where == calendar or where.startswith(calendar + "/")):
            return month_page(where, calendar, query, self.press.today, self.language)
        if facets and where == facets:
            return facet_page(facets, query, self.documents(), self.language)
        return None

    def documents(self) -> list[dict[str, str]]:
        return list(self.city.data.get("documents") or made_documents(self.press.today, self.language))

    def html(self, text: str, where: str, given: str | None, status: int = 200) -> Response:
        if self.session:
            text = self.session.mark(text, where, given)
        charset = self.flags.get("page_charset", {}).get(where, "utf-8")
        kind = "text/html" if self.flags.get("charset") == "no" else f"text/html; charset={charset}"
        body = text.encode(charset, "xmlcharrefreplace")
        answer = Response(body, status, {"cache-control": "private, no-cache"})
        answer.headers["content-type"] = kind
        return answer

    def file(self, path: Path, where: str, query: Mapping[str, str]) -> Response:
        body = self.press.page(where, query).encode() if path.suffix in TEMPLATED else path.read_bytes()
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        answer = Response(body)
        answer.headers["content-type"] = f"{kind}; charset=utf-8" if kind.startswith(TEXTS) else kind
        answer.headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        answer.headers["last-modified"] = formatdate(path.stat().st_mtime, usegmt=True)
        return answer

    def elsewhere(self, where: str, given: str | None) -> Response:
        """The other spelling of a page's address, or the page for what does not exist."""
        other = where.rstrip("/") if where.endswith("/") else where + "/"
        if other in self.press.html:
            return RedirectResponse(other, 301)
        soft = self.flags.get("soft_404", "no")
        if soft == "home":
            return RedirectResponse("/", 302)
        return self.html(
            self.press.layout("missing.html", where), where, given, 200 if soft == "yes" else 404
        )


def scope_query(request: Request) -> str:
    return bytes(request.scope["query_string"]).decode("latin-1")
