"""A round: its cities, how far each is, and between which values its score lies."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from evidence_store import City, Round
from review_ui.auth import Person
from review_ui.desk import Case, Desk
from review_ui.protocol import is_locked, stage
from review_ui.rendering import desk_of, person_of, renderer_of
from review_ui.standing import Standing, outcomes, standing
from review_ui.views.paging import Paging, paginate

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class CityRow:
    city: City
    path: str
    stage: str
    stopped: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class RoundPage:
    round: Round
    edition: str
    cities: Paging[CityRow]
    query: str


def show(request: Request) -> Response:
    desk, person = desk_of(request), person_of(request)
    round_ = desk.round(request.path_params["round"])
    edition = desk.edition(round_)
    cities = {city.id: city for city in desk.store.cities()}
    query = request.query_params.get("q", "").strip()
    cases = [
        Case(round_, cities[assessment.city_id], assessment, edition)
        for assessment in desk.store.assessments(round_.id)
        if query.casefold() in cities[assessment.city_id].name.casefold()
    ]
    found = paginate(request, cases, PAGE_SIZE)
    rows = tuple(_row(desk, case, person) for case in found.items)
    paging = Paging(rows, found.number, found.of, found.total, found.previous_url, found.next_url)
    return renderer_of(request).page(request, "round.html", RoundPage(round_, edition.name, paging, query))


def _row(desk: Desk, case: Case, person: Person) -> CityRow:
    id_ = case.assessment.id
    given = outcomes(desk.current_answers(id_, person))
    stands = standing(case.edition, given)
    crawls = desk.store.crawls(id_)
    place = stage(
        crawls,
        checked=desk.store.latest_run(id_) is not None,
        locked=is_locked(desk.store, case, person),
        answered=stands.total.answered,
        unanswered=stands.total.unanswered,
    )
    stopped = next((crawl.stopped for crawl in reversed(crawls) if crawl.stopped), "") or ""
    return CityRow(case.city, case.path, place, stopped, stands)
