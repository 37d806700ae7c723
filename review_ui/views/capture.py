"""One archived record as it was: page, picture, text, headers, bytes, and the proof that these are they."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote as quoted_path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from checks import Page
from evidence_store import Capture, Record
from evidence_store.exchange import Headers
from review_ui.custody import Custody
from review_ui.desk import Case, Desk, Source, readable
from review_ui.errors import Refused
from review_ui.evidence_cards import Marked, live_url, mark
from review_ui.proof import Proof, proof
from review_ui.rendering import desk_of, renderer_of
from review_ui.renderings import PICTURES, Renderings, renderings

TABS = ("page", "picture", "text", "headers", "raw", "proof")
MAX_HEADERS = 500
DUMPED = 512  # bytes shown in hexadecimal


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The page in its sandbox; `others` are its other forms."""

    form: str  # dom | html
    url: str
    marked: bool  # the quote stands among its words
    others: tuple[Tab, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    kind: str
    url: str  # empty when it is not shown
    capture: Capture
    capture_url: str
    custody: Custody
    chosen: bool
    choose_url: str


@dataclass(frozen=True, slots=True)
class Text:
    marked: Marked
    is_source: bool  # the quote stands in the markup, in an attribute perhaps, and not among the words
    whole_url: str


@dataclass(frozen=True, slots=True)
class Head:
    status: int | None
    http: Headers
    warc: Headers
    url: str


@dataclass(frozen=True, slots=True)
class Raw:
    size: int
    dump: tuple[tuple[str, str, str], ...]
    download_url: str
    record_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePage:
    case: Case
    capture: Capture
    source: Source
    custody: Custody
    quote: str
    tab: str
    tabs: tuple[Tab, ...]
    live_url: str
    frame: Frame | None = None
    pictures: tuple[Picture, ...] = ()
    text: Text | None = None
    head: Head | None = None
    raw: Raw | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One request for one record: what the tabs are made of."""

    desk: Desk
    case: Case
    capture: Capture
    record: Record | None
    custody: Custody
    query: dict[str, str]

    @property
    def quote(self) -> str:
        return self.query.get("quote", "")

    def url(self, **changed: str) -> str:
        kept = {key: value for key, value in self.query.items() if key in ("quote", "tab")}
        return f"{self.case.path}/c/{quoted_path(self.capture.record_id)}?{urlencode({**kept, **changed})}"

    def evidence_url(self, view: str, *, quote: str = "") -> str:
        return self.desk.links.url(self.capture.record_id, view, quote=quote)


def show(request: Request) -> Response:
    desk = desk_of(request)
    case = desk.case(request.path_params["round"], request.path_params["city"])
    capture = desk.capture(case.assessment.id, request.path_params["record_id"])
    record: Record | None
    try:
        record, custody = desk.custodian.read(capture)
    except Refused as refused:
        record, custody = None, refused.custody
    reading = Reading(desk, case, capture, record, custody, dict(request.query_params))
    return renderer_of(request).page(request, "capture.html", capture_page(reading))


def capture_page(reading: Reading) -> CapturePage:
    desk, capture, record = reading.desk, reading.capture, reading.record
    source = desk.source(capture.record_id)
    seen = renderings(desk.store, reading.case.assessment.id, capture)
    offered = _offered(reading, source, seen)
    asked = reading.query.get("tab", "")
    tab = asked if asked in offered else offered[0] if offered else ""
    return CapturePage(
        case=reading.case,
        capture=capture,
        source=source,
        custody=reading.custody,
        quote=reading.quote,
        tab=tab,
        tabs=tuple(Tab(name, reading.url(tab=name), name == tab) for name in offered),
        live_url=live_url(source.url, reading.quote) if record else "",
        frame=_frame(reading, source, seen) if tab == "page" else None,
        pictures=_pictures(reading, seen) if tab == "picture" else (),
        text=_text(reading, record) if tab == "text" and record else None,
        head=_head(reading, record) if tab == "headers" and record else None,
        raw=_raw(reading, record) if tab == "raw" and record else None,
        proof=proof(desk, reading.case, capture, record) if tab == "proof" else None,
    )


def _offered(reading: Reading, source: Source, seen: Renderings) -> list[str]:
    if reading.custody.state == "redacted":
        return []
    if reading.record is None:
        return ["proof"]
    missing = {"page": not (source.is_html or seen.built), "picture": not seen.pictures}
    first = ["picture"] if reading.capture.kind in PICTURES else []
    return [*first, *(tab for tab in TABS if tab not in first and not missing.get(tab))]


def _frame(reading: Reading, source: Source, seen: Renderings) -> Frame | None:
    """As the browser built it, unless the quote stands only in what was sent."""
    forms = {
        name: found
        for name, capture in (("dom", seen.built), ("html", seen.sent))
        if capture and (found := reading.desk.source(capture.record_id)).is_html
    }
    if not forms:
        return None
    asked = reading.query.get("form", "")
    form = asked if asked in forms else _best(forms, reading.quote)
    others = tuple(Tab(name, reading.url(tab="page", form=name), name == form) for name in forms)
    url = reading.desk.links.url(forms[form].record_id, "page", quote=reading.quote)
    marked = bool(mark(forms[form].text, reading.quote).quote)
    return Frame(form, url, marked, others if len(forms) > 1 else ())


def _best(forms: dict[str, Source], quote: str) -> str:
    having = [name for name, source in forms.items() if mark(source.text, quote).quote]
    return next(iter(having or forms))


def _pictures(reading: Reading, seen: Renderings) -> tuple[Picture, ...]:
    asked = reading.query.get("picture", reading.capture.kind)
    kinds = [capture.kind for capture in seen.pictures]
    chosen = asked if asked in kinds else kinds[0] if kinds else ""
    desk, found = reading.desk, []
    for capture in seen.pictures:
        custody = desk.source(capture.record_id).custody
        found.append(
            Picture(
                kind=capture.kind,
                url=desk.links.url(capture.record_id, "picture") if custody.shown else "",
                capture=capture,
                capture_url=f"{reading.case.path}/c/{quoted_path(capture.record_id)}?tab=proof",
                custody=custody,
                chosen=capture.kind == chosen,
                choose_url=reading.url(tab="picture", picture=capture.kind),
            )
        )
    return tuple(found)


def _text(reading: Reading, record: Record) -> Text:
    page = Page(reading.capture, record)
    words, quote = readable(page), reading.quote
    marked = mark(words, quote)
    in_source = mark(page.source, quote) if quote and not marked.quote else None
    is_source = in_source is not None and bool(in_source.quote)
    shown = in_source if is_source and in_source else marked
    return Text(shown, is_source, reading.evidence_url("text"))


def _head(reading: Reading, record: Record) -> Head:
    return Head(
        status=record.http_status,
        http=record.http_headers[:MAX_HEADERS],
        warc=tuple(record.headers.items())[:MAX_HEADERS],
        url=reading.evidence_url("headers"),
    )


def _raw(reading: Reading, record: Record) -> Raw:
    lines = []
    for start in range(0, min(len(record.body), DUMPED), 16):
        part = record.body[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append((f"{start:08x}", part.hex(" "), letters))
    return Raw(len(record.body), tuple(lines), reading.evidence_url("raw"), reading.evidence_url("record"))
