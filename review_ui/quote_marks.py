"""Where a quote stands in a page's text, through the elements it runs across: white space does not count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

MAX_PLACES = 20

Span = tuple[int, int]  # from, to, in one piece of text


def marks(pieces: Sequence[str], quote: str) -> dict[int, list[Span]]:
    """By piece, what of it belongs to a place where the quote stands."""
    wanted = "".join(quote.split())
    if not wanted:
        return {}
    bare = ["".join(piece.split()) for piece in pieces]
    starts = [0, *accumulate(len(piece) for piece in bare)]
    found: dict[int, list[Span]] = {}
    letters: dict[int, list[int]] = {}  # by piece, the places of what is no white space
    for start in _places("".join(bare), wanted):
        for piece in range(bisect_right(starts, start) - 1, len(pieces)):
            if starts[piece] >= start + len(wanted):
                break
            if not bare[piece]:
                continue
            if piece not in letters:
                letters[piece] = [at for at, letter in enumerate(pieces[piece]) if not letter.isspace()]
            first = max(start - starts[piece], 0)
            last = min(start + len(wanted) - starts[piece], len(bare[piece]))
            found.setdefault(piece, []).append((letters[piece][first], letters[piece][last - 1] + 1))
    return found


def _places(text: str, wanted: str) -> Iterator[int]:
    start = text.find(wanted)
    for _ in range(MAX_PLACES):
        if start < 0:
            return
        yield start
        start = text.find(wanted, start + len(wanted))
