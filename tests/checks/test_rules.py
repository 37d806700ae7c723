"""The example is the test: tests/rules/<rule-id>/<outcome>-<language>[-label].html; the name is the expectation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest

from checks.quote import contains_quote
from checks.rule import load_rules
from checks.rulebook import load_rulebook
from tests.checks.example import Example, read_example

FOLDER = Path(__file__).parents[1] / "rules"
PAGES = sorted(path for path in FOLDER.glob("*/*") if path.suffix in (".html", ".pdf"))
RULES = load_rules()


def named(paths: Iterable[Path]) -> list[str]:
    return [f"{path.parent.name}/{path.stem}" for path in paths]


def example(path: Path) -> Example:
    return read_example(path, load_rulebook())


def test_it_works() -> None:
    assert PAGES


@pytest.mark.parametrize("path", PAGES, ids=named(PAGES))
def test_the_page_is_judged_as_its_name_says(path: Path) -> None:
    made = example(path)
    judgement = made.judge(RULES[path.parent.name])
    assert judgement.outcome == made.expected, judgement
    assert judgement.message
    for stance, signal in judgement.evidence:
        if stance == "for" and signal.record_id == made.page.record_id:
            assert contains_quote(made.page, signal.quote), signal
    if judgement.outcome == "passed":
        assert any(stance == "for" for stance, _ in judgement.evidence)


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_a_rule_has_its_pages(rule_id: str) -> None:
    """One that passes (unless the rule never can) and a near miss."""
    outcomes = {path.stem.partition("-")[0] for path in FOLDER.glob(f"{rule_id}/*")}
    if RULES[rule_id].passed:
        assert "passed" in outcomes
    assert outcomes & {"failed", "cantTell"}


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_a_rule_has_a_page_in_a_non_latin_script(rule_id: str) -> None:
    paths = list(FOLDER.glob(f"{rule_id}/*.html"))
    assert any(not is_latin(path) for path in paths), f"{rule_id}: no page in a non-Latin script"


def is_latin(path: Path) -> bool:
    letters = [char for char in example(path).page.text if char.isalpha()]
    latin = sum(1 for char in letters if unicodedata.name(char, "").startswith("LATIN"))
    return latin * 2 > len(letters)


def test_every_folder_belongs_to_a_rule() -> None:
    assert {path.parent.name for path in PAGES} <= set(RULES)
