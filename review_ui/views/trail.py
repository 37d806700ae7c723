"""Every page visited, and every page not visited with its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from review_ui.desk import Case
from review_ui.rendering import desk_of, renderer_of
from review_ui.views.paging import Paging, paginate

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Visit:
    url: str
    status: str
    reason: str
    found_on: str
    text: str
    capture_url: str


@dataclass(frozen=True, slots=True)
class TrailPage:
    case: Case
    view: str  # visited | skipped
    reason: str
    reasons: tuple[tuple[str, int], ...]
    visited: int
    skipped: int
    stopped: str
    rows: Paging[Visit]


def show(request: Request) -> Response:
    desk = desk_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    trail = desk.trail(case.assessment.id)
    visited, skipped = list(trail.get("visited", ())), list(trail.get("skipped", ()))
    reason = request.query_params.get("reason", "")
    view = "skipped" if reason or request.query_params.get("show") == "skipped" else "visited"
    chosen = (
        [item for item in skipped if reason in ("", item.get("reason"))] if view == "skipped" else visited
    )
    found = paginate(request, chosen, PAGE_SIZE)
    rows = tuple(_visit(case, item) for item in found.items)
    page = TrailPage(
        case=case,
        view=view,
        reason=reason,
        reasons=tuple(Counter(str(item.get("reason", "")) for item in skipped).most_common()),
        visited=len(visited),
        skipped=len(skipped),
        stopped=str(trail.get("stopped") or ""),
        rows=Paging(rows, found.number, found.of, found.total, found.previous_url, found.next_url),
    )
    return renderer_of(request).page(request, "trail.html", page)


def _visit(case: Case, item: dict[str, object]) -> Visit:
    record_id = str(item.get("record_id") or "")
    return Visit(
        url=str(item.get("url") or ""),
        status=str(item.get("status") or ""),
        reason=str(item.get("reason") or ""),
        found_on=str(item.get("found_on") or ""),
        text=str(item.get("text") or ""),
        capture_url=f"{case.path}/c/{quote(record_id)}" if record_id else "",
    )
