"""The languages of the interface: one .po file each, compiled in memory when the app is made."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import babel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locale"
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Language:
    tag: str
    name: str
    direction: str
    locale: babel.Locale
    messages: gettext.NullTranslations


def load_languages(folder: Path = FOLDER) -> dict[str, Language]:
    return {path.stem: _load(path) for path in sorted(folder.glob("*.po"))}


def _load(path: Path) -> Language:
    locale = babel.Locale.parse(path.stem, sep="-")
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(
        tag=path.stem,
        name=(locale.get_display_name(locale) or path.stem).capitalize(),
        direction=locale.text_direction,
        locale=locale,
        messages=gettext.GNUTranslations(compiled),
    )


def choose(
    languages: Mapping[str, Language], *, asked: str | None, remembered: str | None, accepted: str
) -> Language:
    """The address decides, then the cookie, then what the browser says it reads (Accept-Language)."""
    for tag in (asked, remembered):
        if tag is not None and tag in languages:
            return languages[tag]
    offers = [part.split(";")[0].strip().replace("-", "_") for part in accepted.split(",") if part.strip()]
    best = babel.negotiate_locale(offers, list(languages), sep="_") if offers else None
    return languages.get(best or DEFAULT) or languages[DEFAULT]
