"""What goes in and comes out: frozen values, however they were captured and wherever they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One thing fetched, or that failed to be fetched.

    `time` is the start of the request, aware. `body` is free of transfer coding (chunks) but still under its
    content coding (gzip). Header text is `raw.decode("latin-1")`, which loses nothing.
    """

    url: str
    kind: str
    requested_by: str
    time: datetime
    type: str = "response"
    method: str = "GET"
    request_headers: Headers = ()
    status: int | None = None
    reason: str = ""
    protocol: str = "HTTP/1.1"
    headers: Headers = ()
    body: bytes = b""
    mime: str = ""
    ip_address: str | None = None
    error: str | None = None
    error_detail: str = ""
    truncated: str | None = None
    channel: str = "web"
    refers_to: str | None = None

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError("Exchange.time needs a time zone")
        if self.type not in ("response", "resource", "metadata"):
            raise ValueError(f"Exchange.type {self.type!r}: response, resource or metadata expected")
        if self.type == "response" and self.status is None:
            raise ValueError("an Exchange of type response needs a status; a failure is of type metadata")


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record as read back: WARC headers; the HTTP payload undecoded, or the block of a resource."""

    headers: dict[str, str]
    http_status: int | None
    http_headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one crawl, until another raises the token. `began` is the monotonic clock's."""

    crawl_id: str
    assessment_id: str
    token: int
    worker: str
    filename: str
    until: datetime
    seconds: float
    began: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvidence:
    """Where it stands: `capture_id` is a record id ("urn:uuid:…"), the quote as in Web Annotation."""

    capture_id: str
    stance: str = "for"
    selector: str = ""
    exact: str = ""
    prefix: str = ""
    suffix: str = ""
    rule: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinding:
    """`test` is an indicator's code (then it is the proposal) or "rule:<id>"."""

    test: str
    outcome: str
    confidence: float | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[NewEvidence, ...] = ()
    mode: str = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswer:
    """What a person says of one indicator; `advice`: what of the machine's verdict that person could see."""

    test: str
    outcome: str
    mode: str
    info: Mapping[str, Any] = field(default_factory=dict)
    role: str = "assessor"
    advice: str = "before"
    finding_id: str | None = None
    evidence: tuple[NewEvidence, ...] = ()
