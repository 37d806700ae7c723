from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.text import collapse, cut, digits, fold, folded_offsets


def test_it_works() -> None:
    assert fold("Protecção de DADOS") == "proteccao de dados"


@given(st.text())
def test_fold_twice_is_fold_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "Zs"])))
def test_offsets_lead_back_into_the_text(text: str) -> None:
    offsets = folded_offsets(text, fold(text))
    if offsets is not None:
        assert len(offsets) == len(fold(text)) + 1
        assert offsets == sorted(offsets)
        assert offsets[-1] == len(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İletişim", "iletişim"),
        ("ΕΠΙΚΟΙΝΩΝΊΑ", "επικοινωνια"),
        ("کتاب", "كتاب"),
        ("مُحَمَّد", "محمد"),
        ("l’accès", "l'acces"),
        ("ﬁnes", "fines"),
        ("STRASSE", "straße"),
    ],
)
def test_spellings_of_one_word_meet(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("कि", "की"), ("ที่", "ทา"), ("কর", "কার")])
def test_vowel_signs_of_indic_and_thai_words_stay(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_digits_of_any_script() -> None:
    assert digits("١٢ ३ ４") == "12 3 4"


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_cut_keeps_what_it_was_asked_for(text: str, one: int, other: int) -> None:
    text = collapse(text)
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    left, right = cut(text, start, end, 40)
    assert right - left <= max(40, end - start)
    if end - start <= 40:
        assert left <= start
        assert end <= right
