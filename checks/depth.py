"""Markup nested without end is cut where it goes too deep: reading a tree costs its depth times its size."""

from __future__ import annotations

import re

MAX_DEPTH = 6_000
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.I)
# What stands alone, and what a parser closes by itself when the next one opens.
_FLAT = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr
    p li dt dd option optgroup tr td th thead tbody tfoot colgroup rp rt html head body
    """.split()
)


def shallow(source: str) -> str:
    """The markup up to the tag that opens the MAX_DEPTH-th element inside others; all of it as a rule."""
    depth = 0
    for match in _TAG.finditer(source) if source.count("<") > MAX_DEPTH else ():
        if match.group(2).lower() in _FLAT:
            continue
        depth = max(depth - 1, 0) if match.group(1) else depth + 1
        if depth > MAX_DEPTH:
            return source[: match.start()]
    return source
