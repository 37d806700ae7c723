import pytest

from evidence_store import urlkey


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.Lima.example/A?b=2&a=1#x", "example,lima)/a?a=1&b=2"),
        ("http://lima.example:80", "example,lima)/"),
        ("https://lima.example:8443/x", "example,lima:8443)/x"),
        ("http://127.0.0.1:8001/x", "127.0.0.1:8001)/x"),
        ("http://[::1]:8001/x", "::1:8001)/x"),
        ("http://www.example/", "example,www)/"),
        ("urn:losi:tls:https://a/", "urn:losi:tls:https://a/"),
        ("http://[broken", "http://[broken"),
        ("http://a.example:port/", "http://a.example:port/"),
    ],
)
def test_it_works(url: str, key: str) -> None:
    assert urlkey(url) == key
