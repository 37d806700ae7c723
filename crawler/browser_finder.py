"""Which browser to use: one named by the user, Playwright's own, or one that is on the machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

VARIABLE = "LOSI_BROWSER"
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
)
MACOS_BUNDLES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# Without these the browser calls its vendor on its own account: noise in evidence, and a privacy point.
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
DEBIAN_PACKAGES = ("chromium-headless-shell", "fonts-noto-core", "fonts-noto-cjk")
LAUNCH_SECONDS = 20


@dataclass(frozen=True)
class Browser:
    """A browser that was seen to start; `path` is None for Playwright's own."""

    path: str | None
    version: str


def sandboxed() -> bool:
    """Chromium's own sandbox refuses to run as root."""
    return not hasattr(os, "geteuid") or os.geteuid() != 0


def find_browser() -> Browser | None:
    """The first that starts; LOSI_BROWSER, when set, is the only candidate."""
    for path in _candidates():
        if browser := _started(path):
            return browser
    return None


def fetch_browser() -> Browser | None:
    """A browser brought onto the machine: Playwright's download, else as root on Debian the package."""
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium", "--only-shell"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    if (browser := find_browser()) or sandboxed() or not shutil.which("apt-get"):
        return browser
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *DEBIAN_PACKAGES]):
        subprocess.run(["apt-get", *command], stdout=subprocess.DEVNULL, timeout=900, check=False)
    return find_browser()


def _candidates() -> Iterator[str | None]:
    if named := os.environ.get(VARIABLE):
        yield named
        return
    yield None
    yield from filter(None, map(shutil.which, NAMES))
    yield from (path for path in MACOS_BUNDLES if Path(path).exists())


def _started(path: str | None) -> Browser | None:
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path,
                args=list(QUIET),
                chromium_sandbox=sandboxed(),
                timeout=LAUNCH_SECONDS * 1000,
            )
            version = browser.version
            browser.close()
    except Exception:  # Playwright's own, and a bare Exception where its driver dies at once (a full disk)
        return None
    return Browser(path=path, version=version)
