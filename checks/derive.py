"""A stored capture in, a derived fact out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import html5lib

from checks.page import Page
from checks.text import collapse

MAX_SOURCE = 600_000  # characters; html5lib is slow, and one error is enough
# Codes that are no errors any more, or that the official checker only warns of.
_HARMLESS = frozenset({"unexpected-bom", "invalid-codepoint", "expected-named-entity"})
_UNKNOWN = "<template"  # an element that html5lib does not know, and then misreads what follows


@dataclass(frozen=True)
class MarkupError:
    code: str
    line: int
    column: int
    snippet: str


_parser_of: Any = html5lib.HTMLParser


def html_errors(page: Page) -> list[MarkupError]:
    """Parse errors of the page as sent; sure errors, though not all that the Nu checker would find."""
    if not page.is_html or not page.source or len(page.source) > MAX_SOURCE or _UNKNOWN in page.source:
        return []
    parser: Any = _parser_of(strict=False)
    parser.parse(page.source)
    lines = page.source.splitlines()
    errors = []
    for (line, column), code, _ in parser.errors:
        if code not in _HARMLESS:
            errors.append(MarkupError(code, line, column, _snippet(lines, line, column)))
    return errors


def _snippet(lines: list[str], line: int, column: int) -> str:
    if not 0 < line <= len(lines):
        return ""
    return collapse(lines[line - 1][max(0, column - 60) : column + 20])
