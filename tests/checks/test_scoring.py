from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.edition import load_edition
from checks.scoring import ratio, score

EDITION = load_edition("losi-2024")
CODES = [indicator.code for indicator in EDITION.indicators]
OUTCOMES = st.sampled_from(["passed", "failed", "cantTell", "inapplicable", "untested"])


def test_it_works() -> None:
    done = score(EDITION, dict.fromkeys(CODES, "passed"))
    assert (done.value, done.level, done.yes, done.open) == ("1.0000", "very high", 95, 0)


def test_four_decimals_half_up() -> None:
    assert ratio(29, 32) == "0.9063"  # 0.90625, which binary floating point prints as 0.9062


def test_open_ones_make_a_range_and_no_value() -> None:
    part = score(EDITION, {"234": "passed", "235": "failed", "236": "cantTell", "237": "inapplicable"})
    assert (part.value, part.level) == (None, None)
    assert (part.yes, part.no, part.open) == (1, 2, 92)
    assert (part.low, part.high) == ("0.0105", "0.9789")


def test_criteria_are_counted_by_their_own_items() -> None:
    done = score(EDITION, {code: "passed" if code == "215" else "failed" for code in CODES})
    assert done.by_criterion["IF"].value == "0.1667"
    assert done.by_criterion["TEC"].value == "0.0000"


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError, match="no indicator 999"):
        score(EDITION, {"999": "passed"})


@given(st.dictionaries(st.sampled_from(CODES), OUTCOMES))
def test_a_score_lies_between_nothing_and_one(outcomes: dict[str, str]) -> None:
    made = score(EDITION, outcomes)
    assert 0 <= float(made.low) <= float(made.high) <= 1
    assert made.yes + made.no + made.open == 95
    assert (made.value is None) == (made.open > 0)
    assert sum(part.yes for part in made.by_criterion.values()) == made.yes
