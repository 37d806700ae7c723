import csv
import io
import json

import pytest

from review_ui.exports import COLUMNS, neutral, results_csv
from tests.review_ui.builder import CITY, ROUND
from tests.review_ui.conftest import Desk


def test_it_works(desk: Desk) -> None:
    document = json.loads(desk.get(f"/export/{ROUND}.json"))
    assert document["schema"] == "losi-results/1"
    assert [city["id"] for city in document["cities"]] == ["empty-town", "river-city"]
    answer = desk.client.get(f"/export/{ROUND}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    row = next(r for r in rows if (r["city_id"], r["code"]) == (CITY, "234"))
    assert row["proposal"] == "passed"
    assert row["quote"].startswith("We collect your name")
    assert row["evidence_url"] == "https://river.example/privacy"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert neutral(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["plain", "1", "https://x.example/", "", " =1"])
def test_anything_else_stays(cell: str) -> None:
    assert neutral(cell) == cell


def test_every_cell_of_the_table_is_neutral() -> None:
    city = {
        "id": "=id",
        "name": "@name",
        "portal_url": "+url",
        "score": {"low": "-1", "high": "=1", "value": None},
        "indicators": [
            dict.fromkeys(("code", "criterion", "name", "method", "proposal", "message"), "=x")
            | {"evidence": [{"stance": "for", "quote": "=q", "url": "=u"}], "answer": {"by": "=HYPERLINK()"}}
        ],
    }
    rows = list(csv.reader(io.StringIO(results_csv("=r", {"edition": "=e", "cities": [city]}))))
    assert rows[0] == list(COLUMNS)
    assert not [cell for cell in rows[1] if cell.startswith(("=", "+", "-", "@"))]


def test_a_round_that_is_not_there(desk: Desk) -> None:
    assert desk.client.get("/export/none.json").status_code == 404
    assert desk.client.get("/export/none.csv").status_code == 404
