"""Facts of one country: law names, national hand-off hosts, government suffixes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from checks.shape import Checker, Shape, texts
from checks.yamlfile import Fault, Source, read_yaml, refuse

FOLDER = Path(__file__).parent / "countries"
_SHAPE = Shape(
    {"schema": "text", "country": "text", "name": "text", "languages": "list"},
    {
        "iso3": "text",
        "government_suffixes": "list",
        "handoff_hosts": "map",
        "laws": "map",
        "date_order": "text",
        "sources": "any",
        "currency": "list",
        "note": "text",
        "checked": "text",
        "calendar": "text",
    },
)


@dataclass(frozen=True)
class Country:
    code: str
    name: str = ""
    iso3: str = ""
    languages: tuple[str, ...] = ()
    government_suffixes: tuple[str, ...] = ()
    handoff_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    laws: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date_order: str = "dmy"


UNKNOWN = Country("")


def parse_country(data: Mapping[str, Any]) -> Country:
    return Country(
        code=data["country"],
        name=data["name"],
        iso3=data.get("iso3", ""),
        languages=texts(data.get("languages")),
        government_suffixes=tuple(
            suffix.lstrip(".").lower() for suffix in texts(data.get("government_suffixes"))
        ),
        handoff_hosts={topic: texts(hosts) for topic, hosts in (data.get("handoff_hosts") or {}).items()},
        laws={topic: texts(laws) for topic, laws in (data.get("laws") or {}).items()},
        date_order=data.get("date_order", "dmy"),
    )


@lru_cache(maxsize=1)
def read_countries() -> dict[str, Any]:
    """File stem → data. Raises BadData."""
    return {path.stem: _usable(path) for path in sorted(FOLDER.glob("*.yaml"))}


def _usable(path: Path) -> Any:
    source = read_yaml(path, f"countries/{path.name}")
    refuse(check_country(source))
    return source.data


def find_country(files: Mapping[str, Any], code: str) -> Country:
    """By ISO 3166-1 alpha-2 or alpha-3; an unknown one knows nothing."""
    code = code.upper()
    for _, data in sorted(files.items()):
        country = parse_country(data)
        if code and code in (country.code.upper(), country.iso3.upper() or _alpha3(country.code)):
            return country
    return UNKNOWN


def load_country(code: str) -> Country:
    return find_country(read_countries(), code)


def _alpha3(alpha2: str) -> str:
    from babel.core import get_global  # CLDR's territory aliases hold the three-letter codes

    aliases = get_global("territory_aliases")
    return next((code for code, twos in aliases.items() if len(code) == 3 and twos == [alpha2.upper()]), "")


def check_country(source: Source) -> list[Fault]:
    check = Checker(source, list(source.faults))
    data = check.shape(source.data, (), _SHAPE)
    check.schema(data, "country/1")
    stem = Path(source.file).stem
    if "country" in data and str(data["country"]).lower() not in (stem.lower(), "world"):
        check.fault(("country",), f"expected the file's name, {stem!r}")
    for part in ("handoff_hosts", "laws"):
        for topic, items in (data.get(part) or {}).items():
            if not isinstance(items, list):
                check.fault((part, topic), "expected a list of texts [a, b]")
    if data.get("date_order", "dmy") not in ("dmy", "mdy", "ymd"):
        check.fault(("date_order",), "expected dmy, mdy or ymd")
    return check.faults
