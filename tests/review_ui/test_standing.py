import pytest

from checks import parse_edition
from review_ui.evidence_cards import live_url, mark
from review_ui.standing import in_order, next_open, standing
from tests.review_ui.builder import QUESTIONS, edition_text

EDITION = parse_edition(edition_text())


def test_it_works() -> None:
    stands = standing(EDITION, {"101": "passed", "234": "failed"})
    assert (stands.low, stands.high, stands.value) == ("0.1667", "0.8333", None)
    assert (stands.total.yes, stands.total.no, stands.total.unanswered) == (1, 1, 4)
    assert [tally.answered for tally in stands.criteria] == [2, 0]


def test_a_value_only_when_nothing_is_open() -> None:
    stands = standing(EDITION, dict.fromkeys(QUESTIONS, "passed"))
    assert (stands.value, stands.level) == ("1.0000", "High")


@pytest.mark.parametrize(
    ("given", "after", "expected"),
    [
        ({}, "", "101"),
        ({}, "101", "234"),
        ({}, "302", "101"),
        ({"101": "passed"}, "302", "234"),
        (dict.fromkeys(QUESTIONS, "failed"), "101", None),
        ({"235": "cantTell"}, "234", "300"),
    ],
)
def test_the_next_open_question(given: dict[str, str], after: str, expected: str | None) -> None:
    assert next_open(EDITION.indicators, given, after) == expected


def test_questions_come_as_the_task_list_shows_them() -> None:
    mixed = dict(sorted(QUESTIONS.items(), key=lambda item: item[0][::-1]))
    assert list(mixed) != list(QUESTIONS)
    found = in_order(parse_edition(edition_text(mixed)))
    assert [one.criterion for one in found] == ["INF"] * 3 + ["SRV"] * 3
    assert [one.code for one in found][:3] == [code for code in mixed if QUESTIONS[code][0] == "INF"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "urn:losi:tls:x", "//x", "", "http://[::1"]
)
def test_only_web_addresses_are_opened(url: str) -> None:
    assert live_url(url, "quote") == ""


def test_a_text_fragment_is_encoded() -> None:
    assert (
        live_url("https://x.example/a#b", "a-b, c & d")
        == "https://x.example/a#:~:text=a%2Db%2C%20c%20%26%20d"
    )


def test_text_around_the_quote() -> None:
    found = mark("x" * 50 + "open\ning" + "y" * 50, "open ing", window=10)
    assert (found.before, found.quote, found.after) == ("…" + "x" * 10, "open\ning", "y" * 10 + "…")
