"""Somebody answered first, in another tab or window: both values are shown, one is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from checks import Indicator
from evidence_store import Answer
from review_ui.desk import Case
from review_ui.rendering import FRAGMENT_HEADER, renderer_of
from review_ui.views.forms import AnswerForm
from review_ui.views.question import Said, said


@dataclass(frozen=True, slots=True)
class ConflictPage:
    case: Case
    indicator: Indicator
    yours: AnswerForm
    stands: Said | None


def conflict(
    request: Request, case: Case, indicator: Indicator, form: AnswerForm, current: Answer | None
) -> Response:
    page = ConflictPage(case, indicator, form, said(current) if current else None)
    template = "_conflict.html" if FRAGMENT_HEADER in request.headers else "conflict.html"
    return renderer_of(request).page(request, template, page, status=409)
