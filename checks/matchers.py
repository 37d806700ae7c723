"""The closed list of signal kinds. Each is a function (page, spec, context) → what was seen, with quotes.

The functions read one page, never the network, and hold no words: those come from the lexicon.
A new kind is one function, one line here and one in `rule.KINDS`; its docstring is the help of that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks import measures, shapes, wording
from checks.context import Context
from checks.page import Page
from checks.quote import Found
from checks.rule import SignalSpec

Matcher = Callable[[Page, SignalSpec, Context], Iterator[Found]]

MATCHERS: Mapping[str, Matcher] = {
    "title": wording.title,
    "heading": wording.heading,
    "link": wording.link,
    "inbound": wording.inbound,
    "text": wording.text,
    "facets": wording.facets,
    "form": shapes.form,
    "file": shapes.file,
    "list": shapes.list_,
    "contact": shapes.contact,
    "prose": shapes.prose,
    "date": shapes.date_,
    "provider": measures.provider,
    "markup": measures.markup,
    "language": measures.language,
    "host": measures.host,
    "media": measures.media,
    "measure": measures.measure,
    "role": measures.role,
}


def signal_kinds() -> list[str]:
    return sorted(MATCHERS)
