"""What tests of several packages need: a browser that starts, a database server, or the reason why there is none."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from crawler.browser_finder import QUIET, VARIABLE, Browser, find_browser, sandboxed
from tests.postgres import throw_away_server


@pytest.fixture(scope="session", autouse=True)
def own_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test signs with, or makes, a key of whoever runs it; programs that tests start inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("keys") / "losi"
        patch.setenv("LOSI_KEYS", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell that runs the tests in the background has SIGINT ignored, and what tests start would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def found_browser() -> Browser:
    found = find_browser()
    if found is None:
        pytest.skip(
            f"no browser: `make test` fetches one where it can; else install Chromium or set {VARIABLE}"
        )
    return found


@pytest.fixture(
    scope="module"
)  # while it is open there is an event loop, and asyncio.run refuses a second one
def browser(found_browser: Browser) -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found_browser.path, args=list(QUIET), chromium_sandbox=sandboxed()
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with throw_away_server() as url:
        yield url
