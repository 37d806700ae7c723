import pytest

from crawler.robots import Robots, verdict

CITY = "https://www.city.example"


def test_it_works() -> None:
    rules = verdict(200, b"User-agent: *\nDisallow: /private/\nCrawl-delay: 7\nSitemap: /map.xml\n")
    assert rules.allows(f"{CITY}/open")
    assert not rules.allows(f"{CITY}/private/x")
    assert rules.delay == 7
    assert rules.sitemaps == ["/map.xml"]


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (410, True), (500, False), (503, False), (None, False)]
)
def test_no_file_allows_and_a_broken_host_forbids(status: int | None, allowed: bool) -> None:
    assert verdict(status, b"").allows(f"{CITY}/") is allowed


def test_rules_for_us_come_before_rules_for_all() -> None:
    rules = verdict(200, b"User-agent: *\nAllow: /\n\nUser-agent: losi\nDisallow: /\n")
    assert not rules.allows(f"{CITY}/")


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Not found</body></html>",
        b"\xff\xfe\x00\x01",
        b"Disallow /x\n::::\n",
        b"Crawl-delay: soon\n",
        b"\0" * 100,
    ],
)
def test_malformed_files_forbid_nothing(body: bytes) -> None:
    assert verdict(200, body).allows(f"{CITY}/x")


def test_what_can_be_read_of_a_broken_file_is_obeyed() -> None:
    assert not verdict(200, b"\xef\xbb\xbfgarbage\nUSER-AGENT : *\ndisallow:/x # why\n\xff\n").allows(
        f"{CITY}/x"
    )


def test_a_host_not_yet_asked_is_not_allowed() -> None:
    robots = Robots()
    assert not robots.allows(f"{CITY}/")
    robots.learn(f"{CITY}/robots.txt", 404)
    assert robots.allows(f"{CITY}/")
    assert not robots.allows("http://www.city.example:8080/")
