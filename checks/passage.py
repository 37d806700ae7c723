"""The text of a page in reading order: one passage per block, with where it stands and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from checks.text import squeeze

MAX_NODES = 200_000
_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "object", "head", "select", "canvas"}
)
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_ZONE_TAGS = {"nav": "nav", "header": "header", "footer": "footer", "aside": "aside", "main": "main"}
_ZONE_ROLES = {
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "main": "main",
    "menubar": "nav",
    "menu": "nav",
}
# Names that template makers give to the same places when they do not use the elements.
_ZONE_NAMES = {
    **dict.fromkeys(
        ["nav", "navbar", "menu", "main-menu", "mainmenu", "navigation", "topnav", "topmenu"], "nav"
    ),
    **dict.fromkeys(["breadcrumb", "breadcrumbs"], "nav"),
    **dict.fromkeys(["site-header", "topbar", "masthead", "header"], "header"),
    **dict.fromkeys(["footer", "site-footer", "page-footer"], "footer"),
    **dict.fromkeys(["sidebar", "side-bar"], "aside"),
}
_CONSENT = re.compile(r"(?:^|[-_\s])(?:cookies?|consent|gdpr|rgpd|lgpd|onetrust|cookiebot)(?:$|[-_\s])", re.I)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


@dataclass(slots=True)
class Passage:
    """`pieces` are the text nodes: (start, end) in `text`; a quote from one piece survives any extractor."""

    text: str
    tag: str
    zone: str
    hidden: bool
    node: Any = field(repr=False)
    pieces: list[tuple[int, int]] = field(default_factory=list, repr=False)

    @property
    def level(self) -> int:
        """1–6 for a heading, else 0."""
        tag = self.tag
        return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0


@dataclass(slots=True)
class _State:
    tag: str
    zone: str
    hidden: bool
    node: Any


def zone_of(node: Any, inherited: str) -> str:
    """The zone an element opens, or the one it stands in. A header inside the content is content."""
    tag = node.tag
    found = _ZONE_TAGS.get(tag)
    if found is None and tag in _INLINE:
        return inherited
    attributes = node.attributes
    if attributes:
        found = _ZONE_ROLES.get((attributes.get("role") or "").strip().lower(), found)
        if found is None and tag in ("div", "ul", "section", "table", "ol", "td"):
            names = f"{attributes.get('id') or ''} {attributes.get('class') or ''}".lower().split()
            found = next((_ZONE_NAMES[name] for name in names if name in _ZONE_NAMES), None)
    if found is None or (inherited == "main!" and found in ("header", "footer")):
        return inherited
    return "main!" if found == "main" else found


def is_hidden(node: Any) -> bool:
    """Not shown to people, or the cookie banner, which says nothing about the city."""
    attributes = node.attributes
    if not attributes:
        return False
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    if style and _HIDDEN_STYLE.search(style):
        return True
    names = f"{attributes.get('id') or ''} {attributes.get('class') or ''}"
    if names != " " and _CONSENT.search(names):
        tag = node.tag
        return tag in ("div", "section", "aside", "dialog", "form") and tag not in ("body", "main", "article")
    return False


def read_passages(root: Any) -> tuple[list[Passage], bool]:
    """All passages in order, and whether the page was too large to be read to its end."""
    passages: list[Passage] = []
    line = _Line(passages)
    for seen, (node, state, closing) in enumerate(_walk(root)):
        if seen > MAX_NODES:
            line.flush()
            return passages, True
        if closing:
            line.flush()
        elif node.is_text_node:
            line.add(node.text_content or "", state)
        else:  # a block or a break begins
            line.flush()
    line.flush()
    return passages, False


class _Line:
    def __init__(self, passages: list[Passage]) -> None:
        self.passages = passages
        self.parts: list[tuple[str, _State]] = []

    def add(self, text: str, state: _State) -> None:
        if text:
            self.parts.append((text, state))

    def flush(self) -> None:
        parts, self.parts = self.parts, []
        text, pieces = "", []
        for raw, _ in parts:
            piece = squeeze(raw)
            if not text or text.endswith(" "):
                piece = piece.lstrip()
            elif len(text) > 1 and text[-1].isalnum() and piece[:1].isalnum():
                text += " "  # spans that styles set apart; a single letter before is a drop cap
            start = len(text)
            text += piece
            if piece.strip():
                lead = len(piece) - len(piece.lstrip())
                pieces.append((start + lead, start + len(piece.rstrip())))
        if text.strip():
            state = next(state for raw, state in parts if raw.strip())
            self.passages.append(
                Passage(text.rstrip(), state.tag, state.zone, state.hidden, state.node, pieces)
            )


def _walk(root: Any) -> Iterator[tuple[Any, _State, bool]]:
    """Depth first without recursion: text nodes, and openings and closings of what breaks a line."""
    stack: list[tuple[Any, _State, bool]] = [(root, _State("body", "", False, root), False)]
    while stack:
        node, state, closing = stack.pop()
        if closing:
            yield node, state, True
            continue
        following = node.next
        if following is not None and node is not root:
            stack.append((following, state, False))
        tag = node.tag
        if tag == "-text":
            yield node, state, False
            continue
        if tag is None or tag[0] in "-_!" or tag in _SKIPPED or not node.is_element_node:
            continue
        inner = _inner(node, tag, state)
        if tag not in _INLINE:
            yield node, inner, False
            stack.append((node, inner, True))
        child = node.child
        if child is not None:
            stack.append((child, inner, False))


def _inner(node: Any, tag: str, state: _State) -> _State:
    if tag in _INLINE:
        if tag != "span" or "hidden" not in node.attributes:
            return state
        return _State(state.tag, state.zone, True, state.node)
    # A block or an accordion's button inside a heading or a list item keeps their meaning.
    kept = state.tag if tag in ("div", "p", "button") and state.tag in _KEPT else tag
    return _State(kept, zone_of(node, state.zone), state.hidden or is_hidden(node), node)


_KEPT = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "th", "caption", "figcaption", "summary"})
