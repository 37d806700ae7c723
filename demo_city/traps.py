"""What real portals do to crawlers: pages without end, the same page under many addresses."""

import calendar
import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

from babel.dates import get_day_names

from demo_city.city import HERE, read_yaml

LINK = re.compile(r'(?P<name>href|action)="(?P<path>/[^"#?]*)(?P<query>\?[^"#]*)?(?P<rest>#[^"]*)?"')
SORTS = ("date", "title", "type")
ROWS = 10


@dataclass(frozen=True, slots=True)
class Trap:
    """A dynamic page: the layout that prints it, and what that layout is given."""

    layout: str
    words: dict[str, Any]


def labels(language: str) -> dict[str, str]:
    known: dict[str, dict[str, str]] = read_yaml(HERE / "layouts" / "labels.yaml")
    return known.get(language, known["en"])


def month_page(where: str, root: str, query: Mapping[str, str], today: dt.date, language: str) -> Trap | None:
    """`root?month=2027-01`, and `root/2027-01-15` for a day: each links to its neighbours, without end."""
    if where == root:
        first = day_of(query.get("month", f"{today:%Y-%m}") + "-01")
        return Trap("calendar.html", month_words(first, root, language)) if first else None
    shown = day_of(where.removeprefix(root + "/"))
    if not shown:
        return None
    words = month_words(shown.replace(day=1), root, language) | {"shown": shown}
    return Trap("calendar.html", words)


def day_of(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 9000 else None


def month_words(first: dt.date, root: str, language: str) -> dict[str, Any]:
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    names = get_day_names("abbreviated", locale=language)
    return {
        "root": root,
        "month": first,
        "previous": (first - dt.timedelta(days=1)).replace(day=1),
        "following": (first + dt.timedelta(days=31)).replace(day=1),
        "weeks": weeks,
        "weekdays": [names[day] for day in range(7)],
        "labels": labels(language),
        "language": language,
        "shown": None,
    }


def facet_page(root: str, query: Mapping[str, str], documents: list[dict[str, str]], language: str) -> Trap:
    """Every combination of sort, type, year and page has an address of its own."""
    chosen = {key: query[key] for key in ("sort", "type", "year", "page") if query.get(key)}
    kept = [
        one for one in documents if all(one[key] == chosen[key] for key in ("type", "year") if key in chosen)
    ]
    order = chosen.get("sort", "")
    kept.sort(key=lambda one: one[order if order in SORTS else "date"])
    page = int(chosen["page"]) if chosen.get("page", "").isdecimal() else 1
    words = {
        "root": root,
        "rows": kept[(page - 1) * ROWS : page * ROWS],
        "count": len(kept),
        "choices": choices(root, chosen, documents),
        "following": f"{root}?{urlencode(chosen | {'page': str(page + 1)})}",
        "labels": labels(language),
        "language": language,
        "chosen": chosen,
    }
    return Trap("facets.html", words)


def choices(root: str, chosen: dict[str, str], documents: list[dict[str, str]]) -> list[dict[str, Any]]:
    values = {"sort": SORTS} | {key: sorted({one[key] for one in documents}) for key in ("type", "year")}
    return [
        {"name": name, "links": [(value, f"{root}?{urlencode(chosen | {name: value})}") for value in options]}
        for name, options in values.items()
    ]


def made_documents(today: dt.date, language: str) -> list[dict[str, str]]:
    """A list for cities that have no data/documents.yaml: four kinds a month over five years."""
    kinds = labels(language)["kinds"].split("|")
    months = [(today.year - back, month) for back, month in product(range(5), range(1, 13))]
    return [
        {
            "title": f"{kind} {month:02}/{year}",
            "type": kind,
            "year": str(year),
            "date": f"{year}-{month:02}-15",
        }
        for (year, month), kind in product(months, kinds)
    ]


@dataclass(frozen=True, slots=True)
class Session:
    """A parameter with a random-looking value on internal links, as old portals add."""

    name: str
    under: str = "/"

    @classmethod
    def read(cls, flag: Any) -> "Session | None":
        if not flag:
            return None
        return cls(flag) if isinstance(flag, str) else cls(flag["name"], flag.get("under", "/"))

    def mark(self, html: str, where: str, given: str | None) -> str:
        token = given or hashlib.sha256(where.encode()).hexdigest()[:24]
        return LINK.sub(lambda found: self.marked(found, token), html)

    def marked(self, found: re.Match[str], token: str) -> str:
        path, query = found["path"], found["query"]
        if not path.startswith(self.under) or path.startswith("//") or PurePosixPath(path).suffix:
            return found[0]
        query = f"{query}&amp;{self.name}={token}" if query else f"?{self.name}={token}"
        return f'{found["name"]}="{path}{query}{found["rest"] or ""}"'
