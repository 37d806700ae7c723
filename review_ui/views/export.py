"""Results of a round or of a city as JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from checks import results
from review_ui.auth import Person
from review_ui.desk import Case, Desk
from review_ui.exports import reserved, results_csv
from review_ui.protocol import advice_for
from review_ui.rendering import desk_of, person_of
from review_ui.standing import outcomes, standing


def round_json(request: Request) -> Response:
    desk, round_id = desk_of(request), request.path_params["round"]
    return _json(document_for(desk, person_of(request), desk.round(round_id).id), f"{round_id}.json")


def round_csv(request: Request) -> Response:
    desk, round_id = desk_of(request), request.path_params["round"]
    text = results_csv(round_id, document_for(desk, person_of(request), desk.round(round_id).id))
    # The byte order mark tells spreadsheets that the file is UTF-8.
    return _file("\ufeff" + text, "text/csv; charset=utf-8", f"{round_id}.csv")


def city_json(request: Request) -> Response:
    desk = desk_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    name = f"{case.round.id}-{case.city.id}.json"
    if desk.read_only and (packed := desk.packed_results(case.assessment.id)):
        return _file(packed, "application/json", name)
    return _json(document_for(desk, person_of(request), case.round.id, [case.city.id]), name)


def document_for(
    desk: Desk, person: Person, round_id: str, city_ids: Sequence[str] | None = None
) -> dict[str, Any]:
    """The results document, less the verdicts that this person may not see yet."""
    document: dict[str, Any] = results(desk.store, round_id, city_ids)
    advice = advice_for(desk.round(round_id), person)
    if advice == "before":
        return document
    cases = {city["id"]: desk.case(round_id, city["id"]) for city in document["cities"]}
    given = {id_: outcomes(_own_answers(desk, case, person)) for id_, case in cases.items()}
    return reserved(
        document,
        shown=lambda city_id, code: advice == "after" and code in given[city_id],
        score=lambda city_id: standing(cases[city_id].edition, given[city_id]).as_results(),
    )


def _own_answers(desk: Desk, case: Case, person: Person) -> Any:
    return desk.current_answers(case.assessment.id, person)


def _json(document: dict[str, Any], name: str) -> Response:
    return _file(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "application/json", name)


def _file(text: str | bytes, mime: str, name: str) -> Response:
    return Response(text, media_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})
