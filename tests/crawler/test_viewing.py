"""A portal whose menu exists only after script: with a browser it is crawled like any other."""

import pytest

from crawler.browser_finder import VARIABLE, find_browser
from evidence_store import Store
from tests.crawler.site import Reply, Site, page, serving
from tests.crawler.workspace import Seen, order, prepare, run

pytestmark = pytest.mark.browser
MENU = b"document.querySelector('nav').innerHTML = '<a href=\"/youth\">Youth</a>'"
HOME = """<!doctype html><html lang="en"><title>Town</title><body><nav></nav><main><h1>Town</h1></main>
<script src="/menu.js"></script><script src="/forbidden.js"></script>
<script src="http://10.0.0.1/tracker.js"></script></body></html>"""


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """The crawl's evidence, the server's log, and the log after the crawl was ordered again."""
    if find_browser() is None:
        pytest.skip(
            f"no browser: `make test` fetches one where it can; else install Chromium or set {VARIABLE}"
        )
    folder = tmp_path_factory.mktemp("workspace")
    site = Site(
        {
            "/": HOME,
            "/menu.js": Reply(MENU, mime="text/javascript"),
            "/youth": page("Youth"),
            "/robots.txt": Reply(b"User-agent: *\nDisallow: /forbidden.js\n", mime="text/plain"),
        }
    )
    with serving(site):
        (crawl,) = prepare(folder, {"town": site.url}).values()
        given = order([crawl], [site.authority], browser=True)
        assert run(folder, given) == {crawl: "exhausted"}
        log = list(site.log)
        run(folder, given)
    with Store.open(folder) as store:
        yield Seen(store, "r/town"), site, log


def test_it_works(crawled):
    seen, site, log = crawled
    assert "/youth" in log
    assert seen.count(site.url + "youth") == 1


def test_document_and_pictures_are_kept(crawled):
    seen, site, _ = crawled
    (dom,), (wide,), (phone,) = (seen.kind(kind) for kind in ("dom", "screenshot", "phone"))
    assert b'<a href="/youth">Youth</a>' in seen.store.read(dom).body
    assert (wide.url, wide.mime) == (f"urn:view:{site.url}", "image/png")
    assert seen.store.read(phone).body.startswith(b"\x89PNG")


def test_what_the_page_asked_for_passed_the_same_door(crawled):
    seen, site, log = crawled
    assert [capture.url for capture in seen.kind("asset")] == [site.url + "menu.js"]
    assert "/forbidden.js" not in log, "robots.txt holds for scripts too"


def test_nothing_is_fetched_twice(crawled):
    _, site, log = crawled
    assert site.log == log
    assert len(set(log)) == len(log)
