from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.dates import find_dates, find_years

MONTHS = {"november": 11, "nov": 11, "novembro": 11, "نوفمبر": 11, "नवंबर": 11, "novembre": 11}


def test_it_works() -> None:
    assert [one.when for one in find_dates("on 2026-11-23", MONTHS)] == [date(2026, 11, 23)]


@pytest.mark.parametrize(
    "text",
    [
        "23 November 2026",
        "23rd Nov. 2026",
        "November 23, 2026",
        "23 de novembro de 2026",
        "٢٣ نوفمبر ٢٠٢٦",
        "२३ नवंबर २०२६",
        "23/11/2026",
        "23.11.2026",
        "11/23/2026",
    ],
)
def test_ways_to_write_a_day(text: str) -> None:
    (found,) = find_dates(f"– {text}, 18:00", MONTHS)
    assert found.when == date(2026, 11, 23)
    assert found.day


def test_the_order_of_a_country_decides() -> None:
    assert find_dates("03/04/2026", {}, "mdy")[0].when == date(2026, 3, 4)
    assert find_dates("03/04/2026", {}, "dmy")[0].when == date(2026, 4, 3)


@pytest.mark.parametrize(
    "text", ["2026-13-45", "tel. 21 999 2026", "v 1.2.2026.4", "23 foobar 2026", "31/02/2026"]
)
def test_what_is_no_date(text: str) -> None:
    assert not find_dates(text, MONTHS)


def test_a_month_alone_has_no_day() -> None:
    (found,) = find_dates("novembre 2026", MONTHS)
    assert not found.day


def test_years() -> None:
    assert [year for year, _, _ in find_years("in 2024 and 2025, 1.2026 or 20261")] == [2024, 2025]


@given(st.text())
def test_any_text(text: str) -> None:
    for one in find_dates(text, MONTHS):
        assert 0 <= one.start < one.end <= len(text)
