"""One page per language, tests/lexicons/<tag>.html: elements say with data-topic what must be found in them,
with data-not what must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.lexicon import lexicon_languages, load_lexicon
from checks.page import Page
from checks.text import collapse
from checks.validation import ENGINE_TOPICS

FOLDER = Path(__file__).parents[1] / "lexicons"
PAGES = sorted(FOLDER.glob("*.html"))


def marked(path: Path, name: str) -> list[tuple[str, str]]:
    page = Page.of("https://city.example/", path.read_bytes())
    nodes = page.tree.css(f"[{name}]")
    return [
        (topic, collapse(node.text()))
        for node in nodes
        for topic in (node.attributes.get(name) or "").split()
    ]


def test_it_works() -> None:
    assert "privacy-policy" in load_lexicon(["en"]).topics_in("Our privacy policy")


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_the_words_of_a_language_are_found(path: Path) -> None:
    lexicon = load_lexicon([path.stem])
    found = marked(path, "data-topic")
    assert found
    for topic, text in found:
        said = {hit.topic for hit in lexicon.scan(text) if hit.language == path.stem}
        assert topic in said, f"{path.stem}: {topic} not found in {text!r}"
    for topic, text in marked(path, "data-not"):
        said = {hit.topic for hit in lexicon.scan(text) if hit.language == path.stem}
        assert topic not in said, f"{path.stem}: {topic} found in {text!r}"


@pytest.mark.parametrize("tag", lexicon_languages())
def test_a_language_has_the_words_that_the_engine_needs(tag: str) -> None:
    language = next(one for one in load_lexicon([tag]).languages if one.tag == tag)
    needed = [topic for topic in ENGINE_TOPICS if topic != "lorem"]
    assert [topic for topic in needed if topic not in language.topics] == []
    assert len(language.months) == 12


def test_an_unknown_language_is_just_missing() -> None:
    assert load_lexicon(["zz"]).tags == {"en"}
    assert load_lexicon(["pt-BR"]).tags >= {"en"}
