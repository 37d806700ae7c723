"""Providers by kind and country: payment, identity, open data, … and how an address or a page shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from checks.hosts import host_of, is_public_suffix, under
from checks.shape import Checker, Shape, texts
from checks.yamlfile import Fault, Source, read_yaml, refuse

FOLDER = Path(__file__).parent / "fingerprints"
_SHAPE = Shape({"schema": "text", "kind": "text", "country": "text", "providers": "map"}, {"note": "text"})
_PROVIDER = Shape(
    {"name": "text", "source": "text", "checked": "text"},
    {
        "website": "text",
        "hosts": "list",
        "not_hosts": "list",
        "url": "list",
        "scriptSrc": "list",
        "dom": "list",
        "text": "list",
        "not_path": "list",
        "only_path": "list",
        "note": "text",
    },
)
REMEMBERED = 50_000  # addresses
MAX_URL = 2_000  # characters of an address a pattern may look at


@dataclass(frozen=True, eq=False)
class Provider:
    id: str
    kind: str
    country: str
    name: str
    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    url: tuple[re.Pattern[str], ...] = ()
    scripts: tuple[re.Pattern[str], ...] = ()
    dom: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    not_path: tuple[str, ...] = ()
    only_path: tuple[str, ...] = ()

    def at(self, url: str) -> bool:
        """Whether the address belongs to the provider's service (not its staging, vendor or share pages)."""
        host = host_of(url)
        if any(under(host, other) for other in self.not_hosts):
            return False
        path = urlsplit(url).path.lower() or "/"
        if any(path.startswith(start.lower()) for start in self.not_path):
            return False
        if self.only_path and not any(path.startswith(start.lower()) for start in self.only_path):
            return False
        if any(under(host, domain) for domain in self.hosts):
            return True
        return any(pattern.search(url[:MAX_URL]) for pattern in self.url)

    def serves_script(self, url: str) -> bool:
        return any(pattern.search(url[:MAX_URL]) for pattern in self.scripts)


class ProviderIndex:
    """Providers by host, so that a link is compared with a few of them and only once."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._by_host: dict[str, list[Provider]] = {}
        self._patterned: list[Provider] = []
        self._scripted: list[Provider] = []
        self._known: dict[tuple[str, bool], tuple[Provider, ...]] = {}
        self.in_page: list[Provider] = []
        for provider in providers:
            for host in provider.hosts:
                self._by_host.setdefault(host, []).append(provider)
            if provider.url:
                self._patterned.append(provider)
            if provider.scripts:
                self._scripted.append(provider)
            if provider.dom or provider.text:
                self.in_page.append(provider)

    def at(self, url: str, *, script: bool = False) -> tuple[Provider, ...]:
        """Those whose service the address belongs to; of a script's address also those that serve it."""
        found = self._known.get((url, script))
        if found is None:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            found = self._known[url, script] = tuple(dict.fromkeys(self._at(url, script)))
        return found

    def _at(self, url: str, script: bool) -> Iterator[Provider]:
        labels = host_of(url).split(".")
        near = [
            one for place in range(len(labels)) for one in self._by_host.get(".".join(labels[place:]), ())
        ]
        shaped = (one for one in self._patterned if any(pattern.search(url[:MAX_URL]) for pattern in one.url))
        yield from (provider for provider in (*near, *shaped) if provider.at(url))
        if script:
            yield from (provider for provider in self._scripted if provider.serves_script(url))


def parse_fingerprints(files: Mapping[str, Any]) -> tuple[Provider, ...]:
    return tuple(
        _provider(name, file["kind"], file["country"], item)
        for _, file in sorted(files.items())
        for name, item in sorted(file["providers"].items())
    )


def _provider(name: str, kind: str, country: str, item: Mapping[str, Any]) -> Provider:
    return Provider(
        id=name,
        kind=kind,
        country=country,
        name=item["name"],
        hosts=tuple(host.lower() for host in texts(item.get("hosts"))),
        not_hosts=tuple(host.lower() for host in texts(item.get("not_hosts"))),
        url=tuple(re.compile(pattern, re.I) for pattern in texts(item.get("url"))),
        scripts=tuple(re.compile(pattern, re.I) for pattern in texts(item.get("scriptSrc"))),
        dom=texts(item.get("dom")),
        text=texts(item.get("text")),
        not_path=texts(item.get("not_path")),
        only_path=texts(item.get("only_path")),
    )


def fingerprint_paths() -> list[Path]:
    return sorted(FOLDER.glob("*/*.yaml"))


@lru_cache(maxsize=1)
def read_fingerprints() -> dict[str, Any]:
    """`payment/it` → the file's data. Raises BadData."""
    return {f"{path.parent.name}/{path.stem}": _usable(path) for path in fingerprint_paths()}


def _usable(path: Path) -> Any:
    source = read_yaml(path, f"fingerprints/{path.parent.name}/{path.name}")
    refuse(check_fingerprints(source))
    return source.data


def check_fingerprints(source: Source) -> list[Fault]:
    check = Checker(source, list(source.faults))
    data = check.shape(source.data, (), _SHAPE)
    check.schema(data, "fingerprint/1")
    folder = Path(source.file).parent.name
    if "kind" in data and data["kind"] != folder:
        check.fault(("kind",), f"expected the folder's name, {folder!r}")
    for name, item in check.mapping(data.get("providers", {}), ("providers",)).items():
        _check_provider(check, check.shape(item, ("providers", name), _PROVIDER), ("providers", name))
    return check.faults


def _check_provider(check: Checker, item: Mapping[str, Any], key: tuple[str, ...]) -> None:
    if not any(item.get(part) for part in ("hosts", "url", "scriptSrc", "dom", "text")):
        check.fault(key, "nothing to recognise it by; give hosts, url, scriptSrc, dom or text")
    for part in ("hosts", "not_hosts"):
        for place, host in enumerate(texts(item.get(part))):
            if "/" in host or ":" in host:
                check.fault(
                    (*key, part, place), f"{host!r}: expected a host name without scheme, port or path"
                )
            elif is_public_suffix(host):
                check.fault(
                    (*key, part, place), f"{host!r} is a public suffix: it would match other people's sites"
                )
    for part in ("url", "scriptSrc"):
        for place, pattern in enumerate(texts(item.get(part))):
            try:
                re.compile(pattern)
            except re.error as problem:
                check.fault((*key, part, place), f"not a regular expression: {problem}")
