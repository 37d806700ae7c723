from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.lexicon import Language, Lexicon, Words, _Spans, check_lexicon
from checks.yamlfile import parse_yaml

GOOD = """schema: lexicon/1
language: xx
topics:
  pay: {strong: [pay online], weak: [payment]}
"""


def said(text: str, **options: object) -> str:
    return "\n".join(map(str, check_lexicon(parse_yaml(text, "lexicons/xx.yaml"), **options)))  # type: ignore[arg-type]


def test_it_works(lexicon: Lexicon) -> None:
    (hit,) = lexicon.scan("You can Pay  online here".replace("  ", " "))
    assert (hit.topic, hit.term, hit.strong) == ("pay", "pay online", True)


def test_words_end_where_words_end(lexicon: Lexicon) -> None:
    assert not lexicon.scan("payroll and repay, research, newsletters")


def test_the_longest_term_wins_and_weak_ones_are_kept_apart(lexicon: Lexicon) -> None:
    assert [hit.term for hit in lexicon.scan("pay now or pay later")] == ["pay now", "pay"]


def test_a_not_phrase_cancels(lexicon: Lexicon) -> None:
    assert not lexicon.scan("The gender pay gap")


def test_a_star_lets_the_word_go_on(lexicon: Lexicon) -> None:
    assert lexicon.topics_in("municipality") == {"municipal*"}


def test_clitics_are_tried_off(lexicon: Lexicon) -> None:
    assert lexicon.topics_in("والدفع الآن") == {"pay"}
    assert not lexicon.topics_in("مدفع")


def test_unspaced_scripts_need_no_boundary(lexicon: Lexicon) -> None:
    assert lexicon.topics_in("หน้าชำระเงินออนไลน์") == {"pay"}


@pytest.mark.parametrize(
    "text", ["Pay ONLINE ﬁrst", "é pay online é", "क़ pay online", "x" * 500 + " pay online"]
)
def test_the_span_is_the_words_as_written(lexicon: Lexicon, text: str) -> None:
    hit = next(one for one in lexicon.scan(text) if one.strong)
    start, end = lexicon.span(text, hit)
    assert text[start:end].lower() == "pay online"


@given(st.text())
def test_any_text_can_be_scanned(text: str) -> None:
    made = Lexicon((Language("en", "tested", True, ("و",), (), {"pay": Words(("pay", "दर"))}),))
    for hit in made.scan(text):
        start, end = made.span(text, hit)
        assert 0 <= start <= end <= len(text)


def test_a_good_file_has_no_fault() -> None:
    assert said(GOOD) == ""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("  tax: {strong: [pay  ONLINE]}", "strong term of 'pay' too"),
        ("  tax: {strong: [fee]}", "under four letters"),
        ("  tax: {strong: [\u0440ayment]}", "mixes letters"),
        ("  tax: {strong: [\u202etax bill]}", "text-direction control"),
        ("  tax: {strnog: [tax bill]}", "lexicons/xx.yaml:5: topics.tax.strnog: unknown key"),
        ("  tax: {}", "no terms"),
        ("  pay: {strong: [other]}", "stands twice"),
    ],
)
def test_bad_data_is_named_with_its_line(change: str, fault: str) -> None:
    assert fault in said(GOOD + change + "\n")


def test_a_short_term_may_be_vouched_for() -> None:
    assert said(GOOD + "  tax: {strong: [fee]}\nshort: [fee]\n") == ""


def test_an_unknown_topic_is_a_fault() -> None:
    assert "unknown topic" in said(GOOD, known=frozenset({"other"}))


def test_a_word_that_languages_share_is_a_hit_in_each() -> None:
    words = {"air": Words((), ("pm10",))}
    made = Lexicon(tuple(Language(tag, "tested", True, (), (), words) for tag in ("en", "pt")))
    assert [hit.language for hit in made.scan("PM10")] == ["en", "pt"]


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda one: (one[0], one[0] + one[1])), max_size=30
)


@given(spans, spans)
def test_spans_touch_what_overlaps(added: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    kept = _Spans()
    for start, end in added:
        kept.add(start, end)
    for start, end in asked:
        assert kept.touch(start, end) == any(left < end and start < right for left, right in added)
