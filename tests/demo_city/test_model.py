"""The model city: what a real portal should look like."""

import csv
import io
import json
import re

import html5lib
import lxml.etree
import lxml.html
import pytest
from pypdf import PdfReader


def trees(portal):
    return {url: lxml.html.fromstring(text) for url, text in portal.pages.items()}


def test_it_works(model):
    assert "Welcome to Marsa Noor" in model.get("http://main.test/").text


def test_everything_a_portal_can_show_is_passed(model):
    outcomes = [said["answer"] for said in model.city.answers.values()]
    assert (outcomes.count("passed"), outcomes.count("untested")) == (89, 6)


@pytest.mark.parametrize("notes", [False, True])
def test_markup_has_no_error(model, noted, notes):
    for url, text in (noted if notes else model).pages.items():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(text)
        assert parser.errors == [], url


def test_a_quarter_of_the_pages_are_arabic(model):
    arabic = [tree for tree in trees(model).values() if tree.get("lang") == "ar"]
    assert len(arabic) >= 25
    assert {tree.get("dir") for tree in arabic} == {"rtl"}


def test_each_page_has_one_heading_of_the_first_level(model):
    assert [url for url, tree in trees(model).items() if len(tree.findall(".//h1")) != 1] == []


def test_no_identifier_is_given_twice(model):
    for url, tree in trees(model).items():
        found = tree.xpath("//@id")
        assert len(found) == len(set(found)), url


def test_every_field_has_a_label(model):
    for url, tree in trees(model).items():
        for field in tree.xpath("//input[not(@type='radio')] | //select | //textarea"):
            assert tree.xpath(f"//label[@for='{field.get('id')}']"), (url, field.get("id"))


def test_every_image_says_what_it_shows(model):
    assert [url for url, tree in trees(model).items() if tree.xpath("//img[not(@alt)]")] == []


def test_every_fragment_has_its_place(model):
    places = {url: set(tree.xpath("//@id")) for url, tree in trees(model).items()}
    for url, tree in trees(model).items():
        for link in tree.xpath("//a/@href[contains(., '#')]"):
            path, _, fragment = link.partition("#")
            there = model.address(path) if path else url
            assert fragment in places[there], (url, link)


def test_pdfs_have_text_and_are_small(model):
    for path in sorted((model.city.folder / "main" / "files").glob("*.pdf")):
        assert path.stat().st_size < 60_000
        assert len(PdfReader(path).pages[0].extract_text()) > 100


@pytest.mark.parametrize("name", ["air-quality", "budget", "bus-stops", "sdg-indicators", "portal-visits"])
def test_csv_files_are_tables(model, name):
    rows = list(csv.reader(io.StringIO(model.get(f"http://main.test/data/{name}.csv").text)))
    assert len(rows) > 3
    assert {len(row) for row in rows} == {len(rows[0])}


def test_the_catalogue_is_json(model):
    catalogue = json.loads(model.get("http://main.test/data/catalog.json").text)
    assert len(catalogue["dcat:dataset"]) == 5


def test_the_sitemap_lists_every_page(model):
    tree = lxml.etree.fromstring(model.get("http://main.test/sitemap.xml").content)
    assert set(tree.xpath("//*[local-name()='loc']/text()")) == set(model.pages)


def test_one_page_is_in_the_sitemap_only(model):
    linked = {link for url in model.pages for link in model.links(url) if link != url}
    alone = {url for url in model.pages if url not in linked}
    assert "http://main.test/report/discrimination" in alone


def test_robots_forbids_what_the_footer_links(model):
    assert "Disallow: /internal/" in model.get("http://main.test/robots.txt").text
    assert "http://main.test/internal/staff-directory.txt" in model.links("http://main.test/")


def test_only_known_providers_are_linked(model):
    known = re.compile(
        r"https://(checkout\.stripe\.com|www\.paypal\.com|id\.uaepass\.ae|u\.ae|wa\.me|x\.com|icp\.gov\.ae"
        r"|www\.(facebook|instagram|youtube)\.com|play\.google\.com|apps\.apple\.com|creativecommons\.org"
        r"|www\.(moi|mohre|mohap|dm|moei)\.gov\.ae|www\.ncm\.ae)/|http://10\.20\.0\.15/|mailto:|tel:"
    )
    links = {link for url in model.pages for link in model.links(url) if not model.own(link)}
    assert [link for link in links if not known.match(link)] == []
