"""Rows as they stand in the archive, and back: what is read there is checked, for anybody may have written it."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, Boolean, Column, Float, Integer

from evidence_store.models import (
    OUTCOMES,
    Act,
    Answer,
    Base,
    City,
    Crawl,
    Evidence,
    Finding,
    Round,
    Run,
    UtcTime,
    table_of,
)

ASSESSMENT, ANSWERS, ACTS = "losi-assessment/1", "losi-answers/1", "losi-acts/1"
NAME = re.compile(r"[a-z0-9-]{1,100}")
# Whose lease it is concerns nobody later, and would make every document differ from the one before.
OF_A_MOMENT = ("lease_until", "process")
QUOTED = {
    "capture": "capture_id",
    "stance": "stance",
    "quote": "exact",
    "prefix": "prefix",
    "suffix": "suffix",
    "selector": "selector",
    "rule": "rule",
    "language": "language",
}

Row = TypeVar("Row", bound=Base)


class BadDocument(ValueError):
    """An archived document that does not say what it should; its text says what is wrong."""


def of_assessment(city: City, round_: Round, crawls: Iterable[Crawl]) -> bytes:
    said = [_said(crawl, *OF_A_MOMENT) for crawl in crawls]
    return _written({"schema": ASSESSMENT, "city": _said(city), "round": _said(round_), "crawls": said})


def of_round(round_: Round, cities: Iterable[City]) -> bytes:
    said = [_said(city) for city in cities]
    return _written({"schema": ASSESSMENT, "round": _said(round_), "cities": said})


def of_answers(answers: Iterable[Answer]) -> bytes:
    said = [
        {**_said(one, "assessment_id"), "evidence": [_quoted(part) for part in one.evidence]}
        for one in answers
    ]
    return _written({"schema": ANSWERS, "answers": said})


def of_acts(acts: Iterable[Act]) -> bytes:
    return _written({"schema": ACTS, "acts": [_said(act, "assessment_id") for act in acts]})


def parse(body: bytes, schema: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadDocument("no JSON") from error
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise BadDocument(f"schema {schema} expected")
    return document


def cities(document: Mapping[str, Any]) -> list[City]:
    """Of a round's document, or the one of an assessment's."""
    said = _list(document, "cities") if "cities" in document else [document.get("city")]
    return [_named(City, one) for one in said]


def round_of(document: Mapping[str, Any]) -> Round:
    return _named(Round, document.get("round"))


def crawls(document: Mapping[str, Any]) -> list[Crawl]:
    found = [_named(Crawl, one) for one in _list(document, "crawls")] if "crawls" in document else []
    if any(crawl.state not in ("waiting", "claimed", "closed", "failed") for crawl in found):
        raise BadDocument("state of a crawl")
    return found


def answers(document: Mapping[str, Any], assessment_id: str) -> list[Answer]:
    found = []
    for said in _list(document, "answers"):
        answer = _named(Answer, said, assessment_id=assessment_id, evidence=_evidence(said))
        if answer.outcome not in OUTCOMES or answer.mode not in ("manual", "semiAuto"):
            raise BadDocument(f"answer {answer.id}: outcome or mode")
        if answer.role not in ("assessor", "mediator") or not answer.asserted_by.strip():
            raise BadDocument(f"answer {answer.id}: a person in a role is expected")
        found.append(answer)
    return found


def acts(document: Mapping[str, Any], assessment_id: str) -> list[Act]:
    return [_named(Act, said, assessment_id=assessment_id) for said in _list(document, "acts")]


def run(document: Mapping[str, Any], assessment_id: str, run_id: str, date: datetime) -> Run:
    said = {"complete": True, **document}  # documents of before 0.2 do not say
    return _row(Run, said, id=run_id, assessment_id=assessment_id, date=date)


def findings(document: Mapping[str, Any], of: Run) -> list[Finding]:
    found = []
    for number, said in enumerate(_list(document, "findings")):
        named = {"id": finding_id(of.id, number), "run_id": of.id, "date": of.date}
        finding = _row(Finding, said, **named, evidence=_evidence(said))
        if finding.outcome not in OUTCOMES or finding.mode != "automatic":
            raise BadDocument(f"finding {finding.test}: outcome or mode")
        found.append(finding)
    return found


def finding_id(run_id: str, number: int) -> str:
    """The same in every database that is made from the same record."""
    return f"{run_id}-{number:04d}"


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _said(row: Base, *without: str) -> dict[str, Any]:
    columns = [column.name for column in table_of(type(row)).columns if column.name not in without]
    return {name: _plain(getattr(row, name)) for name in columns}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _quoted(one: Evidence) -> dict[str, Any]:
    return {key: getattr(one, name) for key, name in QUOTED.items()}


def _named(entity: type[Row], said: Any, **fixed: Any) -> Row:
    """A row whose id may be a part of a path."""
    row = _row(entity, said, **fixed)
    if not NAME.fullmatch(str(getattr(row, "id", ""))):
        raise BadDocument(f"{entity.__tablename__}: id")
    return row


def _row(entity: type[Row], said: Any, **fixed: Any) -> Row:
    if not isinstance(said, dict):
        raise BadDocument(f"{entity.__tablename__}: an object is expected")
    columns = [one for one in table_of(entity).columns if one.name not in fixed]
    return entity(**{one.name: _value(one, said.get(one.name)) for one in columns}, **fixed)


def _evidence(said: Mapping[str, Any]) -> list[Evidence]:
    found = []
    for part in _list(said, "evidence"):
        if not isinstance(part, dict) or any(not isinstance(part.get(key), str) for key in QUOTED):
            raise BadDocument("evidence: texts are expected")
        found.append(Evidence(**{name: part[key] for key, name in QUOTED.items()}))
    return found


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    if not isinstance(found, list):
        raise BadDocument(f"{key}: a list is expected")
    return found


def _value(column: "Column[Any]", value: Any) -> Any:
    if value is None:
        if not column.nullable and column.name not in OF_A_MOMENT:
            raise BadDocument(f"{column.table.name}.{column.name} is missing")
        return None
    if isinstance(column.type, UtcTime):
        return _time(column.name, value)
    kind = column.type
    expected: Any = str
    if isinstance(kind, JSON):
        expected = list if column.name == "languages" else dict
    elif isinstance(kind, Boolean):
        expected = bool
    elif isinstance(kind, Integer):
        expected = int
    elif isinstance(kind, Float):
        expected = (int, float)
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise BadDocument(f"{column.table.name}.{column.name}: another type is expected")
    return value


def _time(name: str, value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadDocument(f"{name}: a time is expected") from error
    if time.tzinfo is None:
        raise BadDocument(f"{name}: a time with its zone is expected")
    return time
