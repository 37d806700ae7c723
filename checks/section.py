"""Sections of a page: a heading with what belongs to it, read like a page of its own.

One page often serves several topics, each under a heading. A section runs to the next heading of the same or
a higher level, to the end of the element that holds it (details, article, table …), or of the page's content.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from checks.form import Form
from checks.listing import lists_of
from checks.page import Link, Page
from checks.passage import Passage
from checks.text import collapse

MAX_SECTIONS = 80
MAX_HEADING = 160  # characters; longer ones are text
_LEVELS = {"summary": 7, "caption": 7, "legend": 7, "dt": 8}
_BOLD = 9  # a paragraph that is all bold, or named a title by its class
_HOLDERS = frozenset({"section", "article", "details", "fieldset", "table", "dl", "li", "main"})
_OUTSIDE = frozenset({"nav", "header", "footer"})
_TITLED = ("card-title", "card__title", "panel-title", "accordion-title", "box-title", "tile-title")


class View(Page, ABC):
    """Part of a page. Bytes, address and language stay the page's; only what is read of them is narrower."""

    def __init__(self, page: Page, passages: tuple[Passage, ...]) -> None:
        self.__dict__.update({name: page.__dict__[name] for name in _SHARED})
        self.__dict__["passages"] = passages
        self.page = page
        self.parted = False

    @abstractmethod
    def spans(self, place: int) -> bool:
        """Whether the element at that place of the document belongs to the part."""

    def holds(self, node: Any) -> bool:
        place = _order(self.page).get(node.mem_id) if node is not None else None
        return place is not None and self.spans(place)

    @cached_property
    def tree(self) -> Any:
        return _Part(self)

    @cached_property
    def source(self) -> str:
        return self.page.source

    @cached_property
    def identified(self) -> tuple[str, bool]:
        return self.page.identified

    @cached_property
    def declared_language(self) -> str:
        return self.page.declared_language

    @cached_property
    def main(self) -> tuple[Passage, ...]:
        mine = set(map(id, self.passages))
        return tuple(one for one in self.page.main if id(one) in mine)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return tuple(link for link in self.page.links if self.holds(link.node))

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        return tuple(form for form in self.page.forms if self.holds(form.node))

    @cached_property
    def _lists(self) -> list[Any]:
        parts = (tuple(item for item in items if self.holds(item.node)) for items in lists_of(self.page))
        return sorted((items for items in parts if len(items) >= 2), key=len, reverse=True)


class Section(View):
    """The passages and elements from one heading on; its title is that heading."""

    def __init__(self, page: Page, heading: Passage, passages: tuple[Passage, ...], span: range) -> None:
        super().__init__(page, passages)
        self.heading, self.span = heading, span
        self.__dict__["title"] = heading.text

    def __repr__(self) -> str:
        return f"Section({self.url!r}, {self.heading.text!r})"

    def spans(self, place: int) -> bool:
        return place in self.span

    @cached_property
    def headings(self) -> tuple[Passage, ...]:
        return (replace(self.heading, tag="h1"),)

    @cached_property
    def is_leaf(self) -> bool:
        """Whether no other section begins inside it."""
        return not any(_level(one) for one in self.passages[1:])


class Rest(View):
    """A page without some of its sections."""

    def __init__(self, page: Page, without: list[Section]) -> None:
        gone = {id(one) for section in without for one in section.passages}
        super().__init__(page, tuple(one for one in page.passages if id(one) not in gone))
        self.gone = [section.span for section in without]
        self.parted = page.parted

    def spans(self, place: int) -> bool:
        return not any(place in span for span in self.gone)

    @cached_property
    def title(self) -> str:
        return self.page.title


_SHARED = ("url", "status", "kind", "record_id", "boilerplate", "mime", "truncated", "body")


class _Part:
    """The elements of a section, asked for by CSS as those of a page are."""

    def __init__(self, view: View) -> None:
        self.view = view

    def css(self, query: str) -> list[Any]:
        return [node for node in self.view.page.tree.css(query) if self.view.holds(node)]

    def css_first(self, query: str) -> Any:
        return next(iter(self.css(query)), None)


