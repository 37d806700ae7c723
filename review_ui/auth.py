"""Who is working: in local mode a name asked once, and in double rounds a seat; the keyboard is trusted."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

NAME_COOKIE, SEAT_COOKIE = "losi_name", "losi_seat"
SEATS = ("A", "B")
MAX_NAME = 80
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    seat: str = "A"
    role: str = "assessor"


READER = Person(name="", role="reader")  # of a bundle: nobody who could have answered


def identify(request: Request, default: str) -> Person:
    name = clean_name(unquote(request.cookies.get(NAME_COOKIE, ""))) or default
    seat = request.cookies.get(SEAT_COOKIE, "A")
    return Person(name=name, seat=seat if seat in SEATS else "A")


def remember(response: Response, person: Person) -> None:
    for cookie, value in ((NAME_COOKIE, quote(person.name)), (SEAT_COOKIE, person.seat)):
        response.set_cookie(cookie, value, max_age=YEAR, httponly=True, samesite="strict", path="/")


def clean_name(text: str) -> str:
    """Printable, one line; control and bidi characters would let one name pass for another."""
    printable = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return " ".join(printable.split())[:MAX_NAME]
