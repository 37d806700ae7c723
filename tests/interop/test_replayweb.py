"""ReplayWeb.page, what most people open a WACZ with, shows our bundles' pages."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from tests.interop.odd_city import SHOWN

APP = (
    '<!doctype html><meta charset="utf-8"><script src="./ui.js"></script><replay-app-main></replay-app-main>'
)
SECONDS = 40

pytestmark = [pytest.mark.browser, pytest.mark.interop]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(folder) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def shown(replayweb, browser, tmp_path):
    """Opens a bundle at a page's address and waits for a text in the page that was archived."""
    for name in ("ui.js", "sw.js"):
        shutil.copy(replayweb / name, tmp_path)
    (tmp_path / "index.html").write_text(APP, encoding="utf-8")

    def show(bundle, url, text):
        shutil.copy(bundle.file, tmp_path / "city.wacz")
        context = browser.new_context()
        with served(tmp_path) as base:
            tab = context.new_page()
            tab.goto(f"{base}/?source={base}/city.wacz#view=resource&url={quote(url, safe='')}")
            try:
                archived = tab.frame_locator("iframe").get_by_text(text).first
                archived.wait_for(state="visible", timeout=SECONDS * 1000)
                return archived.inner_text()
            finally:
                context.close()

    return show


def test_it_works(shown, odd):
    assert SHOWN in shown(odd, "http://www.odd.test/", SHOWN)


@pytest.mark.soak
@pytest.mark.parametrize(("number", "text"), [(0, "Marsa Noor"), (1, "दूरभाष"), (2, "Vila Serena")])
def test_the_home_page_of_each_demo_city(shown, demo, number, text):
    bundle = demo[number]
    home = next(line.split('"')[3] for line in bundle.index.splitlines() if ")/ " in line)
    assert text in shown(bundle, home, text)
