"""Who is working here: the name that stands under each answer."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review_ui.auth import MAX_NAME, SEATS, Person, clean_name, remember
from review_ui.rendering import person_of, renderer_of
from review_ui.views.forms import posted


@dataclass(frozen=True, slots=True)
class PersonPage:
    person: Person
    seats: tuple[str, ...]
    max_name: int
    back: str
    fault: str


def show(request: Request) -> Response:
    return _page(request, person_of(request), request.query_params.get("back", "/"))


def _page(request: Request, person: Person, back: str, fault: str = "", status: int = 200) -> Response:
    page = PersonPage(person, SEATS, MAX_NAME, own_path(back), fault)
    return renderer_of(request).page(request, "person.html", page, status=status)


async def save(request: Request) -> Response:
    form = await posted(request)
    name, seat = clean_name(form.get("name", "")), form.get("seat", "A")
    person = Person(name, seat if seat in SEATS else "A")
    if not name:
        return _page(request, person, form.get("back", "/"), fault="name", status=422)
    response = RedirectResponse(own_path(form.get("back", "/")), status_code=303)
    remember(response, person)
    return response


def own_path(path: str) -> str:
    """A path of ours, never another site (//host, /\\host, https:…)."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
