"""Templates: one Jinja2 environment per language, autoescape on, an unknown name is an error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import babel
from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from review_ui.auth import READER, YEAR, Person, identify
from review_ui.bundle import Bundle
from review_ui.desk import Desk
from review_ui.language import Language, choose

FOLDER = Path(__file__).parent
LANGUAGE_COOKIE, KEYS_COOKIE = "losi_lang", "losi_keys"
FRAGMENT_HEADER = "x-losi-fragment"  # sent by our own script, which wants only the main part of a page
LOCATION_HEADER = "x-losi-location"  # the address that the sent part belongs to
# Controls that change how a line reads without being seen; shown by name instead.
_BIDI = {c: f"⟨U+{c:04X}⟩" for c in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@dataclass(frozen=True, slots=True)
class Choice:
    tag: str
    name: str
    direction: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Chrome:
    """What the frame around every page shows."""

    tag: str
    direction: str
    languages: tuple[Choice, ...]
    person: Person
    keys_on: bool
    keys_url: str
    here: str
    version: str
    fragment: bool
    read_only: bool
    bundle: Bundle | None


class Renderer:
    def __init__(self, languages: Mapping[str, Language], desk: Desk) -> None:
        self.languages, self.desk = languages, desk
        self.environments = {tag: _environment(language) for tag, language in languages.items()}
        self.version = _static_version(FOLDER / "static")

    def language(self, request: Request) -> Language:
        return choose(
            self.languages,
            asked=request.query_params.get("lang"),
            remembered=request.cookies.get(LANGUAGE_COOKIE),
            accepted=request.headers.get("accept-language", ""),
        )

    def page(self, request: Request, template: str, page: object, *, status: int = 200) -> HTMLResponse:
        language = self.language(request)
        chrome = self._chrome(request, language)
        html = self.environments[language.tag].get_template(template).render(page=page, chrome=chrome)
        response = HTMLResponse(html, status_code=status)
        response.headers["Content-Language"] = language.tag
        response.headers["Vary"] = f"Cookie, Accept-Language, {FRAGMENT_HEADER}"
        for name, value, known in (
            (LANGUAGE_COOKIE, request.query_params.get("lang"), self.languages),
            (KEYS_COOKIE, request.query_params.get("keys"), {"on", "off"}),
        ):
            if value is not None and value in known:
                response.set_cookie(name, value, max_age=YEAR, samesite="strict", httponly=True, path="/")
        return response

    def _chrome(self, request: Request, language: Language) -> Chrome:
        asked = request.query_params.get("keys")
        keys_on = (asked or request.cookies.get(KEYS_COOKIE, "on")) != "off"
        return Chrome(
            tag=language.tag.replace("_", "-"),
            direction=language.direction,
            languages=tuple(
                Choice(
                    other.tag, other.name, other.direction, _here(request, lang=other.tag), other is language
                )
                for other in self.languages.values()
            ),
            person=person_of(request),
            keys_on=keys_on,
            keys_url=_here(request, keys="off" if keys_on else "on"),
            here=_here(request),
            version=self.version,
            fragment=FRAGMENT_HEADER in request.headers,
            read_only=self.desk.read_only,
            bundle=self.desk.bundle,
        )


def _here(request: Request, **changed: str) -> str:
    """This page's own address; after a refused form, the page the form stands on."""
    path = "/" + request.url.path.lstrip("/")
    kept = {k: v for k, v in request.query_params.items() if k not in {*changed, "token", "saved"}}
    query = urlencode({**kept, **changed})
    return f"{path}?{query}" if query else path


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(language.messages, newstyle=True)  # type: ignore[attr-defined]
    locale = language.locale
    environment.filters.update(
        when=lambda time: when(time, locale),
        language_name=lambda tag: language_name(tag, locale),
        visible=visible,
        safe_href=safe_href,
        urlpath=lambda text: quote(str(text), safe=""),
        thousands=lambda number: f"{number:,}".replace(",", "\u202f"),
    )
    return environment


def when(time: datetime | str | None, locale: babel.Locale) -> str:
    if time is None or time == "":
        return ""
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return format_datetime(aware.astimezone(UTC), "d MMM y, HH:mm", locale=locale) + " UTC"


def language_name(tag: str, locale: babel.Locale) -> str:
    code = re.split(r"[-_]", tag or "")[0].lower()
    return str(locale.languages.get(code, tag))


def visible(text: str) -> str:
    return str(text).translate(_BIDI)


def safe_href(url: str) -> str:
    """An address that may be opened, or nothing: never javascript:, data: or a name of our own."""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return ""
    return url if scheme in ("http", "https") else ""


def _static_version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def renderer_of(request: Request) -> Renderer:
    renderer: Any = request.app.state.renderer
    assert isinstance(renderer, Renderer)
    return renderer


def desk_of(request: Request) -> Desk:
    return renderer_of(request).desk


def person_of(request: Request) -> Person:
    desk = desk_of(request)
    return READER if desk.read_only else identify(request, desk.default_person)
