"""Published values as sentences: tests/editions/<id>.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.edition import (
    check_edition,
    edition_ids,
    edition_source,
    edition_text,
    load_edition,
    parse_edition,
)
from checks.errors import BadData, UnknownEdition, UnknownIndicator
from checks.scoring import level_of, rank, ratio
from checks.yamlfile import parse_yaml, read_yaml

FOLDER = Path(__file__).parents[1] / "editions"
SENTENCES = [read_yaml(path).data for path in sorted(FOLDER.glob("*.yaml"))]
CITIES = [(said, city) for said in SENTENCES for city in said["cities"]]


def test_it_works() -> None:
    assert edition_ids() == ["losi-2018", "losi-2020", "losi-2022", "losi-2024"]


@pytest.mark.parametrize(
    ("said", "city"), CITIES, ids=[f"{said['edition']} {city['name']}" for said, city in CITIES]
)
def test_a_published_value_comes_out(said: dict[str, Any], city: dict[str, str]) -> None:
    edition = load_edition(said["edition"])
    ones, of = int(city["ones"]), int(said["denominator"])
    assert of in (edition.n, edition.published_denominator)
    assert ratio(ones, of) == city["value"]
    assert level_of(ones, of, edition.levels) == city["level"]


def test_ties_share_a_rank_and_the_next_ones_are_skipped() -> None:
    said = next(one for one in SENTENCES if one["edition"] == "losi-2024")
    ahead = ["0.9688", "0.9583", "0.9479"]  # three cities above; then the published ones, others left out
    values = [*ahead, *(city["value"] for city in said["cities"])]
    ranks = rank(values)[3:]
    assert ranks[:3] == [4, 4, 4]
    assert ranks[3] == 7
    assert rank(["1", "2", "2", "3"]) == [4, 2, 2, 1]


@pytest.mark.parametrize("edition_id", ["losi-2018", "losi-2020", "losi-2022", "losi-2024"])
def test_an_edition_adds_up(edition_id: str) -> None:
    edition = load_edition(edition_id)
    assert sum(criterion.count for criterion in edition.criteria) == len(edition.indicators) == edition.n
    assert edition.id == edition_id
    for indicator in edition.indicators:
        assert indicator.question.endswith("?")
        assert len(indicator.guidance) > 60
        assert (indicator.method != "person") or not indicator.rules


def test_the_2024_edition_has_rules_for_at_least_45() -> None:
    assert sum(1 for one in load_edition("losi-2024").indicators if one.rules) >= 45


def test_the_same_code_is_the_same_concept_in_every_edition() -> None:
    known: dict[str, str] = {}
    for edition_id in edition_ids():
        for indicator in load_edition(edition_id).indicators:
            assert known.setdefault(indicator.code, indicator.question) == indicator.question


def test_the_archived_text_is_the_edition() -> None:
    edition = load_edition("losi-2024")
    assert parse_edition(edition_text("losi-2024")).digest == edition.digest
    assert edition.digest.startswith("sha256:")


def test_an_unknown_edition_names_the_known_ones() -> None:
    with pytest.raises(UnknownEdition, match="losi-2024"):
        load_edition("losi-1999")


def test_an_unknown_code_is_named() -> None:
    with pytest.raises(UnknownIndicator, match="999"):
        load_edition("losi-2024").indicator("999")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('code: "202"', 'code: "201"', "stands twice"),
        ("criterion: TEC", "criterion: XYZ", "unknown criterion"),
        ("method: person", "method: guess", "unknown method"),
        (
            'name: Technology, count: "12"',
            'name: Technology, count: "13"',
            "announces 13 indicators, 12 are listed",
        ),
        ('n: "95"', 'n: "many"', "whole number"),
        ("schema: edition/1", "schema: edition/9", "expected edition/1"),
    ],
)
def test_bad_editions_are_refused(old: str, new: str, fault: str) -> None:
    text = edition_text("losi-2024").replace(old, new, 1)
    assert fault in "\n".join(map(str, check_edition(parse_yaml(text, "editions/x.yaml"))))
    with pytest.raises(BadData):
        parse_edition(text)


def test_an_unknown_rule_is_a_fault() -> None:
    faults = check_edition(edition_source("losi-2024"), rules=frozenset())
    assert any("unknown rule" in one.message for one in faults)
