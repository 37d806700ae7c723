"""Quotes are literal: what is quoted stands in the capture, white space aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checks.lexicon import Hit, Lexicon
from checks.page import Page
from checks.passage import Passage
from checks.text import collapse, cut

MAX_QUOTE = 300  # characters
MAX_AROUND = 60


@dataclass(frozen=True, slots=True)
class Found:
    """What a matcher saw: a verbatim quote, and where. `page` is set when it stands in another capture."""

    quote: str
    prefix: str = ""
    suffix: str = ""
    node: Any = None
    term: str = ""
    topic: str = ""
    language: str = ""
    page: tuple[str, str] | None = None  # (record id, address)
    reason: str = ""


def of_passage(passage: Passage, start: int, end: int) -> tuple[str, str, str]:
    """(quote, prefix, suffix) around text[start:end]: one text node where it fits, else the line."""
    text = passage.text
    for left, right in passage.pieces:
        if left <= start and end <= right:
            first, last = cut(text[left:right], start - left, end - left, MAX_QUOTE)
            first, last = left + first, left + last
            break
    else:
        covering = [piece for piece in passage.pieces if piece[0] < end and start < piece[1]]
        first = min([start, *(left for left, _ in covering)])
        last = max([end, *(right for _, right in covering)])
        if last - first > MAX_QUOTE:
            first, last = start, min(end, start + MAX_QUOTE)
    prefix, suffix = text[max(0, first - MAX_AROUND) : first], text[last : last + MAX_AROUND]
    return text[first:last].strip(), prefix.strip(), suffix.strip()


def hit_in(passage: Passage, hit: Hit, lexicon: Lexicon) -> Found:
    start, end = lexicon.span(passage.text, hit)
    quote, prefix, suffix = of_passage(passage, start, end)
    return Found(quote, prefix, suffix, passage.node, hit.term, hit.topic, hit.language)


def whole(passage: Passage) -> Found:
    """The longest text node of a passage."""
    start, end = max(passage.pieces, key=lambda piece: piece[1] - piece[0])
    quote, prefix, suffix = of_passage(passage, start, min(end, start + MAX_QUOTE))
    return Found(quote, prefix, suffix, passage.node)


def within(text: str, hit: Hit | None, lexicon: Lexicon | None, node: Any = None) -> Found:
    """A quote from one attribute or one short text."""
    if hit is None or lexicon is None:
        return Found(text[:MAX_QUOTE].strip(), node=node)
    start, end = lexicon.span(text, hit)
    first, last = cut(text, start, end, MAX_QUOTE)
    return Found(text[first:last].strip(), "", "", node, hit.term, hit.topic, hit.language)


def pieces_of(node: Any) -> list[str]:
    """The text nodes under an element, white space collapsed, empty ones left out."""
    texts = (
        collapse(item.text_content or "") for item in node.traverse(include_text=True) if item.is_text_node
    )
    return [text for text in texts if text]


def longest_piece(node: Any) -> str:
    return max(pieces_of(node), key=len, default="")[:MAX_QUOTE].strip()


def contains_quote(page: Page, quote: str) -> bool:
    """Whether the quote stands literally in the page's text or in one of its attributes."""
    wanted = collapse(quote)
    if not wanted:
        return False
    return any(wanted in text for text in texts_of(page)) or _in_attributes(page, wanted)


def texts_of(page: Page) -> Iterable[str]:
    kept: tuple[str, ...] | None = page.__dict__.get("_quotable")
    if kept is None:
        if page.is_html:
            root = page.tree.root
            joined = [root.text(separator=mark) for mark in ("", " ")] if root is not None else []
        elif page.is_document:
            joined = [page.text, page.title]
        else:
            joined = [page.source]
        kept = page.__dict__["_quotable"] = tuple(collapse(text) for text in joined)
    return kept


def _in_attributes(page: Page, wanted: str) -> bool:
    if not page.is_html or page.tree.root is None:
        return False
    for node in page.tree.root.traverse(include_text=False):
        if any(value and wanted in collapse(value) for value in node.attributes.values()):
            return True
    return False


def selector(node: Any) -> str:
    """A CSS path to an element, from the nearest id downwards; "" for none."""
    path: list[str] = []
    while node is not None and node.is_element_node and len(path) < 12:
        name = node.tag
        identity = node.attributes.get("id") or ""
        if identity.replace("-", "").replace("_", "").isalnum() and identity[:1].isalpha():
            path.append(f"{name}#{identity}")
            break
        if name in ("html", "body"):
            path.append(name)
            break
        path.append(f"{name}:nth-of-type({_place(node)})")
        node = node.parent
    return " > ".join(reversed(path))


def _place(node: Any) -> int:
    place, before = 1, node.prev
    while before is not None:
        place += before.tag == node.tag
        before = before.prev
    return place
