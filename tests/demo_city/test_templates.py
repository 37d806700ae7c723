import datetime as dt

import pytest
from markupsafe import Markup

from demo_city.templates import Notes, Press, dated, money, number, title

DAY = dt.date(2026, 11, 23)


def test_it_works(model):
    press = Press(model.city, "main", {"main": "http://x"}, today=DAY, notes=False)
    assert press.day(-3) == dt.date(2026, 11, 20)
    assert press.url("main", "/a") == "http://x/a"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "23 November 2026"),
        ("pt-PT", "23 de novembro de 2026"),
        ("ar", "23 نوفمبر 2026"),
        ("hi", "23 नवंबर 2026"),
    ],
)
def test_dates_in_the_language_of_the_page(language, expected):
    assert dated("long", DAY, language) == expected


def test_numbers_and_money():
    assert number("1234567.5") == "1,234,567.5"
    assert money("1234.5", "EUR", "pt-PT").replace("\xa0", " ") == "1 234,50 €"


def test_a_note_is_printed_once(model):
    boxes = Notes(model.city, "main", "/privacy", on=True)
    assert "How this meets indicator 234." in boxes.one("234")
    assert boxes.rest() == Markup("")


def test_a_trap_does_not_claim_to_meet(model):
    boxes = Notes(model.city, "main", "/pay/instant", on=True)
    assert "bears on indicator 269a." in boxes.rest()
    assert "meets" not in boxes.rest()


def test_the_title_of_a_page(model):
    assert title(model.city.folder / "main" / "privacy.html") == "Privacy policy"
