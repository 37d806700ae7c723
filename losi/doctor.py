"""What is on this machine that the work needs or could use, and how to get what is missing."""

import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec

from crawler.browser_finder import DEBIAN_PACKAGES, VARIABLE, Browser, fetch_browser, find_browser
from losi.workspace import IDENTITY_REMEDY, Workspace

# One language a script; fontconfig answers whether any installed font can write it.
SCRIPTS = {
    "Arabic": "ar",
    "Devanagari": "hi",
    "Bengali": "bn",
    "Chinese": "zh",
    "Japanese": "ja",
    "Korean": "ko",
    "Thai": "th",
    "Khmer": "km",
    "Burmese": "my",
    "Ethiopic": "am",
    "Georgian": "ka",
    "Armenian": "hy",
}


@dataclass(frozen=True)
class Finding:
    """`needed` things missing make `losi doctor` exit 1; the rest is for those who want it."""

    thing: str
    found: str
    remedy: str = ""
    needed: bool = False

    @property
    def missing(self) -> bool:
        return bool(self.remedy)


def examine(workspace: Workspace, *, get_browser: bool = False) -> list[Finding]:
    return [
        _identity(workspace),
        _database(workspace),
        _browser(find_browser() or (fetch_browser() if get_browser else None)),
        _fonts(),
        _optional(
            "PostgreSQL driver",
            "psycopg",
            "pip install 'losi[postgres]', then [store] database_url in losi.toml",
        ),
        _optional("Dask cluster", "distributed", "pip install 'losi[cluster]'"),
        _java(),
    ]


def _identity(workspace: Workspace) -> Finding:
    identity = workspace.settings().identity
    if identity:
        return Finding("identity", f"{identity.body}, {identity.contact}")
    return Finding(
        "identity",
        "none: only this machine's own addresses are visited",
        f"write into {workspace.settings_path}: " + " ".join(IDENTITY_REMEDY.split("\n")).strip(),
    )


def _database(workspace: Workspace) -> Finding:
    url = workspace.settings().database_url
    with workspace.open_store():
        kind = url.split(":", 1)[0] if url else f"SQLite in {workspace.folder}"
    return Finding("database", kind, needed=True)


def _browser(browser: Browser | None) -> Finding:
    if browser:
        where = browser.path or "Playwright's own"
        return Finding("browser", f"Chromium {browser.version}, {where}")
    return Finding(
        "browser",
        "none: portals are read without one, menus drawn by script are missed, no pictures",
        f"python -m playwright install chromium, or install Chrome or Chromium, or set {VARIABLE}",
    )


def _fonts() -> Finding:
    if not shutil.which("fc-list"):
        return Finding("fonts", "not asked: fontconfig is not on this machine")
    missing = [script for script, language in SCRIPTS.items() if not _has_font(language)]
    if not missing:
        return Finding("fonts", f"for all of {len(SCRIPTS)} scripts asked for")
    return Finding(
        "fonts",
        "pictures of pages would show boxes for " + ", ".join(missing),
        "on Debian: apt-get install " + " ".join(DEBIAN_PACKAGES[1:]),
    )


def _has_font(language: str) -> bool:
    asked = subprocess.run(
        ["fc-list", f":lang={language}", "family"], capture_output=True, text=True, check=False
    )
    return bool(asked.stdout.strip())


def _optional(thing: str, module: str, remedy: str) -> Finding:
    return Finding(thing, "found") if find_spec(module) else Finding(thing, "not installed", remedy)


def _java() -> Finding:
    if path := shutil.which("java"):
        return Finding("Java", path)
    return Finding("Java", "not found: markup is judged by html5lib, which can only say no", "install a JRE")
