"""Cities from outside: a CSV or JSON list, or just an address."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler import address
from evidence_store import City
from losi.errors import BadCities, BadId, BadUrl, PrivatePortal
from losi.workspace import checked_id

REQUIRED = ("id", "name", "country", "languages", "portal_url")
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


def city_of(url: str, *, country: str, languages: Iterable[str]) -> City:
    """A city known by nothing but its portal's address; its id is made of the host."""
    parts = urlsplit(web_address(url))
    slug = re.sub(r"[^a-z0-9]+", "-", parts.netloc.lower().removeprefix("www.")).strip("-")
    return City(
        id=slug, name=parts.netloc, country=country, languages=list(languages), portal_url=parts.geturl()
    )


def web_address(url: str) -> str:
    """The address with its scheme; raises BadUrl."""
    with_scheme = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(with_scheme)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
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
    return [
        {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
        for row in csv.DictReader(io.StringIO(text))
    ]


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
    country = row.get("country", "").upper()
    if not re.fullmatch(r"[A-Z]{3}", country):
        raise ValueError(f"country {country!r} is not an ISO 3166-1 alpha-3 code, as PRT")
    return City(
        id=checked_id(row.get("id", "")),
        name=row.get("name", "") or row.get("id", ""),
        country=country,
        languages=_languages(row.get("languages", "")),
        portal_url=web_address(row.get("portal_url", "")),
        population=int(row["population"]) if row.get("population") else None,
        settlement=row.get("settlement") or None,
        wikidata=row.get("wikidata") or None,
        lat=float(row["lat"]) if row.get("lat") else None,
        lon=float(row["lon"]) if row.get("lon") else None,
    )


def _languages(text: str) -> list[str]:
    tags = [tag for tag in re.split(r"[\s,;|]+", text) if tag]
    for tag in tags:
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
            raise ValueError(f"language {tag!r} is not a BCP 47 tag, as pt or pt-BR")
    return tags
