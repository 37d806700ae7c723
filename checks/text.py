"""Folding and white space: the only two things ever done to words before they are compared."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
# Invisible characters that writers and word processors leave inside words: soft hyphen, zero-width, bidi.
_INVISIBLE = [
    0xAD,
    0x61C,
    0x2060,
    0xFEFF,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
]
_ARABIC_SIGNS = [0x640, 0x670, *range(0x64B, 0x653)]  # vowel signs and the stretching tatweel
_DROPPED: dict[int, str | None] = dict.fromkeys([*range(0x300, 0x370), *_ARABIC_SIGNS, *_INVISIBLE])
_MAPPED: dict[int, str] = {
    0x6A9: "\u0643",  # Persian kaf → Arabic
    0x6CC: "\u064a",  # Persian yeh → Arabic
    0x649: "\u064a",  # alef maksura, often typed for final yeh
    **dict.fromkeys([0x2018, 0x2019, 0x2BC, 0x2032], "'"),
    **dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212], "-"),
}
_TABLE: dict[int, str | None] = {**_DROPPED, **_MAPPED}
_MARKS = ("Mn", "Mc", "Me")


def collapse(text: str) -> str:
    """White space runs as one space, none at the ends."""
    return " ".join(text.split())


def squeeze(text: str) -> str:
    """White space runs as one space, ends kept: for joining pieces of one line."""
    return _SPACE.sub(" ", text)


def fold(text: str) -> str:
    """NFKC, case-fold, drop Latin/Greek/Cyrillic marks and Arabic vowel signs; Indic and Thai vowels stay."""
    if text.isascii():
        return text.lower()
    for _ in range(4):  # case-folding may undo a normal form and the reverse: two rounds settle it
        folded = _fold_once(text)
        if folded == text:
            return folded
        text = folded
    return text


def _fold_once(text: str) -> str:
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", text.translate(_TABLE))


def is_word(char: str) -> bool:
    """Letters, digits and the vowel signs of Indic scripts belong to words."""
    return char.isalnum() or char == "_" or unicodedata.category(char) in _MARKS


def folded_offsets(text: str, folded: str) -> list[int] | None:
    """For each character of `folded` its offset in `text`, and the end; None if it cannot be told."""
    offsets: list[int] = []
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.category(text[end]) in _MARKS:
            end += 1
        part = fold(text[start:end])
        parts.append(part)
        offsets += [start] * len(part)
        start = end
    if "".join(parts) != folded:
        return None
    return [*offsets, len(text)]


def digits(text: str) -> str:
    """Digits of any script as 0-9."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() and not char.isascii() else char for char in text
    )


def cut(text: str, start: int, end: int, limit: int) -> tuple[int, int]:
    """Widens text[start:end] to whole words, at most `limit` characters in all."""
    if len(text) <= limit:
        return 0, len(text)
    room = max(0, limit - (end - start))
    left = max(0, start - room // 2)
    right = min(len(text), left + limit)
    left = max(0, right - limit)
    if left and not text[left - 1].isspace():
        space = text.find(" ", left, start)
        left = space + 1 if space >= 0 else left
    if right < len(text) and not text[right].isspace():
        space = text.rfind(" ", end, right)
        right = space if space >= 0 else right
    return left, right
