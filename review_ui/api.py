"""Read-only JSON for dashboards; its OpenAPI document is at /api/openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from review_ui.rendering import desk_of, person_of
from review_ui.standing import outcomes, standing
from review_ui.views.export import document_for

router = APIRouter(prefix="/api", tags=["results"])


class RoundOut(BaseModel):
    id: str
    edition: str
    edition_digest: str
    rules_digest: str
    protocol: str
    opened: datetime
    closed: datetime | None


class ScoreOut(BaseModel):
    """`value` is null while a question is open; until then it lies between `low` and `high`."""

    low: str
    high: str
    value: str | None
    level: str | None
    yes: int
    no: int
    open: int
    of: int


class CityOut(BaseModel):
    id: str
    name: str
    country: str
    languages: list[str]
    portal_url: str
    score: ScoreOut


@router.get("/rounds")
def rounds(request: Request) -> list[RoundOut]:
    return [RoundOut.model_validate(row, from_attributes=True) for row in desk_of(request).store.rounds()]


@router.get("/rounds/{round_id}/cities")
def cities(request: Request, round_id: str) -> list[CityOut]:
    """With the score of the person asking."""
    desk, person = desk_of(request), person_of(request)
    edition = desk.edition(desk.round(round_id))
    found = []
    for assessment in desk.store.assessments(round_id):
        city = desk.store.city(assessment.city_id)
        stands = standing(edition, outcomes(desk.current_answers(assessment.id, person)))
        score = ScoreOut.model_validate(stands.as_results())
        found.append(
            CityOut(
                id=city.id,
                name=city.name,
                country=city.country,
                languages=list(city.languages),
                portal_url=city.portal_url,
                score=score,
            )
        )
    return found


@router.get("/rounds/{round_id}/results")
def round_results(request: Request, round_id: str) -> dict[str, Any]:
    """The losi-results/1 document of the round; in a round that reserves its verdicts, without them."""
    desk = desk_of(request)
    return document_for(desk, person_of(request), desk.round(round_id).id)


@router.get("/rounds/{round_id}/cities/{city_id}/results")
def city_results(request: Request, round_id: str, city_id: str) -> dict[str, Any]:
    desk = desk_of(request)
    case = desk.case(round_id, city_id)
    return document_for(desk, person_of(request), case.round.id, [case.city.id])
