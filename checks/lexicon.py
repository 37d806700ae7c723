"""One language, one file: the words for each topic. Found all at once, on word boundaries, after folding."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import ahocorasick

from checks.shape import Checker, Shape, texts
from checks.text import collapse, fold, folded_offsets, is_word
from checks.yamlfile import Fault, Source, read_yaml, refuse

FOLDER = Path(__file__).parent / "lexicons"
CACHE = 60_000  # segments remembered: menus repeat on every page
_SHAPE = Shape(
    {"schema": "text", "language": "text", "topics": "map"},
    {
        "script": "text",
        "spaced": "text",
        "status": "text",
        "sources": "any",
        "clitics": "list",
        "months": "any",
        "short": "list",
        "name": "text",
        "note": "text",
    },
)
_TOPIC = Shape({}, {"strong": "list", "weak": "list", "not": "list", "note": "text"})


@dataclass(frozen=True)
class Words:
    """A topic in one language; terms as their author wrote them."""

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True)
class Language:
    tag: str
    status: str
    spaced: bool
    clitics: tuple[str, ...]
    months: tuple[tuple[str, ...], ...]
    topics: Mapping[str, Words]
    short: frozenset[str] = frozenset()  # terms under four letters that their author vouches for


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found; start and end count characters of the folded text."""

    topic: str
    language: str
    term: str
    strong: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Entry:
    topic: str
    language: str
    term: str
    strength: str
    open_end: bool
    spaced: bool


