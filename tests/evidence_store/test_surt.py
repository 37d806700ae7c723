"""Expected keys are those of the surt library 0.3.1, which other indexers use; tests/interop compares many more."""

import pytest

from evidence_store import urlkey


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.Lima.example/A?b=2&a=1#x", "example,lima)/a?a=1&b=2"),
        ("http://lima.example:80", "example,lima)/"),
        ("https://lima.example:8443/x", "example,lima:8443)/x"),
        ("https://lima.example:80/", "example,lima:80)/"),
        ("http://user:word@lima.example/", "example,lima)/"),
        ("http://127.0.0.1:8001/x", "1,0,0,127:8001)/x"),
        ("http://2130706433/", "1,0,0,127)/"),
        ("http://[::1]:8001/x", "::1:8001)/x"),
        ("http://www.example/", "example)/"),
        ("http://www.www2.example/", "example,www2)/"),
        ("http://a..lima.example./", "example,lima,a)/"),
        ("http://m\u00fcnchen.example/", "example,xn--mnchen-3ya)/"),
        ("http://lima.example/a//b/../c/./d/", "example,lima)/a/c/d"),
        ("http://lima.example/%7Ea/%2541%2Fb c", "example,lima)/~a/a/b%20c"),
        ("http://lima.example/\u00c9/%C3%89", "example,lima)/%c3%89/%c3%89"),
        ("http://lima.example/?", "example,lima)/"),
        ("http://lima.example/?q=%26z&B&b=&a", "example,lima)/?a&b&b=&q=&z"),
        ("http://lima.example/?a=1&PHPSESSID=" + "0a" * 16, "example,lima)/?&a=1"),
        ("http://lima.example/?sid=" + "0a" * 16 + "&a=1", "example,lima)/?a=1"),
        ("http://lima.example/?cfid=1&cftoken=2", "example,lima)/"),
        ("http://lima.example/(S(" + "a" * 24 + "))/p.aspx", "example,lima)/p.aspx"),
        ("urn:losi:tls:https://A/", "urn:losi:tls:https://a"),
        ("urn:view:http://a.example/x?b=1&a=2", "urn:view:http://a.example/x?a=2&b=1"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("http://[broken", "broken)/"),
        ("http://a.example:port/", "http://a.example:port/"),
        ("http://a.example:99999/", "http://a.example:99999/"),
    ],
)
def test_it_works(url: str, key: str) -> None:
    assert urlkey(url) == key
