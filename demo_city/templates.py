import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jinja2
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup, escape

from demo_city.city import HERE, City
from demo_city.search import Hit, Index

TITLE = re.compile(r"""\{%-?\s*set\s+title\s*=\s*(["'])(.*?)\1""")
DATES = {"longdate": "long", "shortdate": "d MMM y", "monthname": "LLLL y", "weekday": "EEEE"}
#: Other kinds of file that may say {{ base }} or {{ day(-1)|isodate }}.
TEMPLATED = {".html", ".xml", ".txt", ".csv", ".ics", ".json"}
BOX = (
    '<div class="losi-note" role="note" lang="en" dir="ltr">'
    "<strong>How this {verb} indicator {code}.</strong> {why}</div>"
)


def dated(pattern: str, day: dt.date, language: str = "en") -> str:
    return format_date(day, pattern, locale=spelling(language))


def number(value: str, language: str = "en") -> str:
    return format_decimal(Decimal(value), locale=spelling(language))


def money(value: str, currency: str, language: str = "en") -> str:
    return format_currency(Decimal(value), currency, locale=spelling(language))


def spelling(language: str) -> str:
    """Babel's name of a language tag; plain English is British here."""
    return "en_GB" if language == "en" else language.replace("-", "_")


def environment(city: City) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([city.folder / "layouts", city.folder, HERE / "layouts"]),
        autoescape=jinja2.select_autoescape(["html", "xml"], default_for_string=False),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"isodate": dt.date.isoformat, "number": number, "money": money}
    made.filters |= {name: partial(dated, pattern) for name, pattern in DATES.items()}
    return made


class Press:
    """Prints the pages of one host of a city. What a template may use is listed in README.md."""

    def __init__(
        self, city: City, host: str, origins: Mapping[str, str], *, today: dt.date, notes: bool
    ) -> None:
        self.city, self.host, self.origins = city, host, origins
        self.today, self.notes = today, notes
        self.files = city.files(host)
        self.environment = environment(city)

    @cached_property
    def index(self) -> Index:
        """Pages that themselves search are left out, else printing them would never end."""
        return Index({where: self.page(where) for where, path in self.html.items() if not searches(path)})

    @cached_property
    def html(self) -> dict[str, Path]:
        return {where: path for where, path in self.files.items() if path.suffix == ".html"}

    def page(self, where: str, query: Mapping[str, str] | None = None, *, sent: bool = False) -> str:
        name = self.files[where].relative_to(self.city.folder).as_posix()
        return self.layout(name, where, query, sent=sent)

    def layout(
        self,
        name: str,
        where: str,
        query: Mapping[str, str] | None = None,
        *,
        sent: bool = False,
        **more: Any,
    ) -> str:
        asked = {"query": dict(query or {}), "path": where, "sent": sent}
        return self.environment.get_template(name).render(self.words(where) | {"request": asked} | more)

    def has_layout(self, name: str) -> bool:
        return (self.city.folder / "layouts" / name).exists()

    def words(self, where: str) -> dict[str, Any]:
        boxes = Notes(self.city, self.host, where, on=self.notes)
        return {
            "base": self.origins[self.host],
            "city": self.city,
            "data": self.city.data,
            "day": self.day,
            "exists": self.html.__contains__,
            "here": where,
            "note": boxes.one,
            "notes": boxes.rest,
            "pages": self.listing,
            "search": self.search,
            "today": self.today,
            "url": self.url,
        }

    def day(self, offset: int) -> dt.date:
        return self.today + dt.timedelta(days=offset)

    def url(self, host: str, path: str = "/") -> str:
        return self.origins[host] + path

    def search(self, q: str, **filters: str) -> list[Hit]:
        return self.index.search(q, **filters)

    def listing(self, under: str = "/") -> list[dict[str, str]]:
        """Path and title of every page of this host, for site maps."""
        return [
            {"path": where, "title": title(path)}
            for where, path in self.html.items()
            if where.startswith(under)
        ]


class Notes:
    """The boxes "How this meets indicator NNN" of one page; each code once."""

    def __init__(self, city: City, host: str, where: str, *, on: bool) -> None:
        self.city, self.on, self.shown = city, on, set[str]()
        self.where = where if host == "main" else f"{host}:{where}"

    def one(self, code: str, why: str = "") -> Markup:
        if not self.on or code in self.shown:
            return Markup("")
        self.shown.add(code)
        said = self.city.answers.get(code, {})
        verb = (
            "meets"
            if said.get("answer") == "passed" and self.where not in said.get("traps", ())
            else "bears on"
        )
        return Markup(BOX).format(verb=verb, code=code, why=escape(why or said.get("why", "")))

    def rest(self) -> Markup:
        codes = [code for code, said in self.city.answers.items() if self.where in pages_of(said)]
        return Markup("").join(self.one(code) for code in codes)


def pages_of(answer: Mapping[str, Any]) -> list[str]:
    return [*answer.get("page", ()), *answer.get("traps", ())]


def title(path: Path) -> str:
    found = TITLE.search(path.read_text("utf-8"))
    return found[2] if found else path.stem


def searches(path: Path) -> bool:
    return "search(" in path.read_text("utf-8")
