"""Signals of shape: forms, lists, files, contacts, prose, dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from checks.address import file_type
from checks.context import Context
from checks.dates import find_dates, find_years
from checks.form import Form
from checks.listing import Item, holds, item_dates, lists_of
from checks.page import Link, Page
from checks.quote import Found, longest_piece, of_passage, pieces_of, whole, within
from checks.rule import SignalSpec
from checks.text import collapse, digits
from checks.wording import MAX_FOUND, hits_of

_ASKING = ("?", "؟", "？")
UPCOMING_DAYS = 500  # a date further ahead is a plan, not an announcement
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+){1,6}")
_PHONE = re.compile(r"(?<![\w/.,\-])(?:\+|\(|00)?\d[\d\s().\-/–]{5,20}\d(?![\w/])")
_POSTAL = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?![\d-]))\d{4,6}(?:[-\s]\d{3,4})?(?!\d)")
_SEARCH_NAMES = frozenset(
    {"q", "s", "query", "search", "keys", "keyword", "keywords", "searchword", "search_api_fulltext"}
)
_EVERYWHERE = frozenset({"search", "login", "subscribe"})  # purposes that menus and footers serve too
_TEXTUAL = frozenset({"text", "number", "url", "email", "tel", "search"})
_FIELD_KINDS = {
    "text": frozenset({"text", "number", "url"}),
    "date": frozenset({"date", "month", "datetime-local"}),
    "search": frozenset({"search"}),
}


def form(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """A form of that purpose, with the topic on its labels, buttons or heading, and those fields."""
    for item in page.forms:
        if not _fits(item, spec, page, context):
            continue
        yield _form_quote(item, spec, page, context)
        return


def _fits(item: Form, spec: SignalSpec, page: Page, context: Context) -> bool:
    if item.goes_nowhere or len(item.fields) < spec.number("at_least_fields", 0):
        return False
    for kind in spec.words("fields"):
        if not _FIELD_KINDS.get(kind, frozenset({kind})) & set(item.types):
            return False
    if "satisfaction-survey" not in spec.topics and _rates_the_page(item, context):
        return False
    purposes = spec.words("purpose")
    if purposes and not any(has_purpose(item, purpose, context) for purpose in purposes):
        return False
    if item.zone != "main" and not spec.topics and not _EVERYWHERE.intersection(purposes):
        return False  # the "was this helpful?" box of every footer is not the page's own form
    said = item.words if item.zone == "main" else item.own_words
    return not spec.topics or any(hits_of(text, spec, page, context) for text in said)


def has_purpose(item: Form, purpose: str, context: Context) -> bool:
    types = item.types
    typed = [kind for kind in types if kind in _TEXTUAL]
    topics = {topic for said in item.words for topic in context.lexicon.topics_in(said)}
    if purpose == "search":
        return _is_search(item, typed, topics)
    if "search" in types or item.role == "search":
        return False
    if purpose == "login":
        return "password" in types
    if purpose == "contact":
        return "textarea" in types and bool(typed)
    if purpose == "report":
        return "textarea" in types and len(types) >= 2
    if purpose == "feedback":
        return "textarea" in types or types.count("radio") >= 2
    if purpose == "subscribe":
        wide = "textarea" in types or "password" in types or len(types) > 6
        return not wide and ("email" in types or "tel" in types)
    if purpose == "pay":
        own = {topic for said in item.own_words for topic in context.lexicon.topics_in(said)}
        return "pay" in own or ("pay" in topics and bool(typed) and "textarea" not in types)
    if "password" in types or len(types) < 3:
        return False
    return not _is_letter(item) or "apply-online" in topics  # apply


def _rates_the_page(item: Form, context: Context) -> bool:
    """ "Was this page helpful?" says nothing of what the page is about."""
    topics = {topic for said in item.own_words for topic in context.lexicon.topics_in(said)}
    return "satisfaction-survey" in topics and "feedback" not in topics


def _is_letter(item: Form) -> bool:
    """Name, address, message: the shape of a contact form, whatever the page is about."""
    return "textarea" in item.types and set(item.types) <= {"text", "email", "tel", "textarea", "checkbox"}


def _is_search(item: Form, typed: list[str], topics: set[str]) -> bool:
    if not typed or len(typed) > 4 or "password" in item.types or "textarea" in item.types:
        return False
    if item.role == "search" or "search" in topics or "advanced-search" in topics:
        return True
    named = any(one.name.lower() in _SEARCH_NAMES for one in item.fields if one.type in ("text", "search"))
    return item.method == "get" and len(typed) == 1 and named and (not item.words or "search" in item.types)


def _form_quote(item: Form, spec: SignalSpec, page: Page, context: Context) -> Found:
    for said in item.words:
        for hit in hits_of(said, spec, page, context):
            for piece in (*pieces_of(item.node), said):
                again = hits_of(piece, spec, page, context)
                if again:
                    return within(piece, again[0], context.lexicon, item.node)
            return within(said, hit, context.lexicon, item.node)
    if item.words:
        return Found(item.words[0][:300], node=item.node)
    named = [one.name for one in item.fields if one.name]
    return Found(named[0] if named else item.role, node=item.node)


def list_(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """So many repeated siblings or rows of the content, each holding what is asked."""
    needed = spec.number("at_least", 3)
    for items in lists_of(page):
        good = [item for item in items if _item_fits(item, spec, page, context)]
        if len(good) >= needed and _list_topic(good, spec, page, context):
            for item in good[:2]:
                yield Found(longest_piece(item.node), node=item.node)
            return


def _item_fits(item: Item, spec: SignalSpec, page: Page, context: Context) -> bool:
    if not all(holds(item, what, context) for what in spec.words("with")):
        return False
    if spec.params.get("each") == "yes" and not hits_of(item.text, spec, page, context):
        return False
    if "within_days" not in spec.params and "upcoming" not in spec.params:
        return True
    return any(_in_window(when, spec, context.today) for when in item_dates(item, context))


def _list_topic(items: list[Item], spec: SignalSpec, page: Page, context: Context) -> bool:
    return not spec.topics or any(hits_of(item.text, spec, page, context) for item in items)


def _in_window(when: date, spec: SignalSpec, today: date) -> bool:
    if "upcoming" in spec.params and today <= when <= today + timedelta(days=UPCOMING_DAYS):
        return True
    return "within_days" in spec.params and abs((today - when).days) <= spec.number("within_days", 0)


def file(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """So many links to files of these types, with the topic on the link, its heading or the page's title."""
    wanted = frozenset(kind.lower().lstrip(".") for kind in spec.words("types"))
    seen: dict[str, Link] = {}
    for item in page.links:
        kind = file_type(item.url)
        fits = kind and (not wanted or kind in wanted) and not context.is_dead(item.url)
        if fits and (not spec.topics or _file_topic(item, spec, page, context)):
            seen.setdefault(item.url, item)
    if len(seen) >= spec.number("at_least", 1) and seen:
        for item in list(seen.values())[:MAX_FOUND]:
            yield Found(longest_piece(item.node) or item.text or item.href, node=item.node)


