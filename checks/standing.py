"""Whether a quote stands in a page, between the words that are said to be around it, and in the element named."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import SelectolaxError

from checks.page import Page
from checks.quote import contains_quote, texts_of
from checks.text import collapse


def stands(page: Page, quote: str, *, measured: bool = False) -> bool:
    """A measurement may quote the source itself, markup and all."""
    return contains_quote(page, quote) or (measured and collapse(quote) in collapse(page.source))


def stands_between(page: Page, prefix: str, quote: str, suffix: str) -> bool:
    """White space aside: blocks follow each other with and without."""
    if not prefix and not suffix:
        return True
    wanted = _squeezed(prefix + quote + suffix)
    made: tuple[str, ...] | None = page.__dict__.get("_squeezed")
    if made is None:
        made = page.__dict__["_squeezed"] = tuple(_squeezed(text) for text in texts_of(page))
    return any(wanted in text for text in made)


def stands_in(page: Page, selector: str, quote: str) -> bool:
    """In the text or an attribute of an element that the selector finds, or of one inside it."""
    if not selector:
        return True
    wanted = collapse(quote)
    try:
        nodes = page.tree.css(selector) if page.is_html else []
    except SelectolaxError:  # what another wrote need not be a selector
        return False
    return any(_holds(node, wanted) for node in nodes)


def _holds(node: Any, wanted: str) -> bool:
    if any(wanted in collapse(node.text(separator=mark)) for mark in ("", " ")):
        return True
    inside = node.traverse(include_text=False)
    return any(wanted in collapse(said) for one in inside for said in one.attributes.values() if said)


def _squeezed(text: str) -> str:
    return "".join(text.split())
