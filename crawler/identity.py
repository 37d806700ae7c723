"""Who is crawling: the assessing body and a contact, in the user agent of every request beyond loopback."""

import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PRODUCT = "losi"
PURPOSE = "crawler of the Local Online Service Index assistant"


@dataclass(frozen=True)
class Identity:
    body: str
    contact: str


def user_agent(identity: Identity | None) -> str:
    if identity is None:
        return f"{PRODUCT}/{_version()} (practice on loopback)"
    who = f"{identity.body}; {identity.contact}".encode("ascii", "ignore").decode()
    return f"{PRODUCT}/{_version()} ({who}) {PURPOSE}"


def _version() -> str:
    try:
        return version(PRODUCT)
    except PackageNotFoundError:
        return "0"


def identity_of(workspace: Path) -> Identity | None:
    """For `scrapy crawl`: what the workspace's losi.toml says under [identity]."""
    try:
        said = tomllib.loads((workspace / "losi.toml").read_text(encoding="utf-8")).get("identity", {})
    except (OSError, tomllib.TOMLDecodeError):
        return None
    body, contact = str(said.get("body", "")).strip(), str(said.get("contact", "")).strip()
    return Identity(body, contact) if body and contact else None
