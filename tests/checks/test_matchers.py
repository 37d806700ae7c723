"""One near miss for each kind of signal; the data's own pages are in test_rules."""

# ruff: noqa: E501 - markup is easier to read on one line

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from checks.context import Context, Inbound, page_key
from checks.country import Country
from checks.fingerprint import Provider
from checks.matchers import MATCHERS
from checks.page import Page
from checks.quote import contains_quote
from checks.rule import SignalSpec

URL = "https://city.example/page"
TODAY = date(2026, 11, 23)
ROW = "<li>23 november 2026 <a href='/x'>Meeting of the council</a></li>"


def fires(context: Context, kind: str, html: str, url: str = URL, **params: Any) -> list[str]:
    page = Page.of(url, f"<html lang=en><body>{html}")
    spec = SignalSpec("one", "wording", kind, params)
    months = replace(context, today=TODAY)
    months.__dict__["months"] = {"november": 11}
    found = list(MATCHERS[kind](page, spec, months))
    for one in found:
        literal = contains_quote(page, one.quote) or (kind == "measure" and one.quote in page.source)
        assert one.page is not None or literal, one
    return [one.quote for one in found]


def test_it_works(context: Context) -> None:
    assert fires(context, "title", "<h1>Privacy policy</h1>", topic="privacy-policy") == ["Privacy policy"]


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    # kind, parameters, what fires, the near miss
    ("title", {"topic": "privacy-policy"}, "<title>Privacy policy | City</title>", "<title>City</title><h2>Privacy policy</h2>"),
    ("heading", {"topic": "pay"}, "<main><h3>Pay online</h3>", "<footer><h3>Pay online</h3></footer>"),
    ("link", {"topic": "pay"}, "<a href=/p>Pay online</a>", "<a href='#'>Pay online</a><a href=/roll>Payroll</a>"),
    ("link", {"topic": "pay", "zone": "main"}, "<main><a href=/p>Pay online</a>", "<nav><a href=/p>Pay online</a></nav>"),
    ("link", {"topic": "pay", "to": "foreign"}, "<a href=https://x.example/>Pay now</a>", "<a href=/p>Pay now</a>"),
    ("link", {"provider": "payment"}, "<a href=https://pay.test/a>x</a>", "<a href=https://pay.test.org/a>x</a>"),
    ("text", {"topic": "personal-data", "at_least": "2"}, "<p>We collect personal data.", "<p>personal data, personal data"),
    ("facets", {"topics": ["personal-data", "data-rights"], "at_least": "2"}, "<p>Your rights. We collect.", "<p>We collect"),
    ("form", {"purpose": "search"}, "<form role=search><input name=q></form>", "<form><input name=research></form>"),
    ("form", {"purpose": "search"}, "<form><input type=text aria-label=Search></form>", "<form><input aria-label=Research></form>"),
    ("form", {"purpose": "login"}, "<form><input type=password name=p></form>", "<form><input name=password></form>"),
    ("form", {"purpose": "pay"}, "<form><input name=n><button>Pay now</button></form>", "<form><input name=n><button>Ok</button></form>"),
    ("form", {"purpose": "contact"}, "<form><input type=email name=e><textarea></textarea></form>", "<form><input type=email></form>"),
    ("form", {"purpose": "contact"}, "<form><input name=e><textarea></textarea></form>", "<footer><form><input name=e><textarea></textarea></form></footer>"),
    ("form", {"fields": ["file", "date"]}, "<form><input type=file name=f><input type=date></form>", "<form><input type=file></form>"),
    ("provider", {"provider": "payment", "in": ["form"]}, "<form action=https://pay.test/></form>", "<a href=https://pay.test/>x</a>"),
    ("provider", {"provider": "payment"}, "<iframe src=//pay.test/w></iframe>", "<iframe src=//sandbox.pay.test/></iframe>"),
    ("file", {"types": ["csv"], "at_least": "2"}, "<a href=a.csv>A</a><a href='/d?format=csv'>B</a>", "<a href=a.csv>A</a><a href=a.csv>B</a>"),
    ("list", {"at_least": "3", "with": ["date", "link"]}, f"<ul>{ROW * 3}</ul>", f"<nav><ul>{ROW * 3}</ul></nav>"),
    ("list", {"at_least": "1", "upcoming": "yes"}, f"<ul>{ROW * 2}</ul>", f"<ul>{ROW.replace('2026', '2025') * 2}</ul>"),
    ("list", {"at_least": "2", "with": "amount"}, "<ul><li>€ 5<li>1.250,00</ul>", "<ul><li>5 days<li>12.11.2026</ul>"),
    ("contact", {"kinds": ["email"]}, "<p>Write to a@b.example", "<p>@b and a@b"),
    ("contact", {"kinds": ["phone"]}, "<p>Tel. (351) 21 000 0000", "<p>VAT 501234567, 2026-11-23, 12.500.000"),
    ("contact", {"kinds": ["address"]}, "<p>1 Long Street, 1000-123 City Town", "<p>In 2026, we met 5 times"),
    ("contact", {"kinds": ["person"], "at_least": "2"},
     "<ul><li><b>Ana Sousa</b> a@c.example<li><b>Rui Lima</b> r@c.example</ul>", "<ul><li>Ana Sousa<li>Rui Lima</ul>"),
    ("prose", {"at_least": "20"}, "<main><p>" + "word " * 30, "<main><p>word</main><footer>" + "word " * 30),
    ("date", {"within_days": "30"}, "<p>on 20 november 2026", "<p>on 20 november 2025"),
    ("date", {"upcoming": "yes"}, "<p>on 2026-12-01", "<p>on 2026-11-01"),
    ("date", {"within_years": "5"}, "<p>edition of 2023", "<p>edition of 2020"),
    ("markup", {"schema_type": "Event"}, "<div itemtype=https://schema.org/Event>x</div>", "<p>Event"),
    ("markup", {"selector": "details"}, "<details><summary>Why?</summary></details>", "<p>details"),
    ("markup", {"meta": "generator"}, "<meta name=generator content=CKAN>", "<meta name=author content=CKAN>"),
    ("media", {"media": "chart", "topic": "services"}, "<figure><figcaption>Services in 2026</figcaption></figure>", "<p>Services"),
    ("measure", {"of": "viewport", "is": "yes"}, "<meta name=viewport content='width=device-width'>", "<meta name=viewport content='width=1024'>"),
    ("measure", {"of": "html-errors", "is": "yes"}, "<b><p>x</b>", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "params", "hit", "miss"), CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)]
)
def test_a_kind_fires_and_its_near_miss_does_not(
    context: Context, kind: str, params: dict[str, Any], hit: str, miss: str
) -> None:
    provider = Provider("p", "payment", "XX", "P", hosts=("pay.test",), not_hosts=("sandbox.pay.test",))
    context = replace(context, providers=(provider,))
    assert fires(context, kind, hit, **params)
    if (kind, miss) != ("measure", ""):
        assert not fires(context, kind, miss, **params)


