"""Every exchange and every failure goes to the store as it came, undecoded, and only then to the spider."""

import asyncio
import time
from datetime import UTC, datetime
from http.client import responses as REASONS
from typing import TYPE_CHECKING, Self

from OpenSSL import SSL
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.http import Headers, Response
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.web._newclient import ParseError, RequestTransmissionFailed, ResponseFailed

from crawler import address
from evidence_store import Capture, Exchange

if TYPE_CHECKING:
    from crawler.spiders.portal import PortalSpider

WIRE_LIMIT = 10 * 1024 * 1024
# Short of DOWNLOAD_TIMEOUT: a body that trickles on is cut and kept, not lost.
BODY_SECONDS = 25.0


class Recorder:
    """A downloader middleware at 950: below decompression and redirects, above the guard."""

    def __init__(self, spider: "PortalSpider") -> None:
        self.spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        recorder = cls(crawler.spider)  # type: ignore[arg-type]
        crawler.signals.connect(recorder.request_left, signals.request_reached_downloader)
        crawler.signals.connect(recorder.headers_received, signals.headers_received)
        crawler.signals.connect(recorder.bytes_received, signals.bytes_received)
        return recorder

    def request_left(self, request: Request) -> None:
        self.spider.requests += 1
        request.meta["began"] = datetime.now(UTC)
        request.meta["left"] = time.monotonic()
        request.meta["received"] = 0

    def headers_received(self, request: Request, body_length: int) -> None:
        # UNKNOWN_LENGTH is a string
        if isinstance(body_length, int) and body_length > WIRE_LIMIT:
            request.meta["truncated"] = "length"
            raise StopDownload(fail=False)

    def bytes_received(self, data: bytes, request: Request) -> None:
        request.meta["received"] += len(data)
        if request.meta["received"] > WIRE_LIMIT:
            request.meta["truncated"] = "length"
        elif time.monotonic() - request.meta["left"] > BODY_SECONDS:
            request.meta["truncated"] = "time"
        else:
            return
        raise StopDownload(fail=False)

    async def process_response(self, request: Request, response: Response) -> Response:
        request.meta["capture"] = await self.keep(exchange(request, response))
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        if not isinstance(exception, IgnoreRequest) and "began" in request.meta:
            request.meta["capture"] = await self.keep(failure(request, exception))

    async def keep(self, made: Exchange) -> Capture:
        """Returns when the bytes are durable and their row exists; raises what the store raises."""
        return await asyncio.wrap_future(self.spider.store.record(self.spider.lease, made))


def exchange(request: Request, response: Response) -> Exchange:
    """A response with its request, as one value."""
    status, meta = response.status, request.meta
    truncated = meta.get("truncated") or ("disconnect" if "dataloss" in response.flags else None)
    return Exchange(
        url=request.url,
        kind=_kind(request, response),
        requested_by=meta.get("requested_by", "spider"),
        time=meta["began"],
        method=request.method,
        request_headers=(("Host", _host(request.url)), *_pairs(request.headers)),
        status=status,
        reason=REASONS.get(status, ""),
        protocol=response.protocol or "HTTP/1.1",
        headers=_pairs(response.headers),
        body=response.body,
        ip_address=str(response.ip_address) if response.ip_address else None,
        truncated=truncated,
    )


def failure(request: Request, exception: Exception) -> Exchange:
    """What was asked and why nothing came."""
    return Exchange(
        url=request.url,
        kind=request.meta.get("kind", "page"),
        requested_by=request.meta.get("requested_by", "spider"),
        time=request.meta["began"],
        type="metadata",
        method=request.method,
        request_headers=(("Host", _host(request.url)), *_pairs(request.headers)),
        error=error_word(exception),
        error_detail=str(exception)[:500],
    )


def _host(url: str) -> str:
    return address.origin(url).partition("://")[2]


def _pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name in headers
        for value in headers.getlist(name)
    )


def _kind(request: Request, response: Response) -> str:
    """What was asked for; a page that turns out to be a file is a document."""
    kind: str = request.meta.get("kind", "page")
    return "document" if kind == "page" and response.status == 200 and not is_html(response) else kind


def is_html(response: Response) -> bool:
    """By its header, and where that says nothing, by its first bytes."""
    mime = (response.headers.get("Content-Type") or b"").partition(b";")[0].strip().lower()
    if mime in (b"text/html", b"application/xhtml+xml"):
        return not response.body.startswith((b"%PDF-", b"PK\x03\x04"))
    head = response.body[:512].lstrip().lower()
    return mime in (b"", b"application/octet-stream", b"text/plain") and head.startswith(
        (b"<!doctype html", b"<html")
    )


def error_word(exception: BaseException) -> str:
    """A failure in the store's words."""
    if isinstance(exception, CannotResolveHostError | DNSLookupError):
        return "dns"
    if isinstance(exception, DownloadConnectionRefusedError | ConnectError):
        return "refused"
    if isinstance(exception, DownloadTimeoutError):
        return "timeout"
    if isinstance(exception, ResponseDataLossError):
        return "truncated"
    if isinstance(exception, DownloadFailedError | OSError):
        return _connection_word(exception)
    return "our-error"


def _connection_word(exception: BaseException) -> str:
    reasons = [getattr(reason, "value", reason) for reason in _reasons(exception)]
    if any(isinstance(reason, SSL.Error) for reason in reasons):
        return "tls"
    return "protocol" if any(isinstance(reason, ParseError | ValueError) for reason in reasons) else "reset"


def _reasons(exception: BaseException) -> list[BaseException]:
    cause = exception.__cause__ or exception
    if isinstance(cause, ResponseFailed | RequestTransmissionFailed):
        return list(cause.reasons)
    return [cause]
