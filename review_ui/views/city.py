"""A city: its questions as a task list, what was captured, and where its score stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from checks import Indicator
from review_ui.custody import Kept
from review_ui.desk import Case, Desk
from review_ui.protocol import advice_for, is_locked
from review_ui.rendering import desk_of, person_of, renderer_of
from review_ui.standing import Standing, Tally, in_order, next_open, outcomes, standing
from review_ui.views.question import Undo, latest_of


@dataclass(frozen=True, slots=True)
class Task:
    indicator: Indicator
    path: str
    outcome: str  # "" while open
    proposal: str  # "" when this person may not see it


@dataclass(frozen=True, slots=True)
class Section:
    tally: Tally
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """How the capture of the portal went."""

    pages: int
    failed: int
    stopped: str
    seconds: float
    requests: int
    skipped: tuple[tuple[str, int], ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CityPage:
    case: Case
    standing: Standing
    sections: tuple[Section, ...]
    health: Health | None
    facts: Mapping[str, tuple[tuple[str, str], ...]]
    next_open: str | None
    next_path: str
    undo: Undo | None
    saved: str
    saved_outcome: str
    locked: bool
    advice: str
    custody: Kept


def show(request: Request) -> Response:
    desk, person = desk_of(request), person_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    current = desk.current_answers(case.assessment.id, person)
    given = outcomes(current)
    advice = advice_for(case.round, person)
    following = next_open(in_order(case.edition), given)
    saved = request.query_params.get("saved", "")
    stands = standing(case.edition, given)
    page = CityPage(
        case=case,
        standing=stands,
        sections=_sections(desk, case, stands, given, advice),
        health=_health(desk, case),
        facts={name: _lines(value) for name, value in desk.facts(case.assessment.id).items()},
        next_open=following,
        next_path=f"{case.path}/{quote(following)}" if following else "",
        undo=latest_of(current),
        saved=saved if saved in given else "",
        saved_outcome=given.get(saved, ""),
        locked=is_locked(desk.store, case, person),
        advice=advice,
        custody=desk.custodian.tally(case.assessment.id),
    )
    return renderer_of(request).page(request, "city.html", page)


def _sections(
    desk: Desk, case: Case, stands: Standing, given: Mapping[str, str], advice: str
) -> tuple[Section, ...]:
    proposals = desk.proposals(case.assessment.id)
    sections = []
    for tally in stands.criteria:
        tasks = []
        for indicator in case.edition.indicators:
            if indicator.criterion != tally.code:
                continue
            proposal = proposals.of(indicator.code)
            answered = indicator.code in given
            visible = proposal and (advice == "before" or (advice == "after" and answered))
            tasks.append(
                Task(
                    indicator=indicator,
                    path=f"{case.path}/{quote(indicator.code)}",
                    outcome=given.get(indicator.code, ""),
                    proposal=proposal.outcome if proposal and visible else "",
                )
            )
        sections.append(Section(tally, tuple(tasks)))
    return tuple(sections)


def _health(desk: Desk, case: Case) -> Health | None:
    crawls = desk.store.crawls(case.assessment.id)
    if not crawls:
        return None
    pages, failed = desk.page_counts(case.assessment.id)
    trail = desk.trail(case.assessment.id)
    reasons = Counter(str(item.get("reason", "")) for item in trail.get("skipped", ()))
    return Health(
        pages=pages,
        failed=failed,
        stopped=str(trail.get("stopped") or next((c.stopped for c in reversed(crawls) if c.stopped), "")),
        seconds=round(sum(crawl.seconds for crawl in crawls), 1),
        requests=sum(crawl.requests or 0 for crawl in crawls),
        skipped=tuple(reasons.most_common()),
        languages=tuple(map(str, trail.get("languages") or case.city.languages)),
    )


def _lines(value: Any, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """A nested fact as (name, value) lines."""
    if isinstance(value, Mapping):
        nested = [_lines(item, f"{prefix} {key}".strip()) for key, item in value.items()]
        return tuple(line for lines in nested for line in lines)
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, Mapping) for item in value):
            nested = [_lines(item, f"{prefix} {place}".strip()) for place, item in enumerate(value, start=1)]
            return tuple(line for lines in nested for line in lines)
        return ((prefix, ", ".join(map(str, value)) or "–"),)
    words = {True: "yes", False: "no", None: "–"}
    return ((prefix, words[value] if value is None or isinstance(value, bool) else str(value)),)