def sections_of(page: Page) -> list[Section]:
    """In reading order, outer before inner; none where the page is but one."""
    made: list[Section] | None = page.__dict__.get("_sections")
    if made is None:
        made = page.__dict__["_sections"] = _read(page) if page.is_html else []
    return made


def _read(page: Page) -> list[Section]:
    marks = [(place, level) for place, one in enumerate(page.passages) if (level := _level(one))]
    topmost = [level for place, level in marks if level == 1]
    usable = [(place, level) for place, level in marks if level > 1 or len(topmost) > 1]
    zone = page.main[0].zone if page.main else ""
    found: list[Section] = []
    for place, level in usable:
        if page.passages[place].zone == zone and len(found) < MAX_SECTIONS:
            stop = next((later for later, other in marks if later > place and other <= level), None)
            found.append(_cut(page, place, stop))
    return found


def _level(passage: Passage) -> int:
    """1–6 of a heading, more of what serves as one, 0 of all else."""
    if len(passage.text) > MAX_HEADING or passage.node is None:
        return 0
    return passage.level or _LEVELS.get(passage.tag, 0) or (_BOLD if _is_bold(passage) else 0)


def _is_bold(passage: Passage) -> bool:
    if passage.tag not in ("p", "div") or len(passage.text) > MAX_HEADING // 2:
        return False
    names = passage.node.attributes.get("class") or ""
    if names and any(name in _TITLED for name in names.split()):
        return True
    child = passage.node.first_child
    while child is not None and child.is_text_node and not (child.text_content or "").strip():
        child = child.next
    return child is not None and child.tag in ("strong", "b") and collapse(child.text()) == passage.text


def _cut(page: Page, place: int, stop: int | None) -> Section:
    heading, order = page.passages[place], _order(page)
    begin = order.get(heading.node.mem_id, 0)
    holder = _holder(heading.node)
    outer = range(order.get(holder.mem_id, 0), _after(holder, order)) if holder is not None else None
    end = outer.stop if outer is not None else len(order)
    taken: list[Passage] = []
    for later in range(place, stop if stop is not None else len(page.passages)):
        one = page.passages[later]
        at = order.get(one.node.mem_id, 0)
        if one.zone in _OUTSIDE or (outer is not None and at not in outer):
            end = min(end, at) if at > begin else end
            break
        taken.append(one)
    following = _tail(taken, page.boilerplate) or (page.passages[stop] if stop is not None else None)
    if following is not None:
        at = order.get(following.node.mem_id, 0)
        end = min(end, at) if at > begin else end
    return Section(page, heading, tuple(taken), range(begin, max(end, begin + 1)))


def _tail(taken: list[Passage], boilerplate: frozenset[str]) -> Passage | None:
    """Cuts off what no element sets apart from the content: the lines at the foot of every page."""
    for place in range(1, len(taken)):
        ends = taken[place : place + 2]
        if all(one.text in boilerplate or "©" in one.text for one in ends):
            first = taken[place]
            del taken[place:]
            return first
    return None


def _holder(node: Any) -> Any:
    node = node.parent
    while node is not None and node.tag not in _HOLDERS:
        node = node.parent
    return node


def _order(page: Page) -> dict[int, int]:
    """The place of every element in the document."""
    made: dict[int, int] | None = page.__dict__.get("_order")
    if made is None:
        root = page.tree.root
        nodes: Iterator[Any] = root.traverse(include_text=False) if root is not None else iter(())
        made = page.__dict__["_order"] = {node.mem_id: place for place, node in enumerate(nodes)}
    return made


def _after(node: Any, order: dict[int, int]) -> int:
    """The place of the first element behind all that the node holds."""
    while node is not None:
        following = node.next
        while following is not None:
            place = order.get(following.mem_id)
            if place is not None:
                return place
            following = following.next
        node = node.parent
    return len(order)
