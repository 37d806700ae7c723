"""Every error page: what happened, and what to do, in one shape."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from review_ui.gate import Refusal
from review_ui.rendering import renderer_of


@dataclass(frozen=True, slots=True)
class ErrorPage:
    status: int
    reason: str  # host | token | cross-site | read-only | missing | locked | refused | method
    detail: str


def refuse(request: Request, refusal: Refusal) -> Response:
    return error_page(request, refusal.status, refusal.reason)


def error_page(request: Request, status: int, reason: str, detail: str = "") -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": reason, "detail": detail}, status_code=status)
    return renderer_of(request).page(request, "error.html", ErrorPage(status, reason, detail), status=status)
