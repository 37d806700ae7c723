from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from checks.coverage import Coverage
from checks.edition import load_edition
from checks.lexicon import load_lexicon
from checks.page import Link, Page
from checks.rule import load_rules
from checks.run import run
from tests.checks.city import MENU, PAGES, PORTAL, make_city


def made(portal: str = PORTAL) -> Coverage:
    return Coverage(
        load_edition("losi-2024"),
        rules=load_rules(),
        lexicon=load_lexicon(["en"]),
        portal_url=portal,
        today=date(2026, 11, 23),
        languages=["en"],
    )


def link(text: str, path: str = "x", zone: str = "main") -> Link:
    return Link(PORTAL + path, text, zone, "")


def test_it_works() -> None:
    coverage = made()
    assert "234" in coverage.open
    assert "234" in coverage.see(Page.of(PORTAL + "privacy", PAGES["privacy"]))
    assert "234" not in coverage.open
    assert coverage.trail()["settled"]["234"] == PORTAL + "privacy"


def test_links_are_worth_the_open_topics_they_promise() -> None:
    coverage = made()
    dull = coverage.value(link("Photo 17"))
    assert coverage.value(link("Privacy policy")) > dull
    assert coverage.value(link("Services")) > dull
    assert coverage.value(link("x", "privacy-policy")) > dull
    assert coverage.value(link("Privacy policy", zone="nav")) > coverage.value(link("Privacy policy"))
    assert coverage.value(link("Privacy policy", "list?page=7")) < coverage.value(link("Privacy policy"))


def test_a_settled_topic_is_worth_less() -> None:
    coverage = made()
    before = coverage.value(link("Privacy policy"))
    coverage.see(Page.of(PORTAL + "privacy", PAGES["privacy"]))
    assert coverage.value(link("Privacy policy")) < before


def test_pages_that_failed_settle_nothing() -> None:
    assert made().see(Page.of(PORTAL + "privacy", PAGES["privacy"], status=404)) == set()


def test_a_crawlers_own_link_is_good_enough() -> None:
    assert made().value(SimpleNamespace(url=PORTAL, text="Privacy policy", zone="main")) > 0


def test_wants_the_search_once_and_the_other_language() -> None:
    page = (
        '<link rel="alternate" hreflang="ar" href="/ar/"><main><p>Library library garden garden library</p>'
        '<form role="search" action="/find"><input type="hidden" name="site" value="a b">'
        '<input type="search" name="q"></form>'
    )
    coverage = made()
    coverage.see(Page.of(PORTAL, page))
    wanted = {target.reason: target.url for target in coverage.wants()}
    assert wanted["search-probe"] == PORTAL + "find?site=a+b&q=library"
    assert wanted["language-target"] == PORTAL + "ar/"
    assert coverage.wants() == []


def test_it_never_leads_the_check(tmp_path: Path) -> None:
    coverage = made()
    for path in ("", "contact", "privacy"):
        coverage.see(Page.of(PORTAL + path, PAGES[path]))
    with make_city(tmp_path) as store:
        passed = {finding.test for finding in run(store, "r/example").findings if finding.outcome == "passed"}
    assert set(coverage.settled) <= passed


@pytest.mark.parametrize("body", [b"", b"\xff" * 900, b"<div>" * 4000, b"<a href=//>x</a>" * 50])
def test_any_page_can_be_seen(body: bytes) -> None:
    coverage = made()
    coverage.see(Page.of(PORTAL, body))
    coverage.see(Page.of(PORTAL + "x", body))


@pytest.mark.soak
def test_it_is_quick() -> None:
    coverage = made()
    body = (MENU + "<p>Nothing is promised in these lines of plain text.</p>" * 400).encode()
    pages = [Page.of(f"{PORTAL}p{number}", body) for number in range(100)]
    start = time.perf_counter()
    for page in pages:
        coverage.see(page)
    assert (time.perf_counter() - start) / len(pages) < 0.010
