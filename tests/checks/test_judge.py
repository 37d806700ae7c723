from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.context import Context, Inbound, page_key
from checks.edition import Indicator
from checks.judge import Judgement, Looked, judge
from checks.page import Page
from checks.proposal import Searched, propose
from checks.rule import Rule, parse_rule
from checks.sighting import Sighting, signals

RULE: dict[str, Any] = {
    "id": "privacy",
    "version": "1",
    "title": "A privacy policy",
    "look_at": ["page"],
    "signals": {
        "named": {"family": "wording", "kind": "title", "topic": "privacy-policy"},
        "led": {"family": "wording", "kind": "inbound", "topic": "privacy-policy"},
        "facets": {
            "family": "structure",
            "kind": "facets",
            "topics": ["personal-data", "data-rights"],
            "at_least": "2",
        },
        "pays": {"family": "wording", "kind": "text", "topic": "pay"},
    },
    "propose": {"passed": [["named", "facets"], ["led", "facets"]]},
    "unless": ["pays"],
    "coverage": {"pages": "10", "roles": ["home"], "blocked_below": "0.2"},
    "messages": {
        "passed": "“{title}” says it.",
        "failed": "None of {pages}.",
        "cantTell": "Not in {pages}: {skipped}.",
    },
}
GOOD = (
    "<title>Privacy policy | City</title><main><h1>Privacy policy</h1>"
    "<p>We collect little. Your rights are ours.</p>"
)
URL = "https://city.example/privacy"


def rule(**changes: Any) -> Rule:
    return parse_rule({**RULE, **changes})


def looked(**changes: Any) -> Looked:
    known = {"en": frozenset({"privacy-policy"})}
    whole = Looked(50, frozenset({"home"}), ("en",), known, {"robots": 1}, "budget", "urn:trail")
    return replace(whole, **changes)


def seen(
    context: Context, html: str, *, url: str = URL, status: int = 200, made: Rule | None = None
) -> list[Sighting]:
    return signals(Page.of(url, html, status=status), [made or rule()], context)


def judged(context: Context, html: str = "", **changes: Any) -> Judgement:
    return judge(rule(), seen(context, html) if html else [], looked(**changes))


def test_it_works(context: Context) -> None:
    found = judged(context, GOOD)
    assert (found.outcome, found.reason) == ("passed", "words-in-title")
    assert found.message == "“Privacy policy | City” says it."
    assert found.confidence is not None
    assert {signal.quote for stance, signal in found.evidence if stance == "for"} >= {"Privacy policy"}


@pytest.mark.parametrize(
    ("html", "url", "status"),
    [
        (GOOD, URL, 404),
        (GOOD.replace("Privacy policy | City", "Page not found"), URL, 200),
        (GOOD + "<p>lorem ipsum", URL, 200),
        (GOOD + "<p>This page is under construction", URL, 200),
        (GOOD, URL + "?q=privacy", 200),
        (GOOD, "https://city.example/news/privacy", 200),
        ("<meta property='article:published_time' content='2026'>" + GOOD, URL, 200),
        (GOOD, "https://elsewhere.example/privacy", 200),
    ],
)
def test_pages_that_never_prove_anything(context: Context, html: str, url: str, status: int) -> None:
    official = rule(where="official")
    assert not [
        one for one in seen(context, html, url=url, status=status, made=official) if one.outcome == "passed"
    ]


def test_news_may_prove_it_where_the_rule_says_so(context: Context) -> None:
    url = "https://city.example/news/privacy"
    assert [one.outcome for one in seen(context, GOOD, url=url, made=rule(news="yes"))] == ["passed"]


def test_a_veto_keeps_a_page_from_passing_and_is_shown(context: Context) -> None:
    found = judged(context, GOOD + "<p>Pay now", pages=1)
    assert (found.outcome, found.reason) == ("cantTell", "lead-not-enough")
    assert [signal.quote for stance, signal in found.evidence if stance == "against"] == ["Pay now"]


