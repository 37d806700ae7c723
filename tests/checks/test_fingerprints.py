"""One page per provider, tests/fingerprints/<kind>-<id>.html: it matches that provider and no other of its kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.context import Context
from checks.fingerprint import Provider, ProviderIndex, parse_fingerprints, read_fingerprints
from checks.lexicon import load_lexicon
from checks.matchers import MATCHERS
from checks.page import Page
from checks.rule import SignalSpec

FOLDER = Path(__file__).parents[1] / "fingerprints"
PAGES = sorted(FOLDER.rglob("*.html"))
PROVIDERS = parse_fingerprints(read_fingerprints())
_COMMENT = re.compile(r"<!--\s*provider:\s*(\S+)\s*-->")


def expected(path: Path) -> tuple[str, str]:
    """(kind, provider id); ("", "") where nothing may match."""
    said = _COMMENT.search(path.read_text("utf-8"))
    name = said.group(1) if said else path.relative_to(FOLDER).with_suffix("").as_posix()
    if name == "none" or name.startswith("none"):
        return "", ""
    for provider in PROVIDERS:
        if name in (f"{provider.kind}/{provider.id}", f"{provider.kind}-{provider.id}", provider.id):
            return provider.kind, provider.id
    raise AssertionError(f"{path.name}: names no provider")


def matched(path: Path, kind: str) -> set[str]:
    page = Page.of("https://city.example/", path.read_bytes())
    context = Context(lexicon=load_lexicon([]), providers=PROVIDERS, portal_url="https://city.example/")
    names = {provider.name: provider.id for provider in PROVIDERS if provider.kind == kind}
    spec = SignalSpec(
        "seen",
        "provider",
        "provider",
        {"provider": kind, "in": ["form", "link", "iframe", "script", "redirect", "dom"]},
    )
    return {names[found.term] for found in MATCHERS["provider"](page, spec, context)}


def test_it_works() -> None:
    provider = Provider(
        "p", "payment", "XX", "P", hosts=("pay.example",), not_hosts=("test.pay.example",), not_path=("/doc",)
    )
    index = ProviderIndex([provider])
    assert index.at("https://secure.pay.example/a") == (provider,)
    for url in (
        "https://test.pay.example/",
        "https://notpay.example/",
        "https://pay.example.org/",
        "https://pay.example/docs",
    ):
        assert index.at(url) == ()


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_a_page_matches_its_provider_and_no_other(path: Path) -> None:
    kind, provider = expected(path)
    kinds = [kind] if kind else sorted({one.kind for one in PROVIDERS})
    assert set().union(*(matched(path, one) for one in kinds)) == ({provider} if provider else set())


def test_ids_are_unique_within_a_kind() -> None:
    seen = [(provider.kind, provider.id) for provider in PROVIDERS]
    assert [pair for pair in set(seen) if seen.count(pair) > 1] == []
