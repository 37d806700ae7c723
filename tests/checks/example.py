"""Example pages of rules: the file name is the expectation, comments say where the page stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from checks.context import Context, Inbound, page_key
from checks.judge import Judgement, Looked, judge
from checks.page import Page
from checks.rule import Rule
from checks.rulebook import Rulebook
from checks.sighting import signals

TODAY = date(2026, 11, 23)
_COMMENT = re.compile(r"<!--\s*([a-z][a-z-]*):\s*(.*?)\s*-->")
_DAY = re.compile(r"\{\{\s*day\((-?\d+)\)\s*\}\}")


@dataclass(frozen=True)
class Example:
    path: Path
    expected: str
    language: str
    page: Page
    context: Context

    def judge(self, rule: Rule) -> Judgement:
        """Absence counts as looked for only where the page is an example of failed."""
        looked = Looked(
            pages=1000 if self.expected == "failed" else 1,
            roles=frozenset({"home", *rule.coverage.roles}),
            languages=(self.language,),
            lexicon=self.context.lexicon.topics_by_language(),
            stopped="exhausted" if self.expected == "failed" else "budget",
        )
        return judge(rule, signals(self.page, [rule], self.context), looked)


def read_example(
    path: Path, book: Rulebook, *, url: str | None = None, language: str | None = None
) -> Example:
    expected, _, rest = path.stem.partition("-")
    tag = language or rest.split("-")[0] or "en"
    text = _DAY.sub(
        lambda match: (TODAY + timedelta(days=int(match.group(1)))).isoformat(), path.read_text("utf-8")
    )
    said: dict[str, list[str]] = {}
    for match in _COMMENT.finditer(text[:3000]):
        said.setdefault(match.group(1), []).append(match.group(2))
    home = "home" in said.get("role", [])
    address = url or said.get("url", ["https://city.example/" if home else "https://city.example/page"])[0]
    mime = "application/pdf" if path.suffix == ".pdf" else "text/html"
    kind = said.get("kind", ["page"])[0]
    page = Page.of(
        address, _without_comments(text), mime=mime, kind=kind, status=int(said.get("status", ["200"])[0])
    )
    site = "/".join(address.split("/")[:3])
    inbound = tuple(Inbound(words, "urn:page:linking", f"{site}/") for words in said.get("inbound", []))
    context = Context(
        lexicon=book.lexicon([tag]),
        providers=book.providers,
        country=book.country(said.get("country", [""])[0]),
        portal_url=said.get("portal", [address if home else f"{site}/"])[0],
        city_name=said.get("city", [""])[0],
        languages=tuple(said.get("languages", [tag])[0].replace(",", " ").split()),
        today=date.fromisoformat(said.get("today", [TODAY.isoformat()])[0]),
        inbound={page_key(address): inbound} if inbound else {},
        roles={address: frozenset(said.get("role", []))},
    )
    return Example(path, expected, tag, page, context)


def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text[:3000]) + text[3000:]
