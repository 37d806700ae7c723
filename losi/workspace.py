"""The folder a team works in: where it is, what its `losi.toml` says, and its store."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler import Identity
from evidence_store import Store
from losi.errors import BadId, BadSettings

SETTINGS_FILE = "losi.toml"
TABLES = ("identity", "store", "crawl", "seal")

IDENTITY_REMEDY = """\
[identity]
body = "Name of the assessing body"
contact = "an address that a webmaster can write to"
"""


@dataclass(frozen=True)
class Settings:
    """What `losi.toml` may say; each key has a default, so that a new workspace needs none."""

    body: str = ""
    contact: str = ""
    database_url: str | None = None
    opt_out: tuple[str, ...] = ()
    keys: str = ""
    authorities: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity | None:
        return Identity(body=self.body, contact=self.contact) if self.body and self.contact else None


@dataclass(frozen=True)
class Workspace:
    folder: Path

    @property
    def settings_path(self) -> Path:
        return self.folder / SETTINGS_FILE

    def settings(self) -> Settings:
        """`losi.toml` as it is now; raises BadSettings."""
        try:
            read = tomllib.loads(self.settings_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Settings()
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(self.settings_path, f"cannot be read: {error}") from error
        return self._parse(read)

    def _parse(self, read: dict[str, Any]) -> Settings:
        identity, store, crawl, seal = (self._table(read, name) for name in TABLES)
        if unknown := sorted(set(read) - set(TABLES)):
            known = ", ".join(f"[{name}]" for name in TABLES)
            raise BadSettings(self.settings_path, f"unknown table [{unknown[0]}]; known: {known}")
        return Settings(
            body=self._text(identity, "body"),
            contact=self._text(identity, "contact"),
            database_url=self._text(store, "database_url") or None,
            opt_out=self._texts(crawl, "opt_out", "host names", "www.example.org"),
            keys=self._text(seal, "keys"),
            authorities=self._authorities(seal),
        )

    def _authorities(self, table: dict[str, Any]) -> tuple[str, ...]:
        given = self._texts(table, "authorities", "addresses", "https://timestamps.example.org/")
        for url in given:
            if not _is_web_address(url):
                raise BadSettings(self.settings_path, f"authorities: {url!r} is no web address")
        return given

    def _table(self, read: dict[str, Any], name: str) -> dict[str, Any]:
        table = read.get(name, {})
        if not isinstance(table, dict):
            raise BadSettings(self.settings_path, f"{name}: expected a table, written [{name}]")
        return table

    def _text(self, table: dict[str, Any], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            raise BadSettings(self.settings_path, f"{key}: expected a text in quotes")
        return value.strip()

    def _texts(self, table: dict[str, Any], key: str, what: str, example: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BadSettings(self.settings_path, f'{key}: expected a list of {what}, ["{example}"]')
        return tuple(value)

    def open_store(self) -> Store:
        """The store, made when missing and migrated when old."""
        return Store.open(self.folder, database_url=self.settings().database_url, migrate=True)


def _is_web_address(url: str) -> bool:
    try:
        split = urlsplit(url)
        return split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        return False


def checked_id(given: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,100}", given):
        raise BadId(given)
    return given
