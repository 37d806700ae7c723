import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from review_ui.language import FOLDER, choose, load_languages
from tests.review_ui.builder import CITY, ROUND
from tests.review_ui.conftest import Desk

TEMPLATES = Path(FOLDER).parent / "templates"
LANGUAGES = load_languages()


def messages() -> set[object]:
    options = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true"}
    found = set()
    for path in TEMPLATES.glob("*.html"):
        with path.open("rb") as stream:
            found |= {m[1] for m in extract("jinja2.ext:babel_extract", stream, options=options)}
    return found


def test_it_works(desk: Desk) -> None:
    page = desk.get(f"/a/{ROUND}/{CITY}/234?lang=ar")
    assert '<html lang="ar" dir="rtl">' in page
    assert "تقترح القواعد" in page
    assert 'lang="en"' in page, "the question itself is English"
    assert '<html lang="ar"' in desk.get("/"), "remembered"
    assert '<html lang="en" dir="ltr">' in desk.get("/?lang=en")


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_every_message_is_in_every_catalogue(tag: str) -> None:
    with (FOLDER / f"{tag}.po").open("rb") as stream:
        catalogue = read_po(stream, locale=tag)
    known = {message.id for message in catalogue if message.id}
    assert messages() == known
    if tag != "en":
        assert not [
            m.id
            for m in catalogue
            if m.id and not (all(m.string) if isinstance(m.string, tuple) else m.string)
        ]


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_a_translation_has_the_blanks_of_its_message(tag: str) -> None:
    with (FOLDER / f"{tag}.po").open("rb") as stream:
        for message in read_po(stream, locale=tag):
            if isinstance(message.id, str) and message.id and message.string:
                assert blanks(message.id) == blanks(str(message.string))


def blanks(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "expected"),
    [
        ("ar", "en", "", "ar"),
        (None, "ar", "en", "ar"),
        (None, None, "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        (None, None, "xx,yy", "en"),
        ("xx", None, "", "en"),
        (None, None, "%%%;q=,,-", "en"),
    ],
)
def test_the_address_then_the_cookie_then_the_browser(
    asked: str, remembered: str, accepted: str, expected: str
) -> None:
    assert choose(LANGUAGES, asked=asked, remembered=remembered, accepted=accepted).tag == expected


def test_arabic_counts_in_its_own_way() -> None:
    say = LANGUAGES["ar"].messages.ngettext
    forms = {say("%(num)s page", "%(num)s pages", n) for n in (0, 1, 2, 3, 11, 100)}
    assert len(forms) == 5
