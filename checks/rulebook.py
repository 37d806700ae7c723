"""Rules, lexicons, fingerprints and countries as one text: what a round archives and a digest is taken of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from checks.country import Country, find_country, read_countries
from checks.errors import BadData
from checks.fingerprint import Provider, parse_fingerprints, read_fingerprints
from checks.lexicon import Lexicon, make_lexicon, read_lexicons
from checks.rule import Rule, parse_rule, read_rules

SCHEMA = "losi-rules/1"


@dataclass(frozen=True)
class Rulebook:
    text: str
    data: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def rules(self) -> dict[str, Rule]:
        return {rule_id: parse_rule(item) for rule_id, item in self.data["rules"].items()}

    @cached_property
    def providers(self) -> tuple[Provider, ...]:
        return parse_fingerprints(self.data["fingerprints"])

    def lexicon(self, languages: Iterable[str]) -> Lexicon:
        wanted = tuple(sorted(set(languages)))
        made = self._lexicons.get(wanted)
        if made is None:
            made = self._lexicons[wanted] = make_lexicon(self.data["lexicons"], wanted)
        return made

    @cached_property
    def _lexicons(self) -> dict[tuple[str, ...], Lexicon]:
        return {}

    def country(self, code: str) -> Country:
        return find_country(self.data["countries"], code)


@lru_cache(maxsize=4)
def parse_rulebook(text: str) -> Rulebook:
    """Raises BadData for a text that is no rules text."""
    try:
        data = json.loads(text)
    except ValueError as problem:
        raise BadData([f"archived rules: not JSON ({problem}); the archive is damaged"]) from problem
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise BadData([f"archived rules: expected {SCHEMA}; the archive is of another version"])
    return Rulebook(text, data)


@lru_cache(maxsize=1)
def load_rulebook() -> Rulebook:
    """The package's own files. Raises BadData."""
    data = {
        "schema": SCHEMA,
        "rules": read_rules(),
        "lexicons": read_lexicons(),
        "fingerprints": read_fingerprints(),
        "countries": read_countries(),
    }
    # In the files' own order, which findings show: what is read from the archive must be what was read here.
    text = json.dumps(data, ensure_ascii=False, indent=0)
    return Rulebook(text, json.loads(text))


def rules_text() -> str:
    return load_rulebook().text
