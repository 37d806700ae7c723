from datetime import date, timedelta

import pytest

from crawler import traps

CITY = "https://www.city.example"


def visited(urls: list[str]) -> int:
    """How many of these are visited when none of them pays."""
    budgets = traps.Budgets()
    count = 0
    for url in urls:
        if not budgets.exhausted(url):
            budgets.visited(url, paid=False)
            count += 1
    return count


def test_it_works() -> None:
    assert visited([f"{CITY}/about", f"{CITY}/services", f"{CITY}/contact"]) == 3


@pytest.mark.parametrize(
    "urls",
    [
        [f"{CITY}/events/calendar?month=2027-{n:02}" for n in range(1, 13)],
        [f"{CITY}/calendar?year={n}&month=1" for n in range(2020, 2040)],
        [f"{CITY}/events/{date(2027, 1, 1) + timedelta(n)}" for n in range(50)],
        [f"{CITY}/agenda/2027/{n}" for n in range(1, 13)],
        [f"{CITY}/events/?tribe-bar-date=2027-01-{n:02}" for n in range(1, 30)],
        [f"{CITY}/news?page={n}" for n in range(50)],
        [f"{CITY}/docs?sort={a}&type={b}&year={c}" for a in "xyz" for b in "pqr" for c in range(2000, 2010)],
        [f"{CITY}/docs?order={a}" for a in "abcdefgh"],
    ],
    ids=["months", "years", "days", "paths", "plugin", "pages", "facets", "order"],
)
def test_endless_things_get_few_visits(urls: list[str]) -> None:
    assert 1 <= visited(urls) <= 3


@pytest.mark.parametrize(
    "urls",
    [
        [f"{CITY}/index.php?option=com_content&view=article&id={n}" for n in range(40)],
        [f"{CITY}/node/{n}" for n in range(40)],
        [
            f"{CITY}/2026/11/{n}/a-council-{word}"
            for n, word in enumerate(["decides", "opens", "closes", "votes"], 1)
        ],
        [f"{CITY}/budget-{n}" for n in range(2015, 2027)],
    ],
    ids=["joomla", "nodes", "articles", "budgets"],
)
def test_ordinary_pages_are_not_traps(urls: list[str]) -> None:
    assert visited(urls) == len(urls)


def test_what_pays_is_gone_on_with() -> None:
    budgets = traps.Budgets()
    for n in range(20):
        url = f"{CITY}/news?page={n}"
        assert not budgets.exhausted(url)
        budgets.visited(url, paid=True)


def test_too_deep_too_long_or_turning_round() -> None:
    assert traps.endless(f"{CITY}/a", traps.MAX_DEPTH + 1)
    assert traps.endless(f"{CITY}/{'a' * traps.MAX_LENGTH}", 1)
    assert traps.endless(f"{CITY}/a/b/a/b/a/b", 1)
    assert not traps.endless(f"{CITY}/a/b/a/c", traps.MAX_DEPTH)


def test_pictures_and_programs_are_not_pages() -> None:
    assert traps.is_media(f"{CITY}/logo.PNG")
    assert traps.is_media(f"{CITY}/app.zip?x=1")
    assert not traps.is_media(f"{CITY}/budget.pdf")
    assert not traps.is_media(f"{CITY}/the.end/of")
