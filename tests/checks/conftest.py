from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # pytest alone, unlike `python -m pytest`, does not put it there
    sys.path.insert(0, str(ROOT))

from checks.context import Context  # noqa: E402
from checks.lexicon import Language, Lexicon, Words  # noqa: E402


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    """A small one, so that these tests say what the engine does whatever the data say."""
    english = Language(
        tag="en",
        status="tested",
        spaced=True,
        clitics=(),
        months=tuple(
            (name,)
            for name in [
                "january",
                "february",
                "march",
                "april",
                "may",
                "june",
                "july",
                "august",
                "september",
            ]
        ),
        topics={
            "pay": Words(("pay online", "pay now"), ("pay",), ("pay gap",)),
            "privacy-policy": Words(("privacy policy",), ("privacy",)),
            "personal-data": Words((), ("personal data", "we collect")),
            "data-rights": Words((), ("your rights",)),
            "search": Words(("search",)),
            "news": Words(("news",)),
            "not-found": Words(("page not found",)),
            "under-construction": Words(("under construction",)),
            "no-items": Words(("no items found",)),
            "lorem": Words(("lorem ipsum",)),
            "services": Words(("services",)),
            "municipal*": Words(("municipal*",)),
        },
    )
    arabic = Language("ar", "tested", True, ("ال", "و", "ب", "ل"), (), {"pay": Words(("دفع",))})
    thai = Language("th", "draft", False, (), (), {"pay": Words(("ชำระเงิน",))})
    return Lexicon((arabic, english, thai))


@pytest.fixture
def context(lexicon: Lexicon) -> Context:
    return Context(lexicon=lexicon, portal_url="https://city.example/", languages=("en",))
