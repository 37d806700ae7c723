"""Archived pages, read-only, on another host name than the interface: no cookie is read or set here.

Another port would share the interface's cookies (RFC 6265 8.5), another host name does not. A page is
framed only by the interface, in an opaque origin, without script, network or navigation.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from checks import Page
from evidence_store import Capture, DigestMismatch, NotFound, Record, Store
from review_ui.evidence_links import MAX_QUOTE, URN, VIEWS, sign
from review_ui.safe_page import safe_page

MAX_HEADER_LINES = 500


@dataclass(frozen=True, slots=True)
class Archived:
    capture: Capture
    record: Record
    quote: str


def create_evidence_app(store: Store, *, ui_origin: str, key: bytes) -> Starlette:
    def show(request: Request) -> Response:
        view, uuid = request.path_params["view"], request.path_params["uuid"]
        quote = request.query_params.get("quote", "")
        expected = sign(key, URN + uuid, view, quote)
        if view not in VIEWS or not hmac.compare_digest(expected, request.path_params["signature"]):
            return _plain(
                "This address was not made by this start of the tool. Open it from the question.", 403
            )
        return _guarded(_answer(store, view, URN + uuid, quote[:MAX_QUOTE]), ui_origin)

    def missing(request: Request, error: Exception) -> Response:
        return _plain("Nothing is kept at this address. Open archived pages from the question.", 404)

    routes = [Route("/{signature}/{view}/{uuid}", show, methods=["GET"])]
    return Starlette(routes=routes, exception_handlers={404: missing, 405: missing})


def _answer(store: Store, view: str, record_id: str, quote: str) -> Response:
    try:
        capture = store.capture(record_id)
        archived = Archived(capture, store.read(capture), quote)
    except NotFound:
        return _plain("This capture is not in the workspace.", 404)
    except DigestMismatch:
        return _plain(
            "Refused: the stored bytes no longer match the digest taken when they were captured. "
            "The archive was changed or damaged; restore it from a copy.",
            409,
        )
    return VIEW[view](archived)


def _page(archived: Archived) -> Response:
    page = Page(archived.capture, archived.record)
    if not page.is_html:
        return _plain(
            "This capture is no HTML page, so it is not shown here. See its text, or download the original.",
            415,
        )
    language = page.declared_language or page.language or ""
    return Response(safe_page(page.source, quote=archived.quote, language=language), media_type="text/html")


def _text(archived: Archived) -> Response:
    page = Page(archived.capture, archived.record)
    return PlainTextResponse(page.text or page.source)


def _headers(archived: Archived) -> Response:
    record = archived.record
    lines = [f"{name}: {value}" for name, value in record.headers.items()]
    if record.http_status is not None:
        lines += ["", f"HTTP status {record.http_status}"]
        lines += [f"{name}: {value}" for name, value in record.http_headers[:MAX_HEADER_LINES]]
    return PlainTextResponse("\n".join(lines) + "\n")


def _raw(archived: Archived) -> Response:
    """Never rendered: an SVG or a PDF may carry script of its own."""
    name = archived.capture.digest.rpartition(":")[2][:16] or "capture"
    return Response(
        archived.record.body,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}.bin"'},
    )


VIEW: Mapping[str, Callable[[Archived], Response]] = {
    "page": _page,
    "text": _text,
    "headers": _headers,
    "raw": _raw,
}


def _plain(text: str, status: int) -> Response:
    return PlainTextResponse(text + "\n", status_code=status)


def _guarded(response: Response, ui_origin: str) -> Response:
    response.headers.update(
        {
            "Content-Security-Policy": (
                "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
                f"base-uri 'none'; frame-ancestors {ui_origin}"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(), fullscreen=(), payment=()",
            "X-DNS-Prefetch-Control": "off",
            "Cache-Control": "private, max-age=600",
        }
    )
    return response
