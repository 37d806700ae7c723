"""A round's results as files: JSON of the contract, and a table that spreadsheets may open safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_COLUMNS = (
    "round edition city_id city_name portal_url code criterion name method proposal confidence message "
    "answer by at mode quote evidence_url evidence_time evidence_digest score_low score_high score_value"
)
COLUMNS = tuple(_COLUMNS.split())
# A cell that begins so is a formula to a spreadsheet (CWE-1236); an apostrophe makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results_csv(round_id: str, results: Mapping[str, Any]) -> str:
    """One line per city and question; raw values are in the JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(round_id, results):
        writer.writerow([neutral(row.get(column)) for column in COLUMNS])
    return out.getvalue()


def neutral(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def reserved(
    document: dict[str, Any], shown: Callable[[str, str], bool], score: Callable[[str], Any]
) -> dict[str, Any]:
    """Without the verdicts that the round's protocol keeps from the person asking.

    `shown(city_id, code)`: may the proposal be seen? `score(city_id)`: of that person's own answers.
    """
    for city in document["cities"]:
        hidden = [item for item in city["indicators"] if not shown(city["id"], item["code"])]
        for item in hidden:
            item.update(proposal="untested", confidence=None, reason="reserved", message="", evidence=[])
            item.update(searched={}, also=[])
        if hidden and city["score"].get("basis") == "proposals":
            city["score"] = score(city["id"])
    return document


def _rows(round_id: str, results: Mapping[str, Any]) -> Iterable[dict[str, object]]:
    for city in results["cities"]:
        score = city["score"]
        for item in city["indicators"]:
            answer = item.get("answer") or {}
            proof: Mapping[str, Any] = next(
                (e for e in item.get("evidence") or () if e.get("stance") == "for"), {}
            )
            yield {
                "round": round_id,
                "edition": results["edition"],
                "city_id": city["id"],
                "city_name": city["name"],
                "portal_url": city["portal_url"],
                **{
                    key: item.get(key)
                    for key in ("code", "criterion", "name", "method", "proposal", "confidence")
                },
                "message": item.get("message"),
                "answer": answer.get("outcome"),
                **{key: answer.get(key) for key in ("by", "at", "mode")},
                "quote": proof.get("quote"),
                "evidence_url": proof.get("url"),
                "evidence_time": proof.get("timestamp"),
                "evidence_digest": proof.get("digest"),
                **{f"score_{key}": score.get(key) for key in ("low", "high", "value")},
            }
