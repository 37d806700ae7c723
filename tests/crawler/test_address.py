import pytest

from crawler import address


def test_it_works() -> None:
    assert address.normal("http://City.Example:80/a/?b=2&a=1#top") == "//city.example/a/?a=1&b=2"


@pytest.mark.parametrize(
    "url",
    [
        "https://city.example/a?x=1&y=2",
        "http://city.example/a?y=2&x=1",
        "https://city.example:443/a?x=1&y=2#part",
        "https://CITY.example./a?x=1&y=2&sid=0123456789abcdef",
        "https://city.example/a;jsessionid=8F3A?x=1&y=2",
        "https://city.example/a?x=1&y=2&PHPSESSID=abcdefgh12&utm_source=mail&fbclid=1",
    ],
)
def test_one_page_has_one_key(url: str) -> None:
    assert address.normal(url) == "//city.example/a?x=1&y=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://city.example/a", "https://city.example/b"),
        ("https://city.example/?id=1", "https://city.example/?id=2"),
        ("https://city.example/?sid=12", "https://city.example/?sid=13"),  # a section's number, not a session
        ("https://city.example:8443/", "https://city.example/"),
    ],
)
def test_other_pages_have_other_keys(one: str, other: str) -> None:
    assert address.normal(one) != address.normal(other)


def test_text_of_any_script_is_one_key() -> None:
    assert address.normal("https://city.example/सेवा") == address.normal(
        "https://city.example/%e0%a4%b8%e0%a5%87%e0%a4%b5%e0%a4%be"
    )
    assert address.host("https://münchen.example/") == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "url", ["mailto:a@city.example", "javascript:void(0)", "http://", "http://[::1", "http://a:b/", ""]
)
def test_what_is_no_web_address(url: str) -> None:
    assert address.parts(url) is None
    assert address.host(url) == ""


def test_a_site_is_a_registrable_domain_else_host_and_port() -> None:
    assert address.site("https://www.lisboa.gov.pt/x") == address.site("https://servicos.lisboa.gov.pt/")
    assert address.site("http://127.0.0.1:8001/") != address.site("http://127.0.0.1:8002/")


@pytest.mark.parametrize(
    "name",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.9",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "localhost",
        "a.localhost",
        "intranet",
        "nas.local",
    ],
)
def test_private_names_and_numbers(name: str) -> None:
    assert address.is_private(name)


@pytest.mark.parametrize(
    "name", ["93.184.216.34", "2606:4700::1111", "www.city.gov.pt", "localhost.city.example"]
)
def test_public_names_and_numbers(name: str) -> None:
    assert not address.is_private(name)