def test_silence_after_coverage_is_failed(context: Context) -> None:
    found = judged(context)
    assert (found.outcome, found.reason, found.message) == (
        "failed",
        "not-found-after-coverage",
        "None of 50.",
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pages": 9}, "too-few-pages"),
        ({"roles": frozenset()}, "home-not-seen"),
        ({"not_visited": {"robots": 40}}, "too-much-blocked"),
        ({"languages": ("sw",)}, "language-not-covered"),
        ({"lexicon": {"en": frozenset({"pay"})}}, "language-not-covered"),
        ({"stopped": "unreachable"}, "unreachable"),
        ({"stopped": "blocked"}, "blocked"),
    ],
)
def test_silence_without_coverage_never_is(context: Context, changes: dict[str, Any], reason: str) -> None:
    found = judged(context, **changes)
    assert (found.outcome, found.reason) == ("cantTell", reason)
    assert found.message.startswith("Not in")


def test_a_small_portal_seen_to_its_end_is_enough(context: Context) -> None:
    assert judged(context, pages=4, stopped="exhausted", not_visited={}).outcome == "failed"


def test_the_worst_that_a_rule_may_propose(context: Context) -> None:
    assert judge(rule(worst="cantTell"), [], looked()).outcome == "cantTell"


def test_a_link_elsewhere_counts_but_the_page_is_quoted(context: Context) -> None:
    there = replace(
        context, inbound={page_key(URL): (Inbound("Privacy policy", "urn:home", "https://city.example/"),)}
    )
    found = judged(there, GOOD.replace("Privacy policy", "Your data"))
    assert found.outcome == "passed"
    assert {signal.url for _, signal in found.evidence} == {URL}


def test_the_order_of_pages_does_not_matter(context: Context) -> None:
    one, other = seen(context, GOOD), seen(context, GOOD, url=URL + "/x/y")
    assert judge(rule(), one + other, looked()) == judge(rule(), other + one, looked())
    assert judge(rule(), one + other, looked()).evidence[0][1].url == URL


def test_a_rule_that_breaks_does_not_stop_the_others(context: Context) -> None:
    broken = rule(
        id="broken", signals={**RULE["signals"], "named": {**RULE["signals"]["facets"], "at_least": "x"}}
    )
    faults: dict[str, str] = {}
    found = signals(Page.of(URL, GOOD), [broken, rule()], context, faults)
    assert [one.rule for one in found] == ["privacy"]
    assert "ValueError" in faults["broken"]


def test_proposals(context: Context) -> None:
    rules = {"a": rule(id="a"), "b": rule(id="b")}
    searched = Searched(looked(), context.lexicon, '"pages":50')
    indicator = Indicator("1", "One", "X", "One?", "", "evidence", ("a", "b"))

    def said(*outcomes: str) -> str:
        made = [Judgement(name, one, "r", "m", 0.9) for name, one in zip("ab", outcomes, strict=True)]
        return propose(indicator, made, rules, searched).outcome

    assert said("failed", "passed") == "passed"
    assert said("failed", "cantTell") == "cantTell"
    assert said("failed", "failed") == "failed"
    person = replace(indicator, method="person", rules=(), prescribed_test="three browsers")
    finding = propose(person, [], rules, searched)
    assert (finding.outcome, "three browsers" in finding.info["message"]) == ("untested", True)


def test_a_failed_proposal_cites_the_trail_and_says_what_was_searched(context: Context) -> None:
    searched = Searched(looked(), context.lexicon, '"pages":50')
    indicator = Indicator("1", "One", "X", "One?", "", "evidence", ("privacy",))
    finding = propose(indicator, [judged(context)], {"privacy": rule()}, searched)
    assert [(one.capture_id, one.stance, one.exact) for one in finding.evidence] == [
        ("urn:trail", "against", '"pages":50')
    ]
    assert finding.info["searched"]["pages"] == 50
    assert finding.info["searched"]["terms"] == ["privacy policy"]
    assert finding.info["searched"]["not_visited"] == {"robots": 1}


def test_without_a_trail_nothing_is_failed(context: Context) -> None:
    searched = Searched(looked(trail=""), context.lexicon)
    indicator = Indicator("1", "One", "X", "One?", "", "evidence", ("privacy",))
    assert propose(indicator, [judged(context)], {"privacy": rule()}, searched).outcome == "cantTell"