def test_a_valid_page_settles_nothing(context: Context) -> None:
    page = Page.of(
        URL, "<!doctype html><html lang=en><head><title>x</title></head><body><p>x</p></body></html>"
    )
    for wanted in ("yes", "no"):
        spec = SignalSpec("one", "measurement", "measure", {"of": "html-errors", "is": wanted})
        assert not list(MATCHERS["measure"](page, spec, context))


def test_words_on_a_link_elsewhere(context: Context) -> None:
    places = (Inbound("Pay online", "urn:other", "https://city.example/"),)
    assert fires(replace(context, inbound={page_key(URL): places}), "inbound", "", topic="pay") == [
        "Pay online"
    ]
    assert not fires(context, "inbound", "<h1>Pay online</h1>", topic="pay")


def test_a_link_to_a_dead_page_is_no_link(context: Context) -> None:
    dead = replace(context, dead=frozenset({"https://city.example/p"}))
    assert not fires(dead, "link", "<a href=/p#x>Pay online</a>", topic="pay")


def test_the_site_name_is_not_the_page_title(context: Context) -> None:
    named = replace(context, site_names=frozenset({"Pay online City"}))
    assert not fires(named, "title", "<title>Parks | Pay online City</title>", topic="pay")


def test_weak_terms_count_only_in_the_page_language(context: Context) -> None:
    spanish = (
        "Estimados vecinos, el ayuntamiento informa de que la oficina permanecerá cerrada por obras. " * 4
    )
    assert fires(context, "text", "<p>We pay", topic="pay")
    assert not fires(context, "text", f"<p>We pay {spanish}", topic="pay") or "es" not in context.lexicon.tags


def test_another_language_is_read_from_the_text(context: Context) -> None:
    spanish = (
        "<main><p>" + "Estimados vecinos, el ayuntamiento informa de que la oficina permanecerá cerrada. " * 5
    )
    assert fires(context, "language", spanish, other="yes")
    assert not fires(replace(context, languages=("es",)), "language", spanish, other="yes")


def test_a_government_host(context: Context) -> None:
    country = Country("PT", government_suffixes=("gov.pt",))
    title = "<title>Câmara</title>"
    there = replace(context, country=country)
    assert fires(there, "host", title, url="https://lisboa.gov.pt/", suffix="government") == ["Câmara"]
    assert not fires(there, "host", title, url="https://lisboagov.pt/", suffix="government")
    named = replace(context, city_name="Vila Serena")
    assert fires(named, "host", title, url="https://www.vila-serena.example/", city_name="yes")
    assert not fires(named, "host", title, url="https://www.vila.example/", city_name="yes")


def test_the_home_page(context: Context) -> None:
    assert fires(
        context, "role", "<title>City</title>", url="https://city.example/index.html", **{"is": "home"}
    )
    assert not fires(context, "role", "<title>City</title>", **{"is": "home"})
