"""A capture as something to read: its links, text, forms and language, made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Protocol

from selectolax.lexbor import LexborHTMLParser

from checks.decoding import decode, header, sniff, to_text
from checks.depth import shallow
from checks.document import pdf_text
from checks.form import MAX_FORMS, Form, read_form
from checks.hosts import Resolver
from checks.language import identify
from checks.passage import Passage, read_passages, zone_of
from checks.text import collapse

MAX_LINKS = 5_000
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_LINKS = "a[href],area[href],h1,h2,h3,h4,h5,h6"
_EMPTY = "<html><head></head><body></body></html>"


class CaptureLike(Protocol):
    """What a page needs of a capture; `evidence_store.Capture` has it."""

    url: Any
    status: Any
    mime: Any
    kind: Any
    record_id: Any


class RecordLike(Protocol):
    """What a page needs of a stored record; `evidence_store.Record` has it."""

    @property
    def body(self) -> bytes: ...
    @property
    def http_headers(self) -> tuple[tuple[str, str], ...]: ...


@dataclass(frozen=True, slots=True)
class Link:
    """`attribute` names where the words stand when the link shows none: aria-label, title or alt."""

    url: str
    text: str
    zone: str
    heading: str
    rel: str = ""
    attribute: str = ""
    href: str = ""
    node: Any = field(default=None, repr=False, compare=False)


class Page:
    def __init__(self, capture: CaptureLike, record: RecordLike) -> None:
        self.url = str(capture.url)
        self.status = int(capture.status) if capture.status is not None else None
        self.kind = str(capture.kind)
        self.record_id = str(capture.record_id)
        self._declared_mime = str(capture.mime or "") or header(record.http_headers, "content-type")
        self._headers = record.http_headers
        decoded = decode(record.body, header(record.http_headers, "content-encoding"))
        self.body, self.truncated = decoded.body, decoded.truncated
        self.boilerplate: frozenset[str] = frozenset()
        self.parted = False  # its sections are judged each for itself
        self.mime = sniff(self.body, "text/html" if self.kind == "dom" else self._declared_mime)
        if self.kind == "dom":
            self.url = _visited(self.url)

    @classmethod
    def of(
        cls, url: str, body: bytes | str, *, status: int = 200, mime: str = "text/html", kind: str = "page"
    ) -> Page:
        """A page that stands in no archive: for trying rules and for tests."""
        raw = body.encode() if isinstance(body, str) else body
        capture = SimpleNamespace(url=url, status=status, mime=mime, kind=kind, record_id=f"urn:page:{url}")
        return cls(capture, SimpleNamespace(body=raw, http_headers=()))

    def __repr__(self) -> str:
        return f"Page({self.url!r}, {self.status}, {self.mime})"

    @property
    def is_html(self) -> bool:
        return self.mime in _HTML_TYPES

    @property
    def is_document(self) -> bool:
        return self.mime == "application/pdf"

    @cached_property
    def source(self) -> str:
        """The decoded text of the payload: markup for HTML."""
        content_type = header(self._headers, "content-type") or self._declared_mime
        return to_text(self.body, content_type)

    @cached_property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(shallow(self.source) if self.is_html and self.source.strip() else _EMPTY)

    @cached_property
    def _pdf(self) -> tuple[str, str, str]:
        return pdf_text(self.body) if self.is_document else ("", "", "")

    @property
    def unread(self) -> str:
        """Why a document gave no text, or ""."""
        return self._pdf[2]

    @cached_property
    def title(self) -> str:
        if self.is_document:
            return self._pdf[0]
        node = self.tree.css_first("head title") or self.tree.css_first("title")
        return collapse(node.text()) if node is not None else ""

    @cached_property
    def base(self) -> str:
        node = self.tree.css_first("base[href]")
        href = (node.attributes.get("href") or "").strip() if node is not None else ""
        return Resolver(self.url).resolve(href) or self.url if href else self.url

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return tuple(self._links()) if self.is_html else ()

    def _links(self) -> Iterator[Link]:
        resolver, zones, heading, heading_zone = Resolver(self.base), _Zones(), "", ""
        for node in self.tree.css(_LINKS)[:MAX_LINKS]:
            zone = zones.of(node)
            if (node.tag or "")[:1] == "h":
                heading, heading_zone = collapse(node.text()), zone
                continue
            attributes = node.attributes
            href = (attributes.get("href") or "").strip()
            if href[:11].lower().startswith(("javascript:", "data:")):
                href = ""
            text, attribute = _words(node, attributes)
            url = resolver.resolve(href) if href else ""
            near = heading if zone == heading_zone else ""
            yield Link(url, text, zone, near, (attributes.get("rel") or "").lower(), attribute, href, node)

    @cached_property
    def _read(self) -> tuple[list[Passage], bool]:
        if self.is_html:
            body = self.tree.body
            return read_passages(body) if body is not None else ([], False)
        text = (
            self._pdf[1]
            if self.is_document
            else ("" if not self.mime.startswith("text/") else self.source[:200_000])
        )
        lines = (collapse(line) for line in text.splitlines())
        return [Passage(line, "p", "main!", False, None, [(0, len(line))]) for line in lines if line], False

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        return tuple(passage for passage in self._read[0] if not passage.hidden)

    @cached_property
    def main(self) -> tuple[Passage, ...]:
        """What the page is about: its main element; else all but menus, header, footer and side columns."""
        own = [passage for passage in self.passages if passage.text not in self.boilerplate]
        marked = tuple(passage for passage in own if passage.zone == "main!")
        if sum(len(passage.text) for passage in marked) > 0:
            return marked
        return tuple(passage for passage in own if passage.zone == "" and "©" not in passage.text)

    def leave_out(self, boilerplate: frozenset[str]) -> None:
        """Lines that stand on most pages of the portal say nothing of this one."""
        self.boilerplate = boilerplate
        for made in ("main", "main_text", "words", "identified", "_index", "_lists", "_sections", "_refused"):
            self.__dict__.pop(made, None)

    @cached_property
    def text(self) -> str:
        return "\n".join(passage.text for passage in self.passages)

    @cached_property
    def main_text(self) -> str:
        return "\n".join(passage.text for passage in self.main)

    @cached_property
    def headings(self) -> tuple[Passage, ...]:
        return tuple(passage for passage in self.passages if passage.level)

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        resolver, zones, headings = Resolver(self.base), _Zones(), dict[str, str]()
        found: list[Form] = []
        for node in self.tree.css("form,h1,h2,h3,h4,h5,h6") if self.is_html else ():
            if node.tag != "form":
                headings[zones.of(node)] = collapse(node.text())
                continue
            action = resolver.resolve(node.attributes.get("action") or "") or self.url
            zone = zones.of(node)
            found.append(read_form(node, action=action, zone=zone, heading=headings.get(zone, "")))
        return tuple(found[:MAX_FORMS])

    @cached_property
    def declared_language(self) -> str:
        node = self.tree.css_first("html")
        value = (
            (node.attributes.get("lang") or node.attributes.get("xml:lang") or "") if node is not None else ""
        )
        return value.strip().replace("_", "-")

    @cached_property
    def identified(self) -> tuple[str, bool]:
        """(language, confident), from the main text, or all text where that is short."""
        text = self.main_text if len(self.main_text) > 300 else self.text
        return identify(text, self.declared_language)

    @property
    def language(self) -> str:
        tag, confident = self.identified
        return tag if confident else self.declared_language.partition("-")[0].lower() or tag

    @cached_property
    def words(self) -> int:
        """Words of the main text; where words are not spaced, two letters count as one."""
        return count_words(self.main_text)


def count_words(text: str) -> int:
    spaced = len(text.split())
    return (
        max(spaced, sum(1 for char in text if char.isalpha()) // 2)
        if spaced and len(text) / spaced > 25
        else spaced
    )


class _Zones:
    """Zones of elements, each ancestor asked once."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def of(self, node: Any) -> str:
        """nav header footer aside, else main."""
        zone = self._of(node.parent)
        return "main" if zone in ("", "main!") else zone

    def _of(self, node: Any) -> str:
        chain: list[Any] = []
        zone = ""
        while node is not None and len(chain) < 400:
            known = self._known.get(node.mem_id)
            if known is not None:
                zone = known
                break
            chain.append(node)
            node = node.parent
        for item in reversed(chain):
            zone = zone_of(item, zone) if item.is_element_node else zone
            self._known[item.mem_id] = zone
        return zone


def _words(node: Any, attributes: dict[str, str | None]) -> tuple[str, str]:
    """The words of a link and the attribute they stand in, "" for visible text."""
    only = node.child
    plain = only is None or (only.next is None and only.is_text_node)
    # Cards put a title and a line of text into one link: their words must not grow together.
    text = collapse(node.text() if plain else node.text(separator=" "))
    if text:
        return text, ""
    for name in ("aria-label", "title"):
        value = collapse(attributes.get(name) or "")
        if value:
            return value, name
    picture = node.css_first("img[alt]")
    return (collapse(picture.attributes.get("alt") or ""), "alt") if picture is not None else ("", "")


def _visited(url: str) -> str:
    """`urn:view:https://…` → the address itself."""
    for prefix in ("urn:view:", "urn:text:", "urn:losi:dom:"):
        url = url.removeprefix(prefix)
    return url
