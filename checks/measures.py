"""Signals that are facts of markup, address, language and measurement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from checks.context import Context
from checks.fingerprint import Provider
from checks.hosts import host_of, under
from checks.language import are_relatives, identify
from checks.page import Page
from checks.quote import Found, longest_piece, whole, within
from checks.rule import SignalSpec
from checks.text import collapse, fold
from checks.wording import MAX_FOUND, hits_of, refused_links

_MEDIA = {
    "image": "img,picture img,figure",
    "video": "video,iframe[src]",
    "map": "iframe[src],object,canvas,[class*=map i],[id*=map i]",
    "chart": "figure,svg,canvas,table",
}
_LANGUAGE_TEXT = 200  # letters a page needs before its language may count


def provider(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """A provider of the kind in a form's target, a link, a frame, a script or a redirect."""
    kinds = spec.words("provider") or spec.words("of")
    found: dict[str, Found] = {}
    for place in spec.words("in") or ("form", "link", "iframe", "script", "redirect", "dom"):
        for item, seen in _provided(page, place, context):
            if item.kind in kinds:
                found.setdefault(item.id, seen)
    if found and len(found) >= spec.number("at_least", 1):
        yield from list(found.values())[:MAX_FOUND]


def _provided(page: Page, place: str, context: Context) -> list[tuple[Provider, Found]]:
    """All providers at one place of the page, looked for once for all rules."""
    known: dict[str, list[tuple[Provider, Found]]] = page.__dict__.setdefault("_provided", {})
    if place not in known:
        known[place] = list(_by_dom(page, context) if place == "dom" else _by_address(page, place, context))
    return known[place]


def _by_address(page: Page, place: str, context: Context) -> Iterator[tuple[Provider, Found]]:
    for url, quote, node in _addresses(page, place, context):
        for item in context.known_providers.at(url, script=place == "script"):
            said = quote or (longest_piece(node) or node.attributes.get("href") or "")
            yield item, Found(said[:300], node=node, term=item.name, reason=f"provider-in-{place}")


def _addresses(page: Page, place: str, context: Context) -> Iterator[tuple[str, str, Any]]:
    if place == "link":
        refused = refused_links(page, context)
        for link in page.links:
            if link.node is not None and link.node.mem_id in refused:
                continue
            if link.url.startswith("http") and not context.is_dead(link.url):
                yield link.url, link.text if link.attribute else "", link.node
    elif place == "form":
        for form in page.forms:
            yield form.action, (form.node.attributes.get("action") or form.action), form.node
    elif place in ("iframe", "script"):
        for node in page.tree.css(f"{place}[src]"):
            src = node.attributes.get("src") or ""
            yield ("https:" + src if src.startswith("//") else src), src, node
    elif place == "redirect":
        for node in page.tree.css("meta[http-equiv=refresh i][content]"):
            content = node.attributes.get("content") or ""
            yield content.partition("=")[2].strip(" '\""), content, node


def _by_dom(page: Page, context: Context) -> Iterator[tuple[Provider, Found]]:
    for item in context.known_providers.in_page if page.is_html else ():
        for selector in item.dom:
            node = page.tree.css_first(selector)
            if node is not None:
                yield item, Found(_something(node), node=node, term=item.name, reason="provider-in-page")
        for mark in item.text:
            if mark in page.text:
                yield item, Found(mark, term=item.name, reason="provider-in-page")


