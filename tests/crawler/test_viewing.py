"""A portal whose menu exists only after script: with a browser it is crawled like any other."""

import asyncio

import pytest

from crawler.answer import Answer
from crawler.viewing import _Assets
from evidence_store import Record, Store
from tests.crawler.site import Reply, Site, page, serving
from tests.crawler.workspace import Seen, order, prepare, run

pytestmark = pytest.mark.browser
DELAY = 0.01  # so that a turn is laid down after each request
MENU = b"document.querySelector('nav').innerHTML = '<a href=\"/youth\">Youth</a>'"
HOME = """<!doctype html><html lang="en"><title>Town</title><body><nav></nav><main><h1>Town</h1></main>
<script src="/menu.js"></script><script src="/forbidden.js"></script><script src="/moved.js"></script>
<script src="http://10.0.0.1/tracker.js"></script></body></html>"""


@pytest.fixture(scope="module")
def crawled(tmp_path_factory, found_browser):
    """The crawl's evidence, its site, the log before it was ordered again, and how long others had to wait."""
    folder = tmp_path_factory.mktemp("workspace")
    waits = []
    other = Site({"/tracker.js": Reply(b"", mime="text/javascript")})

    def menu(count):
        with Store.open(folder) as elsewhere:
            waits.append(elsewhere.take_turn(site.authority, "another crawl"))
        return Reply(MENU, mime="text/javascript")

    site = Site(
        {
            "/": HOME,
            "/menu.js": menu,
            "/moved.js": lambda _: Reply(status=302, headers=(("Location", other.url + "tracker.js"),)),
            "/youth": page("Youth"),
            "/robots.txt": Reply(b"User-agent: *\nDisallow: /forbidden.js\n", mime="text/plain"),
        }
    )
    with serving(site, other):
        (crawl,) = prepare(folder, {"town": site.url}).values()
        given = order([crawl], [site.authority, other.authority], browser=True, delay=DELAY)
        assert run(folder, given) == {crawl: "exhausted"}
        log = list(site.log)
        run(folder, given)
    assert other.log == [], "the turn of one site is no turn of another"
    with Store.open(folder) as store:
        yield Seen(store, "r/town"), site, log, waits


def test_it_works(crawled):
    seen, site, log, _ = crawled
    assert "/youth" in log
    assert seen.count(site.url + "youth") == 1


def test_document_and_pictures_are_kept(crawled):
    seen, site, _, _ = crawled
    (dom,), (wide,), (phone,) = (seen.kind(kind) for kind in ("dom", "screenshot", "phone"))
    assert b'<a href="/youth">Youth</a>' in seen.store.read(dom).body
    assert (wide.url, wide.mime) == (f"urn:view:{site.url}", "image/png")
    assert seen.store.read(phone).body.startswith(b"\x89PNG")


def test_what_the_page_asked_for_passed_the_same_door(crawled):
    seen, site, log, _ = crawled
    assert [capture.url for capture in seen.kind("asset")] == [site.url + "menu.js", site.url + "moved.js"]
    assert "/forbidden.js" not in log, "robots.txt holds for scripts too"


def test_another_crawl_waits_while_the_browser_is_there(crawled):
    assert [wait > 0 for wait in crawled[3]] == [True]


class Asked:
    """Stands for the spider and its fetcher."""

    def __init__(self, reply):
        self.fetcher, self.reply, self.urls = self, reply, []

    async def fetch(self, url, *, kind, requested_by):
        self.urls.append(url)
        await asyncio.sleep(0)
        return Answer(url, None, Record({}, *self.reply, b""))


def asked_for(reply, *urls, ended_after=99):
    """What was asked of the host, of all that a page wanted at once."""
    spider = Asked(reply)

    async def visit():
        assets = _Assets(spider, "city.example")
        tasks = [asyncio.ensure_future(assets.fetch(url, "script")) for url in urls]
        for _ in range(20):  # more than all of them need
            if len(spider.urls) < ended_after:
                await asyncio.sleep(0)
        await assets.end()
        asked = list(spider.urls)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert spider.urls == asked, "nothing is asked for after the visit"
        return assets

    return spider.urls, asyncio.run(visit())


SCRIPTS = [f"https://static.city.example/{n}.js" for n in range(4)]


def test_a_visit_asks_its_own_site_and_ends():
    assert asked_for((200, ()), *SCRIPTS, "https://other.example/")[0] == SCRIPTS
    assert asked_for((200, ()), *SCRIPTS, ended_after=1)[0] == SCRIPTS[:1]


def test_a_host_that_asks_for_rest_is_left_alone():
    urls, assets = asked_for((429, (("Retry-After", "70"),)), *SCRIPTS)
    assert (urls, assets.status, assets.retry_after) == (SCRIPTS[:1], 429, "70")


def test_nothing_is_fetched_twice(crawled):
    _, site, log, _ = crawled
    assert site.log == log
    assert len(set(log)) == len(log)
