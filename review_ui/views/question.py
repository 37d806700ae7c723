"""The question screen: one question, its evidence, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from checks import Indicator, UnknownIndicator
from evidence_store import Answer
from review_ui.auth import Person
from review_ui.desk import Case, Desk, Proposal
from review_ui.errors import InvalidAnswer, NoSuchPage
from review_ui.evidence_cards import SHOWN, Card, Viewer, evidence_of, make_cards, make_viewer
from review_ui.protocol import advice_for, is_locked
from review_ui.rendering import FRAGMENT_HEADER, desk_of, person_of, renderer_of
from review_ui.standing import WITHDRAWN, Standing, in_order, outcomes, standing
from review_ui.views.paging import whole_number


@dataclass(frozen=True, slots=True)
class Said:
    """One row of the history of a question: what was said, by whom, when."""

    id: str
    outcome: str
    by: str
    at: Any
    mode: str
    note: str
    advice: str
    quotes: int


@dataclass(frozen=True, slots=True)
class Undo:
    """The person's latest answer in this city, which can be taken back."""

    code: str
    outcome: str
    answer_id: str


@dataclass(frozen=True, slots=True)
class Searched:
    pages: int
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    terms: tuple[str, ...]
    not_visited: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the question stands among the others."""

    number: int
    of: int
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    case: Case
    indicator: Indicator
    criterion: str
    place: Place
    standing: Standing
    advice: str
    proposal: Proposal | None
    shows_evidence: bool
    shows_verdict: bool
    compares: bool
    cards: tuple[Card, ...]
    searched: Searched | None
    viewer: Viewer | None
    answer: Said | None
    supersedes: str  # the row the next answer replaces, a withdrawn one too
    history: tuple[Said, ...]
    undo: Undo | None
    saved: str
    saved_outcome: str
    locked: bool
    note: str
    fault: InvalidAnswer | None


def show(request: Request) -> Response:
    desk, person = desk_of(request), person_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    query = request.query_params
    page = question_page(
        desk,
        case,
        request.path_params["code"],
        person,
        card=whole_number(query.get("e", "")),
        view=query.get("view", "page"),
        compares=query.get("compare") == "1",
        saved=query.get("saved", ""),
    )
    return answered(request, page)


def answered(request: Request, page: QuestionPage, status: int = 200) -> Response:
    """The whole page, or for our own script only its main part, with the address it belongs to."""
    renderer = renderer_of(request)
    template = "_question.html" if FRAGMENT_HEADER in request.headers else "question.html"
    return renderer.page(request, template, page, status=status)


def question_page(
    desk: Desk,
    case: Case,
    code: str,
    person: Person,
    *,
    card: int = 1,
    view: str = "page",
    compares: bool = False,
    saved: str = "",
    note: str | None = None,
    fault: InvalidAnswer | None = None,
) -> QuestionPage:
    indicator = indicator_of(case, code)
    rows = desk.answers(case.assessment.id, person)
    current = desk.current_answers(case.assessment.id, person)
    given = outcomes(current)
    answer = said(current[code]) if code in given else None
    advice = advice_for(case.round, person)
    proposal = desk.proposals(case.assessment.id).of(code)
    shows_verdict = proposal is not None and advice in ({"before", "after"} if answer else {"before"})
    cards = _cards(desk, case, indicator, card) if advice in SHOWN else ()
    chosen = next((one for one in cards if one.chosen), None)
    return QuestionPage(
        case=case,
        indicator=indicator,
        criterion=next((c.name for c in case.edition.criteria if c.code == indicator.criterion), ""),
        place=_place(case, indicator),
        standing=standing(case.edition, given),
        advice=advice,
        proposal=proposal,
        shows_evidence=advice in SHOWN,
        shows_verdict=shows_verdict,
        compares=compares and shows_verdict and advice == "after",
        cards=cards,
        searched=_searched(proposal) if advice in SHOWN else None,
        viewer=make_viewer(desk, case, code, chosen, view) if chosen else None,
        answer=answer,
        supersedes=str(current[code].id) if code in current else "",
        history=tuple(said(row) for row in reversed(rows) if row.test == code),
        undo=latest_of(current),
        saved=saved if saved in given else "",
        saved_outcome=given.get(saved, ""),
        locked=is_locked(desk.store, case, person),
        note=note if note is not None else answer.note if answer else "",
        fault=fault,
    )


def _place(case: Case, indicator: Indicator) -> Place:
    codes = [one.code for one in in_order(case.edition)]
    at = codes.index(indicator.code)
    return Place(
        number=at + 1,
        of=len(codes),
        previous=codes[at - 1] if at else None,
        next=codes[at + 1] if at + 1 < len(codes) else None,
    )


def _cards(desk: Desk, case: Case, indicator: Indicator, asked: int) -> tuple[Card, ...]:
    """With exactly one of them chosen, the nearest to the number asked for."""
    items = evidence_of(indicator, desk.proposals(case.assessment.id))
    # The trail is told as "what was searched", not as a quote.
    shown = [item for item in items if desk.source(item.record_id).kind != "trail"]
    return make_cards(desk, case, indicator.code, shown, min(max(asked, 1), len(shown)))


def indicator_of(case: Case, code: str) -> Indicator:
    try:
        return case.edition.indicator(code)
    except UnknownIndicator as error:
        raise NoSuchPage(f"question {code} of {case.edition.id}") from error


def said(row: Answer) -> Said:
    info: Mapping[str, Any] = row.info or {}
    return Said(
        id=str(row.id),
        outcome=row.outcome,
        by=row.asserted_by,
        at=row.date,
        mode=row.mode,
        note=str(info.get("note", "")),
        advice=row.advice,
        quotes=len(row.evidence),
    )


def latest_of(current: Mapping[str, Answer]) -> Undo | None:
    standing_rows = [row for row in current.values() if row.outcome != WITHDRAWN]
    row = max(standing_rows, key=lambda row: (row.date, row.id), default=None)
    return Undo(row.test, row.outcome, str(row.id)) if row else None


def _searched(proposal: Proposal | None) -> Searched | None:
    found = (proposal.info.get("searched") if proposal else None) or None
    if not isinstance(found, Mapping):
        return None
    skipped = found.get("not_visited") or {}
    return Searched(
        pages=int(found.get("pages") or 0),
        roles=tuple(map(str, found.get("roles") or ())),
        languages=tuple(map(str, found.get("languages") or ())),
        terms=tuple(map(str, found.get("terms") or ())),
        not_visited=tuple(sorted(((str(k), int(v)) for k, v in skipped.items()), key=lambda kv: -kv[1])),
    )
