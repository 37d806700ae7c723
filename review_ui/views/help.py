"""How to work here: the keys, the answers, what the machine does and does not do."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from review_ui.rendering import renderer_of


@dataclass(frozen=True, slots=True)
class HelpPage:
    pass


def show(request: Request) -> Response:
    return renderer_of(request).page(request, "help.html", HelpPage())
