"""The first page: the rounds of this workspace."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from evidence_store import Round
from review_ui.rendering import desk_of, renderer_of


@dataclass(frozen=True, slots=True)
class RoundRow:
    round: Round
    edition: str
    cities: int
    path: str


@dataclass(frozen=True, slots=True)
class RoundsPage:
    rounds: tuple[RoundRow, ...]
    workspace: str


def show(request: Request) -> Response:
    desk = desk_of(request)
    rows = tuple(
        RoundRow(round_, desk.edition(round_).name, len(desk.store.assessments(round_.id)), f"/r/{round_.id}")
        for round_ in sorted(desk.store.rounds(), key=lambda r: r.opened, reverse=True)
    )
    return renderer_of(request).page(request, "rounds.html", RoundsPage(rows, str(desk.store.folder)))
