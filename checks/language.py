"""Which language a text is in. Blocks are identified, never single labels; the script narrows the choice."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Any

MAX_CHARS = 2_000
MIN_LETTERS = 60  # below, no identification: the declared language stands
MARGIN = 8.0  # log-likelihood by which the best must lead to be called confident
_SCRIPTS: dict[str, frozenset[str]] = {
    "ARABIC": frozenset({"ar", "fa", "ur", "ps", "ug", "ku"}),
    "DEVANAGARI": frozenset({"hi", "mr", "ne"}),
    "CYRILLIC": frozenset({"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn"}),
    "HEBREW": frozenset({"he"}),
    "GREEK": frozenset({"el"}),
    "THAI": frozenset({"th"}),
    "BENGALI": frozenset({"bn", "as"}),
    "HANGUL": frozenset({"ko"}),
    "HIRAGANA": frozenset({"ja"}),
    "KATAKANA": frozenset({"ja"}),
    "CJK": frozenset({"zh", "ja"}),
}
# Languages a whole portal may be in. Close regional relatives (Galician beside Portuguese, …) are only
# considered when the page itself declares them: on short texts they would win too often.
_COMMON = frozenset(
    [
        "af",
        "am",
        "ar",
        "az",
        "be",
        "bg",
        "bn",
        "bs",
        "cs",
        "cy",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fa",
        "fi",
        "fr",
        "ga",
        "gu",
        "ha",
        "he",
        "hi",
        "hr",
        "hu",
        "hy",
        "id",
        "is",
        "it",
        "ja",
        "ka",
        "kk",
        "km",
        "kn",
        "ko",
        "ky",
        "lo",
        "lt",
        "lv",
        "mg",
        "mk",
        "ml",
        "mn",
        "mr",
        "ms",
        "my",
        "ne",
        "nl",
        "no",
        "or",
        "pa",
        "pl",
        "ps",
        "pt",
        "ro",
        "ru",
        "si",
        "sk",
        "sl",
        "so",
        "sq",
        "sr",
        "sv",
        "sw",
        "ta",
        "te",
        "tg",
        "th",
        "tk",
        "tl",
        "tr",
        "uk",
        "ur",
        "uz",
        "vi",
        "zh",
    ]
)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid import langid

    made: Any = langid.LanguageIdentifier
    return made.from_model_file(langid.MODEL_FILE)


@lru_cache(maxsize=4096)
def _script_of(char: str) -> str:
    return unicodedata.name(char, "?").split()[0]


def main_script(text: str) -> str:
    """The script of most letters: LATIN, ARABIC, … or "" for none."""
    counted = Counter(_script_of(char) for char in text[:MAX_CHARS] if char.isalpha())
    if counted["HIRAGANA"] + counted["KATAKANA"] > 10:
        return "HIRAGANA"
    # Ties are broken by name: the same text always gives the same script.
    return min(counted, key=lambda name: (-counted[name], name)) if counted else ""


def identify(text: str, declared: str = "") -> tuple[str, bool]:
    """The language and whether that is confident; (declared, False) where the text is too short."""
    text = text[:MAX_CHARS]
    letters = sum(map(str.isalpha, text))
    declared = declared.partition("-")[0].lower()
    if letters < MIN_LETTERS:
        return declared, False
    script = main_script(text)
    allowed = _SCRIPTS.get(script)
    if allowed and len(allowed) == 1:
        return min(allowed), True
    likely = _COMMON | {declared}
    ranked = [
        (tag, float(score))
        for tag, score in _identifier().rank(text)
        if tag in likely and _may_be(tag, script, allowed)
    ]
    if not ranked:
        return declared, False
    best, lead = ranked[0][0], ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0.0)
    if lead >= MARGIN and letters >= 2 * MIN_LETTERS:
        return best, True
    near = [tag for tag, score in ranked[:4] if ranked[0][1] - score < MARGIN]
    return (declared if declared in near else best), False


def _may_be(tag: str, script: str, allowed: frozenset[str] | None) -> bool:
    if allowed is not None:
        return tag in allowed
    if script == "LATIN":
        return all(tag not in tags for tags in _SCRIPTS.values()) or tag in ("sr", "ku")
    return True


def are_relatives(one: str, other: str) -> bool:
    """Languages that share a script which few languages use."""
    return any(one in tags and other in tags for tags in _SCRIPTS.values())