@dataclass
class Lexicon:
    """Several languages merged. Made by `load_lexicon`; a made lexicon does not change."""

    languages: tuple[Language, ...]
    _found: dict[str, tuple[Hit, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._clitics = tuple({fold(item) for language in self.languages for item in language.clitics} - {""})
        self._automaton = _automaton(self.languages)
        self.topics = frozenset(topic for language in self.languages for topic in language.topics)
        self.tags = frozenset(language.tag for language in self.languages)

    def topics_by_language(self) -> dict[str, frozenset[str]]:
        return {language.tag: frozenset(language.topics) for language in self.languages}

    def months(self) -> dict[str, int]:
        """Folded month name → its number."""
        return {
            fold(name): number
            for language in self.languages
            for number, names in enumerate(language.months, 1)
            for name in names
        }

    def scan(self, text: str) -> tuple[Hit, ...]:
        """Every topic in the text, by place; the longest term of a topic where several overlap."""
        found = self._found.get(text)
        if found is None:
            found = self._scan(fold(text))
            if len(text) < 2_000:
                if len(self._found) > CACHE:
                    self._found.clear()
                self._found[text] = found
        return found

    def topics_in(self, text: str, *, weak: bool = False) -> set[str]:
        return {hit.topic for hit in self.scan(text) if hit.strong or weak}

    def span(self, text: str, hit: Hit) -> tuple[int, int]:
        """Where the hit stands in the text as written; the whole text if that cannot be told."""
        offsets = folded_offsets(text, fold(text))
        if offsets is None:
            return 0, len(text)
        return offsets[hit.start], _end_of(text, offsets, hit.end)

    def _scan(self, text: str) -> tuple[Hit, ...]:
        if self._automaton is None or not text:
            return ()
        hits: list[Hit] = []
        nots: list[Hit] = []
        for last, (key, entries) in self._automaton.iter(text):
            start, end = last + 1 - len(key), last + 1
            for entry in entries:
                if self._bounded(text, start, end, entry):
                    hit = Hit(entry.topic, entry.language, entry.term, entry.strength == "strong", start, end)
                    (nots if entry.strength == "not" else hits).append(hit)
        return _keep(hits, nots)

    def _bounded(self, text: str, start: int, end: int, entry: _Entry) -> bool:
        if not entry.spaced:
            return True
        if not entry.open_end and end < len(text) and is_word(text[end]) and is_word(text[end - 1]):
            return False
        return self._starts_word(text, start)

    def _starts_word(self, text: str, start: int, depth: int = 2) -> bool:
        if start == 0 or not is_word(text[start - 1]) or not is_word(text[start]):
            return True
        if not depth:
            return False
        return any(
            text.endswith(clitic, 0, start) and self._starts_word(text, start - len(clitic), depth - 1)
            for clitic in self._clitics
        )


def _end_of(text: str, offsets: list[int], end: int) -> int:
    """The end of the last character, with the marks that belong to it."""
    stop = offsets[end - 1] + 1
    while stop < len(text) and unicodedata.category(text[stop]).startswith("M"):
        stop += 1
    return max(stop, offsets[end]) if offsets[end] <= stop else stop


def _automaton(languages: Iterable[Language]) -> Any:
    keys: dict[str, list[_Entry]] = {}
    for language in languages:
        for topic, words in language.topics.items():
            for strength, terms in (("strong", words.strong), ("weak", words.weak), ("not", words.never)):
                for term in terms:
                    key = fold(collapse(term)).removesuffix("*")
                    entry = _Entry(topic, language.tag, term, strength, term.endswith("*"), language.spaced)
                    if key:
                        keys.setdefault(key, []).append(entry)
    if not keys:
        return None
    made = ahocorasick.Automaton()
    for key, entries in sorted(keys.items()):
        made.add_word(key, (key, tuple(entries)))
    made.make_automaton()
    return made


def _keep(hits: list[Hit], nots: list[Hit]) -> tuple[Hit, ...]:
    """The longest of overlapping hits of one topic, strong before weak; none that a `not` phrase touches."""
    barred: defaultdict[str, _Spans] = defaultdict(_Spans)
    for hit in nots:
        barred[hit.topic].add(hit.start, hit.end)
    # Languages share words (PM10, Wi-Fi): each keeps its own hit, for weak terms count in one language only.
    taken: defaultdict[tuple[str, str], _Spans] = defaultdict(_Spans)
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda one: (one.start - one.end, not one.strong, one.start, one.language)):
        mine = taken[hit.topic, hit.language]
        if not barred[hit.topic].touch(hit.start, hit.end) and not mine.touch(hit.start, hit.end):
            mine.add(hit.start, hit.end)
            kept.append(hit)
    return tuple(sorted(kept, key=lambda one: (one.start, one.end, one.topic)))


class _Spans:
    """Stretches of a text, merged where they overlap, so that a look-up is a bisection."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def touch(self, start: int, end: int) -> bool:
        place = bisect_right(self._ends, start)
        return place < len(self._starts) and self._starts[place] < end

    def add(self, start: int, end: int) -> None:
        first = bisect_right(self._ends, start)
        last = bisect_left(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]


def parse_language(data: dict[str, Any]) -> Language:
    topics = {
        name: Words(texts(item.get("strong")), texts(item.get("weak")), texts(item.get("not")))
        for name, item in data["topics"].items()
    }
    return Language(
        tag=data["language"],
        status=data.get("status", "draft"),
        spaced=data.get("spaced", "yes") != "no",
        clitics=texts(data.get("clitics")),
        months=tuple(texts(names) for names in data.get("months") or ()),
        topics=topics,
        short=frozenset(fold(term) for term in texts(data.get("short"))),
    )


@lru_cache(maxsize=1)
def read_lexicons() -> dict[str, Any]:
    """Language tag → the file's data. Raises BadData for a file that cannot be used."""
    return {path.stem: _usable(path) for path in sorted(FOLDER.glob("*.yaml"))}


def _usable(path: Path) -> Any:
    source = read_yaml(path, f"lexicons/{path.name}")
    refuse(check_lexicon(source, basics_only=True))
    return source.data


def lexicon_languages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_lexicon(languages: Iterable[str]) -> Lexicon:
    """The languages there are files for, and always English; `pt-BR` falls back to `pt`."""
    return make_lexicon(read_lexicons(), languages)


def make_lexicon(files: Mapping[str, Any], languages: Iterable[str]) -> Lexicon:
    wanted = {tag for language in ("en", *languages) for tag in (language, language.partition("-")[0])}
    return Lexicon(tuple(parse_language(files[tag]) for tag in sorted(wanted) if tag in files))


def check_lexicon(
    source: Source, *, known: frozenset[str] | None = None, basics_only: bool = False
) -> list[Fault]:
    """All faults of one file; `known` are the topics of English, that others translate."""
    check = Checker(source, list(source.faults))
    data = check.shape(source.data, (), _SHAPE)
    check.schema(data, "lexicon/1")
    topics = check.mapping(data.get("topics", {}), ("topics",))
    for name, item in topics.items():
        words = check.shape(item, ("topics", name), _TOPIC)
        if known is not None and name not in known:
            check.fault(("topics", name), "unknown topic; add it to lexicons/en.yaml first, or mend the name")
        if not basics_only and not any(words.get(part) for part in ("strong", "weak")):
            check.fault(("topics", name), "no terms; give strong or weak ones, or leave the topic out")
    if data.get("months") and len(data["months"]) != 12:
        check.fault(("months",), "expected twelve lists of month names, January first")
    if not basics_only and not check.faults:
        if data["language"] != Path(source.file).stem:
            check.fault(("language",), f"expected the file's name, {Path(source.file).stem!r}")
        _check_terms(check, data)
    return check.faults


def _check_terms(check: Checker, data: dict[str, Any]) -> None:
    language = parse_language(data)
    owner: dict[str, str] = {}
    for topic in language.topics:
        for part in ("strong", "weak", "not"):
            for place, term in enumerate(texts(data["topics"][topic].get(part))):
                key = ("topics", topic, part, place)
                for message in _term_faults(term, language, part):
                    check.fault(key, message)
                other = owner.setdefault(fold(collapse(term)), topic) if part == "strong" else topic
                if other != topic:
                    check.fault(key, f"{term!r} is a strong term of {other!r} too; keep it under one topic")


def _term_faults(term: str, language: Language, part: str) -> Iterable[str]:
    folded = fold(collapse(term)).removesuffix("*")
    letters = [char for char in folded if char.isalpha()]
    if not letters:
        yield f"{term!r} has no letters"
    elif len(folded) < 4 and folded.isascii() and part != "not" and folded not in language.short:
        yield f"{term!r} is under four letters; lengthen it, or list it under `short` to vouch for it"
    if any(
        unicodedata.bidirectional(char) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"} for char in term
    ):
        yield f"{term!r} holds a text-direction control; retype it"
    for word in term.split():
        if len(_scripts(word)) > 1:
            yield f"{word!r} mixes letters of several scripts; retype it"


def _scripts(word: str) -> set[str]:
    names = {unicodedata.name(char, "?").split()[0] for char in word if char.isalpha()}
    japanese = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}
    ignored = {"FEMININE", "MASCULINE", "MODIFIER", "MICRO"}
    return {"CJK" if name in japanese else name for name in names} - ignored
