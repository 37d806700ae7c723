"""Whether every quote of the recorded findings and answers stands in its capture, at its place.

For a bundle (`bundle_quotes`, no database, after the bundle itself was verified) and for a workspace
(`stored_quotes`). One capture is held at a time, each is visited once, in the order of the archive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from checks.packed import Packed
from checks.page import CaptureLike, Page, RecordLike
from checks.standing import stands, stands_between, stands_in
from evidence_store import EvidenceStoreError, Store

SAYING = {"findings": "findings", "answers": "answers"}  # kind of record → where its list is
_TEXTS = ("capture", "quote", "prefix", "suffix", "selector", "rule")


@dataclass(frozen=True, slots=True)
class Quote:
    """`capture` is a record id; `rule` is empty where a person quotes."""

    test: str
    capture: str
    quote: str
    prefix: str = ""
    suffix: str = ""
    selector: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class FalseQuote:
    test: str
    record_id: str
    url: str
    quote: str
    why: str

    def __str__(self) -> str:
        return f"{self.test}: “{self.quote[:80]}” {self.why} ({self.url or self.record_id})"


@dataclass
class Quotes:
    """What was checked; `redacted` are records whose quotes cannot be checked any more, and are not false."""

    checked: int = 0
    held: int = 0  # of those, the ones that stand where they are said to
    false: list[FalseQuote] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)


def bundle_quotes(bundle: Path) -> Quotes:
    """Reads where the bundle's ledger says that records stand: verify that first. Raises BadData, OSError."""
    with Packed(bundle) as packed:
        cited, report = _cited(
            (place.record, packed.record(place).body) for place in packed.places() if place.kind in SAYING
        )
        redacted = {packed.taken_out(place) for place in packed.places() if place.redacted}
        for place in packed.places():
            quotes = cited.pop(place.record, ())
            if quotes:
                record = packed.record(place)
                capture = SimpleNamespace(
                    url=place.url, status=record.http_status, mime=packed.mime(record), kind=place.kind,
                    record_id=place.record,
                )  # fmt: skip
                _check(capture, record, quotes, report)
    return _ended(cited, redacted, report)


def stored_quotes(store: Store, assessment_id: str) -> Quotes:
    """Raises NotFound, DigestMismatch for what was said; a capture that cannot be read is a false quote."""
    said = store.captures(assessment_id, kind=tuple(SAYING))
    cited, report = _cited((one.record_id, store.read(one).body) for one in said)
    redacted = set()
    for capture in store.captures(assessment_id):
        if capture.type == "redacted":
            redacted.add(capture.record_id)
        elif quotes := cited.pop(capture.record_id, ()):
            try:
                _check(capture, store.read(capture), quotes, report)
            except EvidenceStoreError as problem:
                report.false += [_false(one, capture.url, f"cannot be checked: {problem}") for one in quotes]
    return _ended(cited, redacted, report)


def _cited(documents: Iterable[tuple[str, bytes]]) -> tuple[dict[str, tuple[Quote, ...]], Quotes]:
    """Quotes by capture, each once however often it was said."""
    found: dict[str, dict[Quote, None]] = {}
    report = Quotes()
    for record_id, body in documents:
        try:
            for quote in _quotes(json.loads(body)):
                found.setdefault(quote.capture, {})[quote] = None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            report.false.append(FalseQuote("", record_id, "", "", "a statement that cannot be read"))
    return {capture: tuple(quotes) for capture, quotes in found.items()}, report


def _quotes(document: Mapping[str, Any]) -> Iterator[Quote]:
    kind = str(document["schema"]).partition("/")[0].removeprefix("losi-")
    for said in document[SAYING[kind]]:
        for one in said["evidence"]:
            yield Quote(str(said["test"]), **{name: str(one.get(name) or "") for name in _TEXTS})


def _check(capture: CaptureLike, record: RecordLike, quotes: Iterable[Quote], report: Quotes) -> None:
    page = Page(capture, record)
    for one in quotes:
        report.checked += 1
        if why := _why_false(page, one):
            report.false.append(_false(one, page.url, why))
        else:
            report.held += 1


def _why_false(page: Page, one: Quote) -> str:
    if not one.quote.strip():
        return ""
    if not stands(page, one.quote, measured=bool(one.rule)):
        return "does not stand in its capture"
    if not stands_between(page, one.prefix, one.quote, one.suffix):
        return "does not stand between the words that are said to be around it"
    return "" if stands_in(page, one.selector, one.quote) else f"does not stand at {one.selector}"


def _ended(cited: Mapping[str, Iterable[Quote]], redacted: set[str], report: Quotes) -> Quotes:
    """What is left was in no capture."""
    for record_id, quotes in cited.items():
        if record_id in redacted:
            report.redacted.append(record_id)
        else:
            report.false += [_false(one, "", "cites a capture that is not there") for one in quotes]
    return report


def _false(one: Quote, url: str, why: str) -> FalseQuote:
    return FalseQuote(one.test, one.capture, url, one.quote, why)
