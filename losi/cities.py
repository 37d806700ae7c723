"""Cities from outside: a CSV or JSON list, or just an address."""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from crawler import address
from evidence_store import City
from losi.errors import BadCities, BadId, BadPlace, BadUrl, PrivatePortal
from losi.workspace import checked_id

REQUIRED = ("id", "name", "country", "languages", "portal_url")
LONGEST_ID = 80
Number = TypeVar("Number", int, float)
OPTIONAL = ("population", "settlement", "lat", "lon", "wikidata")


def read_cities(path: Path) -> list[City]:
    """Every city of a CSV (with a header line) or JSON (a list of objects) file.

    Languages are BCP 47 tags parted by spaces, commas or semicolons; countries ISO 3166-1 alpha-3.
    Raises BadCities with all faults at once.
    """
    rows = _rows(path)
    faults = [*_column_faults(rows), *_duplicates(rows)] if rows else ["no city in it"]
    cities = []
    for number, row in enumerate(rows, start=1):
        try:
            cities.append(_city(row))
        except (ValueError, BadId, BadUrl) as error:
            faults.append(f"city {number} ({row.get('id') or 'no id'}): {error}")
    if faults:
        raise BadCities(path, faults)
    return cities


def city_in(document: Mapping[str, Any]) -> City:
    """One city of a results file; raises ValueError, BadId, BadUrl."""
    row = {key: _flat(document.get(key)) for key in REQUIRED}
    city = _city({**row, "country": row["country"] or "ZZZ"})
    city.country = city.country if row["country"] else ""
    return city


def city_of(url: str, *, country: str, languages: Iterable[str]) -> City:
    """A city known by nothing but its portal's address; its id is made of host and path."""
    parts = urlsplit(web_address(url))
    return City(
        id=_slug(parts.geturl()),
        name=parts.netloc,
        country=_country(country) if country else "",
        languages=_languages(" ".join(languages)),
        portal_url=parts.geturl(),
    )


def _slug(url: str) -> str:
    """The host in ASCII without `www`, its port if written, and the path; a digest ends what is too long."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    place = f"{address.host(url).removeprefix('www.')}{port}{parts.path}?{parts.query}"
    slug = re.sub(r"[^a-z0-9]+", "-", place.lower()).strip("-")
    return slug if len(slug) <= LONGEST_ID else f"{slug[:60]}-{sha256(place.encode()).hexdigest()[:12]}"


def refuse_namesakes(cities: Iterable[City], known: Iterable[City]) -> None:
    """Raises BadUrl for a portal whose id another portal has: one's archive must not pass for the other's."""
    taken = {city.id: city.portal_url for city in known}
    for city in cities:
        other = taken.get(city.id, city.portal_url)
        if _place(other) != _place(city.portal_url):
            raise BadUrl(city.portal_url, f"its id {city.id} is taken by {other}: use another --workspace")


def _place(url: str) -> tuple[str, int | None, str, str]:
    parts = urlsplit(url)
    return address.host(url).removeprefix("www."), parts.port, parts.path, parts.query


def web_address(url: str) -> str:
    """The address with its scheme; raises BadUrl."""
    with_scheme = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(with_scheme)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        named = parts.username is not None
    except ValueError:
        sound = named = False
    if named:
        raise BadUrl(f"…@{parts.hostname}", "an archive keeps addresses for ever: leave the password out")
    if not sound or re.search(r"[\s<>\"]", url):
        raise BadUrl(url)
    return with_scheme if parts.path else with_scheme + "/"


def refuse_private(cities: Iterable[City]) -> None:
    """Raises PrivatePortal for a portal whose address is written as a private one."""
    for city in cities:
        if address.is_private(urlsplit(city.portal_url).hostname or ""):
            raise PrivatePortal(city.portal_url)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCities(path, [f"cannot be read: {error}"]) from error
    if path.suffix.lower() == ".json":
        return _json_rows(path, text)
    try:
        return [
            {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
            for row in csv.DictReader(io.StringIO(text))
        ]
    except csv.Error as error:
        raise BadCities(path, [f"not CSV: {error}"]) from error


def _json_rows(path: Path, text: str) -> list[dict[str, str]]:
    try:
        read = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadCities(path, [f"not JSON: {error}"]) from error
    if not isinstance(read, list) or not all(isinstance(row, dict) for row in read):
        raise BadCities(path, ["expected a list of objects, one a city"])
    return [{key: _flat(value) for key, value in row.items()} for row in read]


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _column_faults(rows: list[dict[str, str]]) -> list[str]:
    have = set(rows[0])
    missing = [f"column {name} is missing" for name in REQUIRED if name not in have]
    unknown = [f"unknown column {name}" for name in sorted(have - set(REQUIRED) - set(OPTIONAL))]
    return missing + unknown


def _duplicates(rows: list[dict[str, str]]) -> list[str]:
    ids = [row.get("id", "") for row in rows]
    return [f"id {one} stands there {ids.count(one)} times" for one in sorted(set(ids)) if ids.count(one) > 1]


def _city(row: Mapping[str, str]) -> City:
    return City(
        id=checked_id(row.get("id", "")),
        name=row.get("name", "") or row.get("id", ""),
        country=_country(row.get("country", "")),
        languages=_languages(row.get("languages", "")),
        portal_url=web_address(row.get("portal_url", "")),
        population=_number(row, "population", int),
        settlement=row.get("settlement") or None,
        wikidata=row.get("wikidata") or None,
        lat=_number(row, "lat", float),
        lon=_number(row, "lon", float),
    )


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise BadPlace(f"country {text!r} is not an ISO 3166-1 alpha-3 code, as PRT")
    return text.upper()


def _number(row: Mapping[str, str], column: str, kind: Callable[[str], Number]) -> Number | None:
    text = row.get(column)
    try:
        number = kind(text) if text else None
    except ValueError:
        number = None
    if text and (number is None or not math.isfinite(number)):
        raise ValueError(f"{column} {text!r} is no number")
    return number


def _languages(text: str) -> list[str]:
    tags = [tag for tag in re.split(r"[\s,;|]+", text) if tag]
    for tag in tags:
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
            raise BadPlace(f"language {tag!r} is not a BCP 47 tag, as pt or pt-BR")
    return tags
