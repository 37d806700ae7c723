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
from evidence_store import Capture, NotFound, Record, Store
from review_ui.custody import Custodian, Custody
from review_ui.errors import Refused
from review_ui.evidence_links import MAX_QUOTE, URN, VIEWS, sign
from review_ui.png import is_picture
from review_ui.safe_page import safe_page

MAX_HEADER_LINES = 500
PICTURES = ("screenshot", "phone")


@dataclass(frozen=True, slots=True)
class Archived:
    capture: Capture
    record: Record
    quote: str
    member: bytes = b""


def create_evidence_app(
    store: Store, *, ui_origin: str, key: bytes, custodian: Custodian | None = None
) -> Starlette:
    custodian = custodian or Custodian(store)

    def show(request: Request) -> Response:
        view, uuid = request.path_params["view"], request.path_params["uuid"]
        quote = request.query_params.get("quote", "")
        expected = sign(key, URN + uuid, view, quote)
        if view not in VIEWS or not hmac.compare_digest(expected, request.path_params["signature"]):
            return _plain(
                "This address was not made by this start of the tool. Open it from the question.", 403
            )
        return _guarded(_answer(custodian, view, URN + uuid, quote[:MAX_QUOTE]), ui_origin)

    def missing(request: Request, error: Exception) -> Response:
        return _plain("Nothing is kept at this address. Open archived pages from the question.", 404)

    routes = [Route("/{signature}/{view}/{uuid}", show, methods=["GET"])]
    return Starlette(routes=routes, exception_handlers={404: missing, 405: missing})


def _answer(custodian: Custodian, view: str, record_id: str, quote: str) -> Response:
    try:
        capture = custodian.store.capture(record_id)
        record, _ = custodian.read(capture)
        member = custodian.member(capture) if view == "record" else b""
    except NotFound:
        return _plain("This capture is not in the workspace.", 404)
    except Refused as refused:
        return _refused(refused.custody)
    return VIEW[view](Archived(capture, record, quote, member))


def _refused(custody: Custody) -> Response:
    if said := custody.redaction:
        return _plain(f"Taken out of the archive by {said.by} at {said.at}: {said.reason}", 403)
    return _plain(
        "Refused: the stored bytes no longer match what was captured and sealed. "
        "The archive was changed or damaged; restore it from a copy.",
        409,
    )


def _page(archived: Archived) -> Response:
    page = Page(archived.capture, archived.record)
    if not page.is_html:
        return _plain(
            "This capture is no HTML page, so it is not shown here. See its text, or download the original.",
            415,
        )
    language = page.declared_language or page.language or ""
    return Response(safe_page(page.source, quote=archived.quote, language=language), media_type="text/html")


def _picture(archived: Archived) -> Response:
    if archived.capture.kind not in PICTURES or not is_picture(archived.record.body):
        return _plain("This record is no picture that can be shown. Download the original.", 415)
    return Response(archived.record.body, media_type="image/png")


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
    return _download(archived, archived.record.body, "bin")


def _member(archived: Archived) -> Response:
    """The record as it stands in its file: other tools read it, and its leaf can be computed by hand."""
    return _download(archived, archived.member, "warc.gz")


def _download(archived: Archived, data: bytes, suffix: str) -> Response:
    name = archived.capture.digest.rpartition(":")[2][:16] or "capture"
    return Response(
        data,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}.{suffix}"'},
    )


VIEW: Mapping[str, Callable[[Archived], Response]] = {
    "page": _page,
    "picture": _picture,
    "text": _text,
    "headers": _headers,
    "raw": _raw,
    "record": _member,
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
            "Cache-Control": "no-store",  # each showing is a reading, and each reading is verified
        }
    )
    return response
