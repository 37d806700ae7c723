"""Repeated siblings of the content: lists, tables, cards; and what their items hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from checks.address import file_type
from checks.context import Context
from checks.dates import find_dates
from checks.page import Page, _Zones
from checks.text import collapse, digits

_CONTAINERS = "ul,ol,tbody,table,section,div,main,article,dl,nav,td,body,center,fieldset"
_ITEM_TAGS = frozenset(
    {"li", "tr", "article", "div", "section", "a", "p", "dd", "dt", "details", "h2", "h3", "h4"}
)
_TIME = re.compile(r"(?<!\d)\d{1,2}[:h]\d{2}(?!\d)")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,\s\u00a0]\d{2,3})+(?:[.,]\d{1,2})?(?![\d])")
MAX_ITEM = 2_000  # characters; longer ones are sections, not items
MAX_ITEMS = 500
MAX_LISTS = 60


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    node: Any


def lists_of(page: Page) -> list[tuple[Item, ...]]:
    """The page's lists outside menus, header and footer, largest first."""
    made: list[tuple[Item, ...]] | None = page.__dict__.get("_lists")
    if made is None:
        found = _read_lists(page) if page.is_html else []
        made = page.__dict__["_lists"] = sorted(found, key=len, reverse=True)[:MAX_LISTS]
    return made


def _read_lists(page: Page) -> list[tuple[Item, ...]]:
    zones = _Zones()
    found = []
    for container in page.tree.css(_CONTAINERS):
        groups = _groups(container)
        if not groups or zones.of(groups[0][0]) != "main":
            continue
        for group in groups:
            items = [Item(collapse(node.text(separator=" ")), node) for node in group[:MAX_ITEMS]]
            texts = (item for item in items if item.text and len(item.text) <= MAX_ITEM)
            kept = tuple(item for item in texts if item.text not in page.boilerplate)
            if len(kept) >= 2:
                found.append(kept)
    return found


def _groups(container: Any) -> list[list[Any]]:
    groups: dict[tuple[str, str], list[Any]] = {}
    child = container.first_child
    while child is not None:
        tag = child.tag
        if tag in _ITEM_TAGS:
            groups.setdefault((tag, child.attributes.get("class") or ""), []).append(child)
        child = child.next
    return [group for group in groups.values() if len(group) >= 2]


def item_dates(item: Item, context: Context) -> list[date]:
    found = [one.when for one in find_dates(item.text, context.months, context.country.date_order) if one.day]
    for node in item.node.css("time[datetime]"):
        for one in find_dates((node.attributes.get("datetime") or "")[:10], {}):
            found.append(one.when)
    return found


def has_amount(text: str) -> bool:
    """A sum of money: a currency sign beside digits, or grouped digits that are no date."""
    text = digits(text)
    for place, char in enumerate(text):
        if unicodedata.category(char) == "Sc" and any(
            near.isdigit() for near in text[max(0, place - 3) : place + 4]
        ):
            return True
    return any(not find_dates(match.group(), {}) for match in _GROUPED.finditer(text))


def holds(item: Item, what: str, context: Context) -> bool:
    if what == "date":
        return bool(item_dates(item, context))
    if what == "link":
        return item.node.tag == "a" or item.node.css_first("a[href]") is not None
    if what == "amount":
        return has_amount(item.text)
    if what == "time":
        return bool(_TIME.search(digits(item.text)))
    if what == "file":
        return any(file_type(node.attributes.get("href") or "") for node in _links(item.node))
    return len(item.text.split()) >= 3


def _links(node: Any) -> Iterator[Any]:
    if node.tag == "a":
        yield node
    yield from node.css("a[href]")
