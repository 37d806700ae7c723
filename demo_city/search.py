import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import lxml.html

MARGIN = 90  # characters of context on each side of a hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    path: str
    title: str
    excerpt: str
    section: str  # first segment of the path after the language, "" for top pages
    language: str


@dataclass(frozen=True, slots=True)
class Entry:
    hit: Hit
    text: str
    folded: str


class Index:
    """The city's own pages, searched as a small portal does: all words, a phrase, none of these words."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.entries = [entry(path, html) for path, html in pages.items()]

    def search(
        self, q: str, *, phrase: str = "", without: str = "", section: str = "", language: str = ""
    ) -> list[Hit]:
        words = [fold(word) for word in q.split()] + ([fold(phrase)] if phrase else [])
        if not words:
            return []
        refused = [fold(word) for word in without.split()]
        found = [
            shown(one, words[0])
            for one in self.entries
            if all(word in one.folded for word in words) and not any(word in one.folded for word in refused)
        ]
        wanted = {"section": section, "language": language}
        return [
            hit for hit in found if all(getattr(hit, key) == value for key, value in wanted.items() if value)
        ]


def entry(path: str, html: str) -> Entry:
    tree = lxml.html.fromstring(html)  # type: ignore[no-untyped-call]
    language = tree.get("lang", "")
    body = tree.find(".//main")
    text = " ".join((tree if body is None else body).text_content().split())
    title = (tree.findtext(".//title") or path).strip()
    hit = Hit(path=path, title=title, excerpt="", section=section(path, language), language=language)
    return Entry(hit, text, fold(f"{title} {text}"))


def section(path: str, language: str) -> str:
    parts = [part for part in path.split("/")[:-1] if part and part != language]
    return parts[0] if parts else ""


def shown(one: Entry, word: str) -> Hit:
    at = max(fold(one.text, keep_length=True).find(word), 0)
    start = max(at - MARGIN, 0)
    cut = one.text[start : at + MARGIN].strip()
    hit = one.hit
    return Hit(path=hit.path, title=hit.title, excerpt=cut, section=hit.section, language=hit.language)


def fold(text: str, *, keep_length: bool = False) -> str:
    if keep_length:
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"\s+", " ", "".join(c for c in plain if not unicodedata.combining(c)))
