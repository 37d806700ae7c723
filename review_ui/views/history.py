"""How one answer came about: every statement about a question in its order, on one page."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from checks import Indicator
from review_ui.desk import Case
from review_ui.protocol import advice_for, is_judged
from review_ui.rendering import desk_of, person_of, renderer_of
from review_ui.standing import outcomes
from review_ui.timeline import Event, timeline
from review_ui.views.question import indicator_of


@dataclass(frozen=True, slots=True)
class HistoryPage:
    case: Case
    indicator: Indicator
    events: tuple[Event, ...]
    verdicts: bool  # whether what the rules said may be seen here
    blind: bool  # whether others' answers are kept from this person for now


def show(request: Request) -> Response:
    desk, person = desk_of(request), person_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    indicator = indicator_of(case, request.path_params["code"])
    given = outcomes(desk.current_answers(case.assessment.id, person))
    advice = advice_for(case.round, person)
    rows = desk.answers(case.assessment.id, person)
    own = any(row.asserted_by == person.name for row in rows)
    judged = is_judged(desk.store, case, person, has_answered=own)
    blind = case.round.protocol == "double" and not judged
    verdicts = advice == "before" or judged or (advice == "after" and indicator.code in given)
    page = HistoryPage(
        case=case,
        indicator=indicator,
        events=timeline(desk, case, indicator, rows, verdicts=verdicts, blind=blind),
        verdicts=verdicts,
        blind=blind,
    )
    return renderer_of(request).page(request, "history.html", page)
