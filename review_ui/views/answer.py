"""What happens on a decision: it is saved, and the next question comes."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evidence_store import Answer, NewAnswer, NewEvidence, StaleAnswer
from review_ui.auth import Person
from review_ui.desk import Case, Desk
from review_ui.errors import InvalidAnswer
from review_ui.evidence_cards import SHOWN, cited
from review_ui.protocol import advice_for
from review_ui.rendering import FRAGMENT_HEADER, LOCATION_HEADER, desk_of, person_of
from review_ui.standing import WITHDRAWN, in_order, next_open, outcomes
from review_ui.views.conflict import conflict
from review_ui.views.forms import AnswerForm, parse_answer, posted
from review_ui.views.question import answered, indicator_of, question_page


async def decide(request: Request) -> Response:
    form = await posted(request)
    return await run_in_threadpool(_decide, request, form)


async def undo(request: Request) -> Response:
    form = await posted(request)
    return await run_in_threadpool(_undo, request, form)


def _decide(request: Request, fields: dict[str, str]) -> Response:
    desk, person = desk_of(request), person_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    code = request.path_params["code"]
    indicator = indicator_of(case, code)
    try:
        form = parse_answer(fields, indicator)
    except InvalidAnswer as fault:
        page = question_page(desk, case, code, person, note=fields.get("note", ""), fault=fault)
        return answered(request, page, status=422)
    new = _new_answer(desk, case, code, form, person)
    try:
        desk.store.answer(case.assessment.id, new, person.name, supersedes=form.supersedes)
    except StaleAnswer as stale:
        if not _is_repeat(stale.current, form):
            return conflict(request, case, indicator, form, stale.current)
    return _next(request, desk, case, code, person, form)


def _is_repeat(current: Answer | None, form: AnswerForm) -> bool:
    """A double click or a page sent twice says the same thing twice: nothing to ask about."""
    return (
        current is not None
        and current.outcome == form.outcome
        and str((current.info or {}).get("note", "")) == form.note
    )


def _new_answer(desk: Desk, case: Case, code: str, form: AnswerForm, person: Person) -> NewAnswer:
    """A Yes with our quotes on the screen relies on them and cites them; all else is the person's own."""
    advice = advice_for(case.round, person)
    proposals = desk.proposals(case.assessment.id)
    proposal = proposals.of(code)
    was_shown = advice in SHOWN and proposal is not None and form.finding == proposal.id
    quotes = (
        cited(indicator_of(case, code), proposal, proposals) if was_shown and form.outcome == "passed" else ()
    )
    info = {"note": form.note} if form.note else {}
    return NewAnswer(
        test=code,
        outcome=form.outcome,
        mode="semiAuto" if quotes else "manual",
        info={**info, "step": form.step} if form.is_second_thought else info,
        role=person.role,
        advice=advice,
        finding_id=proposal.id if was_shown and proposal else None,
        evidence=tuple(
            NewEvidence(
                capture_id=item.record_id,
                stance=item.stance,
                selector=item.selector,
                exact=item.exact,
                prefix=item.prefix,
                suffix=item.suffix,
                rule=item.rule,
                language=item.language,
            )
            for item in quotes
        ),
    )


def _next(request: Request, desk: Desk, case: Case, code: str, person: Person, form: AnswerForm) -> Response:
    proposal = desk.proposals(case.assessment.id).of(code)
    differs = (
        proposal is not None and proposal.outcome in ("passed", "failed") and proposal.outcome != form.outcome
    )
    if advice_for(case.round, person) == "after" and differs and not form.is_second_thought:
        return _go(request, f"{case.path}/{quote(code)}?compare=1", desk, case, person, code, compares=True)
    current = desk.current_answers(case.assessment.id, person)
    following = next_open(in_order(case.edition), outcomes(current), code)
    if following is None:
        return _go(request, f"{case.path}?saved={quote(code)}", desk, case, person)
    return _go(
        request,
        f"{case.path}/{quote(following)}?saved={quote(code)}",
        desk,
        case,
        person,
        following,
        saved=code,
    )


def _go(
    request: Request,
    path: str,
    desk: Desk,
    case: Case,
    person: Person,
    code: str = "",
    *,
    compares: bool = False,
    saved: str = "",
) -> Response:
    """A redirect; our own script gets the next question at once, and the address it belongs to."""
    if FRAGMENT_HEADER not in request.headers:
        return RedirectResponse(path, status_code=303)
    if not code:
        return Response(status_code=204, headers={LOCATION_HEADER: path})
    response = answered(request, question_page(desk, case, code, person, compares=compares, saved=saved))
    response.headers[LOCATION_HEADER] = path
    return response


def _undo(request: Request, fields: dict[str, str]) -> Response:
    """Nothing is deleted: a row that withdraws replaces the answer, and the question is open again."""
    desk, person = desk_of(request), person_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    code = request.path_params["code"]
    indicator_of(case, code)
    withdrawal = NewAnswer(
        test=code, outcome=WITHDRAWN, mode="manual", role=person.role, advice=advice_for(case.round, person)
    )
    supersedes = fields.get("supersedes") or None
    # Taken back or changed already, in another tab: the question shows what stands now.
    with contextlib.suppress(StaleAnswer):
        if supersedes is not None:
            desk.store.answer(case.assessment.id, withdrawal, person.name, supersedes=supersedes)
    return _go(request, f"{case.path}/{quote(code)}", desk, case, person, code)
