import pytest

from crawler.scope import OFFICIAL_HOSTS, Scope, authorities

CITY = "https://www.city.example/"


def test_it_works() -> None:
    scope = Scope(CITY)
    assert scope.refusal("https://services.city.example/pay") is None
    assert scope.refusal("https://elsewhere.example/") == "scope"


def test_a_likeness_is_not_the_city() -> None:
    scope = Scope(CITY)
    for url in (
        "https://www.city.example.evil.test/",
        "https://mycity.example/",
        "https://evil.test/www.city.example",
    ):
        assert scope.refusal(url) == "scope"


def test_official_hosts_are_few_and_have_few_pages() -> None:
    scope = Scope(CITY, official_pages=2)
    admitted = [scope.admit(f"https://host{n}.example{n}.test/") for n in range(OFFICIAL_HOSTS + 2)]
    assert admitted.count(True) == OFFICIAL_HOSTS
    url = "https://host0.example0.test/x"
    assert scope.refusal(url) is None
    scope.count(url)
    scope.count(url)
    assert scope.refusal(url) == "budget"


@pytest.mark.parametrize(
    "url", ["https://www.facebook.com/city", "https://maps.google.com/?q=city", "https://wa.me/1"]
)
def test_networks_and_shops_are_never_official(url: str) -> None:
    assert not Scope(CITY).admit(url)


def test_a_private_link_is_refused_and_so_is_one_that_was_not_named() -> None:
    assert Scope(CITY).refusal("http://192.168.1.1/admin") == "private-network"
    home = Scope("http://127.0.0.1:8001/", authorities(["127.0.0.1:8001", "127.0.0.1:8002"]))
    assert home.refusal("http://127.0.0.1:8001/a") is None
    assert home.refusal("http://127.0.0.1:8002/") == "scope"
    assert home.admit("http://127.0.0.1:8002/")
    assert home.refusal("http://127.0.0.1:9/") == "private-network"


def test_a_private_portal_never_leads_outside() -> None:
    scope = Scope("http://127.0.0.1:8001/", authorities(["127.0.0.1:8001"]))
    assert not scope.admit("https://pay.gov.example/")
    scope.rebase("https://www.public.example/")
    assert scope.refusal("https://www.public.example/") == "scope"


def test_who_opted_out_is_left_alone() -> None:
    scope = Scope(CITY, opt_out=("archive.city.example",))
    assert scope.refusal("https://archive.city.example/1999") == "opt-out"
    assert scope.refusal("https://old.archive.city.example/") == "opt-out"
    assert scope.refusal("https://notarchive.city.example/") is None


def test_a_home_that_moved_is_still_the_city() -> None:
    scope = Scope("https://old.example/")
    scope.rebase("https://new-city.test/")
    assert scope.refusal("https://www.new-city.test/a") is None


def test_a_blocked_host_is_left_alone() -> None:
    scope = Scope(CITY)
    scope.block("https://www.city.example/x")
    assert scope.refusal("https://www.city.example/y") == "blocked"