def _file_topic(item: Link, spec: SignalSpec, page: Page, context: Context) -> bool:
    return any(hits_of(said, spec, page, context) for said in (item.text, item.heading) if said)


def contact(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """So many different contacts of these kinds: e-mail, phone, postal address, person."""
    kinds = spec.words("kinds") or ("email", "phone")
    found: dict[str, Found] = {}
    for kind in kinds:
        for item in _CONTACTS[kind](page, context):
            found.setdefault(item.quote, item)
    if len(found) >= spec.number("at_least", 1) and found:
        yield from list(found.values())[:MAX_FOUND]


def _emails(page: Page, context: Context) -> Iterator[Found]:
    for item in page.links:
        if item.href.lower().startswith("mailto:") and "@" in item.href:
            yield Found(longest_piece(item.node) or item.href, node=item.node)
    for passage in page.passages:
        for match in _EMAIL.finditer(passage.text) if "@" in passage.text else ():
            yield Found(*of_passage(passage, *match.span()), node=passage.node)


def _phones(page: Page, context: Context) -> Iterator[Found]:
    for item in page.links:
        if item.href.lower().startswith("tel:") and sum(map(str.isdecimal, item.href)) >= 3:
            yield Found(longest_piece(item.node) or item.href, node=item.node)
    for passage in page.passages:
        plain = digits(passage.text)
        for match in _PHONE.finditer(plain):
            number = match.group()
            if (
                7 <= sum(map(str.isdigit, number)) <= 15
                and not find_dates(plain, context.months)
                and _dialled(number)
            ):
                yield Found(*of_passage(passage, *match.span()), node=passage.node)


def _dialled(number: str) -> bool:
    """Written as people write phone numbers, not as amounts, years or codes."""
    grouped = len(re.split(r"[\s().\-/–]+", number.strip("+( "))) >= 2
    return number[0] in "+(" or number.startswith("00") or (grouped and "." not in number)


def _addresses(page: Page, context: Context) -> Iterator[Found]:
    for node in page.tree.css("address,[itemprop=address],[itemprop=streetAddress]") if page.is_html else ():
        text = collapse(node.text(separator=" "))
        if any(char.isdecimal() for char in text) and len(text.split()) >= 3:
            yield Found(longest_piece(node), node=node)
    for passage in page.passages:
        text = digits(passage.text)
        if len(text) > 220 or ("," not in text and "،" not in text):
            continue
        match = _POSTAL.search(text)
        if match and len(text.split()) >= 4 and not find_dates(text, context.months) and "@" not in text:
            yield Found(*of_passage(passage, *match.span()), node=passage.node)


def _persons(page: Page, context: Context) -> Iterator[Found]:
    """Repeated cards or rows, each with a text of two to six words and an e-mail or phone of its own."""
    for items in lists_of(page):
        for item in items:
            if len(item.text) > 600 or not (_EMAIL.search(item.text) or _PHONE.search(digits(item.text))):
                continue
            for piece in pieces_of(item.node):
                plain = not any(char.isdecimal() or char in "@:/" for char in piece)
                if plain and 2 <= len(piece.split()) <= 6:
                    yield Found(piece, node=item.node)
                    break


_CONTACTS = {"email": _emails, "phone": _phones, "address": _addresses, "person": _persons}


def prose(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """So many words of main text; so many lines of it that ask."""
    asked = sum(1 for passage in page.main if passage.text.endswith(_ASKING))
    if asked < spec.number("questions", 0):
        return
    if page.words >= spec.number("at_least", 80) and page.main:
        yield whole(max(page.main, key=lambda passage: len(passage.text)))


def date_(page: Page, spec: SignalSpec, context: Context) -> Iterator[Found]:
    """Dates in the main text inside the window, counted from the day of the crawl."""
    found = []
    for passage in page.main:
        for one in find_dates(passage.text, context.months, context.country.date_order):
            if _dated_in(one.when, one.day, spec, context.today):
                found.append(Found(*of_passage(passage, one.start, one.end), node=passage.node))
        if "within_years" in spec.params:
            for year, start, end in find_years(passage.text):
                if 0 <= context.today.year - year <= spec.number("within_years", 1):
                    found.append(Found(*of_passage(passage, start, end), node=passage.node))
    if len(found) >= spec.number("at_least", 1):
        yield from found[:2]


def _dated_in(when: date, day: bool, spec: SignalSpec, today: date) -> bool:
    if day and _in_window(when, spec, today):
        return True
    return "within_years" in spec.params and 0 <= today.year - when.year <= spec.number("within_years", 1)
