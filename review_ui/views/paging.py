"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paging(Generic[T]):
    items: tuple[T, ...]
    number: int
    of: int
    total: int
    previous_url: str
    next_url: str


def whole_number(text: str) -> int:
    """What an address says, or 1; a number of thousands of digits is not read at all."""
    return int(text) if text.isdecimal() and len(text) < 20 else 1


def paginate(request: Request, items: Sequence[T], size: int) -> Paging[T]:
    """The page that ?page= asks for; a number out of range is the nearest page."""
    of = max(1, -(-len(items) // size))
    number = min(max(whole_number(request.query_params.get("page", "")), 1), of)
    kept = {k: v for k, v in request.query_params.items() if k not in ("page", "lang", "keys", "token")}

    def url(page: int) -> str:
        return f"{request.url.path}?{urlencode({**kept, 'page': page})}" if 1 <= page <= of else ""

    chosen = tuple(items[(number - 1) * size : number * size])
    return Paging(chosen, number, of, len(items), url(number - 1), url(number + 1))
