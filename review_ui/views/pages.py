"""The archive of a city, searchable: what an assessor reads where no evidence is shown or none was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from review_ui.archive_search import Hit
from review_ui.desk import Case
from review_ui.evidence_cards import Marked
from review_ui.rendering import desk_of, renderer_of
from review_ui.views.paging import Paging, paginate

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class PageRow:
    title: str
    url: str
    time: Any
    kind: str
    excerpt: Marked | None
    capture_url: str


@dataclass(frozen=True, slots=True)
class PagesPage:
    case: Case
    query: str
    rows: Paging[PageRow]


def show(request: Request) -> Response:
    desk = desk_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    query = " ".join(request.query_params.get("q", "").split())[:200]
    found = paginate(request, desk.archive.search(case.assessment.id, query), PAGE_SIZE)
    rows = tuple(_row(case, hit) for hit in found.items)
    paging = Paging(rows, found.number, found.of, found.total, found.previous_url, found.next_url)
    return renderer_of(request).page(request, "pages.html", PagesPage(case, query, paging))


def _row(case: Case, hit: Hit) -> PageRow:
    target = f"{case.path}/c/{quote(hit.record_id)}"
    if hit.exact:
        target += "?" + urlencode({"quote": hit.exact})
    excerpt = Marked(hit.before, hit.exact, hit.after) if hit.exact else None
    return PageRow(hit.title, hit.url, hit.time, hit.kind, excerpt, target)