def markup(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """Structured data of a type, a meta or link relation, or an element by CSS selector."""
    nodes: list[Any] = []
    for name in spec.words("meta"):
        nodes += page.tree.css(f'meta[name="{name}" i][content],meta[property="{name}" i][content]')
    for name in spec.words("rel"):
        nodes += page.tree.css(f'link[rel~="{name}" i][href],a[rel~="{name}" i][href]')
    for name in (*spec.words("selector"), *spec.words("attribute")):
        nodes += page.tree.css(
            name if any(char in name for char in "[.#> ") or name in _TAGS else f"[{name}]"
        )
    found = [Found(_something(node), node=node) for node in nodes]
    found += _typed(page, spec.words("schema_type"))
    found = [item for item in found if item.quote]
    if found and len(found) >= spec.number("at_least", 1):
        yield from found[:MAX_FOUND]


_TAGS = frozenset({"details", "dialog", "video", "audio", "map", "table", "canvas", "progress", "meter"})


def _something(node: Any) -> str:
    """A text under the element, else the value of an attribute: something to show for it."""
    said = longest_piece(node) if node.tag not in ("script", "style", "meta", "link") else ""
    for name in ("content", "href", "src", "alt", "title", "aria-label", "id", "class"):
        said = said or collapse(node.attributes.get(name) or "")
    return said[:300].strip()


def _typed(page: Page, types: tuple[str, ...]) -> list[Found]:
    found = []
    for name in types:
        for node in page.tree.css(f'[itemtype$="/{name}" i]'):
            found.append(Found(node.attributes.get("itemtype") or "", node=node))
        for node in page.tree.css('script[type="application/ld+json"]'):
            match = re.search(rf'"@type"\s*:\s*(?:\[[^\]]{{0,200}})?"{re.escape(name)}"', node.text() or "")
            if match:
                found.append(Found(collapse(match.group()), node=node))
    return found


def language(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """The text is in another language than the portal's main one (its first), as identified from the text."""
    tag, confident = page.identified
    main = context.languages[0].partition("-")[0].lower() if context.languages else ""
    if not confident or not main or tag == main or not page.main:
        return
    if sum(map(str.isalpha, page.main_text)) >= _LANGUAGE_TEXT and _surely(tag, main, page):
        passage = max(page.main, key=lambda one: len(one.text))
        found = whole(passage)
        yield Found(found.quote, found.prefix, found.suffix, found.node, language=tag)


def _surely(tag: str, main: str, page: Page) -> bool:
    """Close relatives in one script (Hindi, Nepali) are told apart by names alone: the page must say so too."""
    if page.declared_language.partition("-")[0].lower() == tag:
        return True
    if are_relatives(tag, main):
        return False
    middle = len(page.main_text) // 2
    return all(identify(half) == (tag, True) for half in (page.main_text[:middle], page.main_text[middle:]))


def host(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """The host stands under a government suffix, or carries the city's name; quoted is the page's title."""
    name = host_of(page.url)
    wants_name = spec.params.get("city_name") == "yes"
    city = fold(context.city_name).replace(" ", "").replace("-", "")
    under_suffix = any(under(name, suffix) for suffix in context.country.government_suffixes)
    named = bool(city) and city in name.replace("-", "").replace(".", "")
    if (spec.params.get("suffix") == "government" and not under_suffix) or (wants_name and not named):
        return
    said = page.title or (page.main[0].text if page.main else "")
    yield Found(said[:300].strip())


def media(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """Images, maps, charts or videos whose alternative text, title or caption carries the topic."""
    found: list[Found] = []
    for kind in spec.words("media") or tuple(_MEDIA):
        for node in page.tree.css(_MEDIA[kind]) if page.is_html else ():
            said = _captions(node)
            hit = next(
                ((text, hit) for text in said for hit in hits_of(text, spec, page, context, weak=True)), None
            )
            if hit is not None:
                found.append(within(hit[0], hit[1], context.lexicon, node))
            elif not spec.topics and said:
                found.append(Found(said[0][:300], node=node))
    if found and len(found) >= spec.number("at_least", 1):
        yield from found[:MAX_FOUND]


def _captions(node: Any) -> list[str]:
    said = [collapse(node.attributes.get(name) or "") for name in ("alt", "title", "aria-label")]
    caption = node.css_first("figcaption,caption,title,img[alt]")
    if caption is not None:
        said += [longest_piece(caption), collapse(caption.attributes.get("alt") or "")]
    return [text for text in said if text]


def measure(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """A measured fact: html-errors viewport lang https hsts axe-violations; `is: no` asks for its absence."""
    name = str(spec.params.get("of", ""))
    wanted = str(spec.params.get("is", "yes")) in ("yes", "present", "true")
    seen = _MEASURES[name](page) if name in _MEASURES else None
    if seen is not None and seen[0] == wanted:
        yield Found(seen[1][:300])


def _html_errors(page: Page) -> tuple[bool, str] | None:
    from checks.derive import html_errors

    errors = html_errors(page)
    return (
        (True, errors[0].snippet) if errors else None
    )  # none found settles nothing: other checkers see more


def _viewport(page: Page) -> tuple[bool, str] | None:
    if not page.is_html:
        return None
    node = page.tree.css_first('meta[name="viewport" i][content]')
    content = collapse(node.attributes.get("content") or "") if node is not None else ""
    return "width=device-width" in content.replace(" ", "").lower(), content or page.title


def _lang(page: Page) -> tuple[bool, str] | None:
    return (bool(page.declared_language), page.declared_language or page.title) if page.is_html else None


def _json(page: Page) -> dict[str, Any]:
    try:
        data = json.loads(page.source)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _record_value(page: Page, *names: str) -> tuple[bool, str] | None:
    data = _json(page)
    for name in names:
        if name in data:
            match = re.search(rf'"{re.escape(name)}"\s*:\s*[^,}}\]]{{0,120}}', page.source)
            return bool(data[name]), collapse(match.group()) if match else name
    return None


def _violations(page: Page) -> tuple[bool, str] | None:
    data = _json(page).get("violations")
    if not isinstance(data, list) or not data:
        return None
    first = data[0].get("id", "") if isinstance(data[0], dict) else ""
    return True, str(first)


_MEASURES = {
    "html-errors": _html_errors,
    "viewport": _viewport,
    "lang": _lang,
    "https": lambda page: _record_value(page, "valid", "trusted", "ok"),
    "hsts": lambda page: _record_value(page, "hsts"),
    "axe-violations": _violations,
}
MEASURES = frozenset(_MEASURES)


def role(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """The page has that role: home, or one that a crawl or a rule gave its address."""
    wanted = spec.words("is")
    given = context.roles.get(page.url, frozenset())
    if ("home" in wanted and context.is_home(page.url)) or given & frozenset(wanted):
        said = page.title or (page.main[0].text if page.main else "")
        yield Found(said[:300].strip())
