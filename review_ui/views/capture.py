"""One archived record: what it is, whether its bytes are still those captured, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from evidence_store import Capture
from review_ui.desk import Case, Source
from review_ui.evidence_cards import Marked, live_url, mark
from review_ui.rendering import desk_of, renderer_of


@dataclass(frozen=True, slots=True)
class CapturePage:
    case: Case
    capture: Capture
    source: Source
    text: Marked
    quote: str
    frame_url: str
    text_url: str
    headers_url: str
    download_url: str
    live_url: str


def show(request: Request) -> Response:
    desk = desk_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    record_id = request.path_params["record_id"]
    capture = desk.capture(case.assessment.id, record_id)
    source = desk.verify(record_id)
    quote = request.query_params.get("quote", "")
    links = desk.links
    page = CapturePage(
        case=case,
        capture=capture,
        source=source,
        text=mark(source.text, quote),
        quote=quote,
        frame_url=links.url(record_id, "page", quote=quote) if source.is_html else "",
        text_url=links.url(record_id, "text"),
        headers_url=links.url(record_id, "headers"),
        download_url=links.url(record_id, "raw"),
        live_url=live_url(source.url, quote),
    )
    return renderer_of(request).page(request, "capture.html", page)
