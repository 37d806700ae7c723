"""A results file from elsewhere: its cities and its people's answers; proposals without bytes are nobody's."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

import checks
from evidence_store import (
    City,
    Locked,
    NewAnswer,
    NotFound,
    Round,
    RoundDiffers,
    StaleAnswer,
    Store,
    Unsupported,
)
from losi import fleet
from losi.cities import city_in
from losi.errors import BadId, BadResults, BadUrl
from losi.workspace import checked_id

SCHEMA = "losi-results/1"
OUTCOMES = ("passed", "failed", "cantTell", "inapplicable")


@dataclass(frozen=True)
class Said:
    """One person's answer as the file has it."""

    city: str
    code: str
    outcome: str
    by: str
    at: str
    mode: str


def import_results(store: Store, file: Path) -> list[str]:
    """Raises BadResults, with all faults at once, and RoundDiffers, before anything is taken in."""
    data = file.read_bytes()
    document = _read(file, data)
    faults = list[str]()
    cities = list(_cities(document, faults))
    said = list(_answers(document, faults))
    if faults:
        raise BadResults(file, faults)
    round_ = _round(store, file, document, cities)
    faults = _answer(store, round_, said, f"sha256:{sha256(data).hexdigest()}")
    proposals = sum(len(city["indicators"]) for city in document["cities"])
    click.echo(f"{proposals} proposals are left out: a results file has no bytes to prove them; a bundle has")
    return faults


def _read(file: Path, data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadResults(file, ["neither a bundle nor JSON"]) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise BadResults(file, [f"schema {SCHEMA} expected"])
    faults = [
        name
        for name in ("round", "edition", "edition_digest", "rules_digest")
        if not _is_text(document, name)
    ]
    cities = document.get("cities")
    if not isinstance(cities, list) or not all(_is_city(city) for city in cities):
        faults.append("cities")
    if faults:
        raise BadResults(file, [f"{name} is missing or of another form" for name in faults])
    checked_id(document["round"])
    return document


def _is_text(document: Mapping[str, Any], name: str) -> bool:
    return isinstance(document.get(name), str) and bool(document[name].strip())


def _is_city(city: Any) -> bool:
    indicators = city.get("indicators") if isinstance(city, dict) else None
    return isinstance(indicators, list) and all(isinstance(one, dict) for one in indicators)


def _cities(document: Mapping[str, Any], faults: list[str]) -> Iterator[City]:
    for city in document["cities"]:
        try:
            yield city_in(city)
        except (ValueError, TypeError, BadId, BadUrl) as error:
            faults.append(f"city {city.get('id')!r}: {error}")


def _answers(document: Mapping[str, Any], faults: list[str]) -> Iterator[Said]:
    for city in document["cities"]:
        for indicator in city["indicators"]:
            given = indicator.get("answer")
            if given is None:
                continue
            try:
                yield _said(city, indicator, given)
            except (ValueError, TypeError, KeyError, AttributeError):
                faults.append(f"{city.get('id')} {indicator.get('code')!r}: its answer is of another form")


def _said(city: Mapping[str, Any], indicator: Mapping[str, Any], given: Mapping[str, Any]) -> Said:
    names = ("outcome", "by", "at", "mode")
    if not all(_is_text(given, name) for name in names) or not _is_text(indicator, "code"):
        raise ValueError
    if given["outcome"] not in OUTCOMES or given["mode"] not in ("manual", "semiAuto"):
        raise ValueError
    if datetime.fromisoformat(given["at"]).tzinfo is None:
        raise ValueError
    return Said(city["id"], indicator["code"], *(given[name] for name in names))


def _round(store: Store, file: Path, document: Mapping[str, Any], cities: list[City]) -> Round:
    """The round of that name, of the same questions and rules, with these cities. Raises RoundDiffers, BadResults."""
    edition, name = document["edition"], document["round"]
    digests = document["edition_digest"], document["rules_digest"]
    known = next((one for one in store.rounds() if one.id == name), None)
    if known is not None:
        if (known.edition_digest, known.rules_digest) != digests:
            raise RoundDiffers(name, "edition or other rules")
    elif digests != _own_digests(edition):
        raise BadResults(
            file, [f"round {name} is not known here, and was opened with another edition or other rules"]
        )
    _refuse_unknown_codes(store, file, document, known)
    here = {city.id for city in store.cities()}
    store.add_cities(city for city in cities if city.id not in here)
    ids = [city.id for city in cities]
    if known is None:
        fleet.open_round(store, name, edition=edition, city_ids=ids)
    else:
        edition_text, rules_text = (store.archived_text(digest) for digest in digests)
        store.open_round(
            name,
            edition=edition,
            edition_text=edition_text,
            rules_text=rules_text,
            city_ids=ids,
            protocol=known.protocol,
        )
    return store.round(name)


def _own_digests(edition: str) -> tuple[str, str] | None:
    if edition not in checks.edition_ids():
        return None
    texts = checks.edition_text(edition), checks.rules_text()
    first, second = (f"sha256:{sha256(text.encode()).hexdigest()}" for text in texts)
    return first, second


def _refuse_unknown_codes(store: Store, file: Path, document: Mapping[str, Any], known: Round | None) -> None:
    text = store.archived_text(known.edition_digest) if known else checks.edition_text(document["edition"])
    codes = {indicator.code for indicator in checks.parse_edition(text).indicators}
    asked = {str(one.get("code")) for city in document["cities"] for one in city["indicators"]}
    if strange := sorted(asked - codes):
        raise BadResults(file, [f"indicator {code!r} is not in {document['edition']}" for code in strange])


def _answer(store: Store, round_: Round, said: list[Said], digest: str) -> list[str]:
    """An answer that a person has given here stands. What is said on the way: one line."""
    count: Counter[str] = Counter()
    faults = list[str]()
    for one in said:
        new = NewAnswer(
            test=one.code, outcome=one.outcome, mode=one.mode, info={"imported": digest, "at": one.at}
        )
        try:
            store.answer(f"{round_.id}/{one.city}", new, one.by)
            count["new"] += 1
        except StaleAnswer:
            count["left"] += 1
        except (Locked, NotFound, Unsupported) as error:
            faults.append(f"{one.city} {one.code} by {one.by}: {error}")
    left = f", {count['left']} were answered here already and stay" if count["left"] else ""
    cities = len({one.city for one in said})
    click.echo(f"round {round_.id}: {count['new']} answers of {cities} cities taken in{left}")
    return faults
