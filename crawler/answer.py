"""What came of one request: from the wire, or from the archive where an interrupted crawl had it already."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from evidence_store import Capture, Record, Store

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """`url` is the address asked. A failure has `error` and no status."""

    url: str
    capture: Capture | None
    record: Record | None
    error: str | None = None
    hops: tuple[str, ...] = field(default=())

    @property
    def status(self) -> int | None:
        return self.record.http_status if self.record else None

    @property
    def body(self) -> bytes:
        return self.record.body if self.record else b""

    def header(self, name: str) -> str:
        wanted = name.lower()
        headers = self.record.http_headers if self.record else ()
        return next((value for key, value in headers if key.lower() == wanted), "")

    @property
    def location(self) -> str:
        return self.header("location") if self.status in REDIRECTS else ""


class Past:
    """The captures that a crawl has already: whoever continues it asks here before the network.

    In order, so that a 429 and the answer to its repetition come as they came.
    """

    def __init__(self, store: Store, assessment_id: str, crawl_id: str) -> None:
        self._store = store
        self._captures: defaultdict[str, deque[Capture]] = defaultdict(deque)
        self.requests = 0
        captures = store.captures(assessment_id, crawl_id=crawl_id)
        for capture in sorted(captures, key=lambda capture: capture.timestamp):
            self._captures[capture.url].append(capture)
            self.requests += not capture.url.startswith("urn:")

    def take(self, url: str) -> Answer | None:
        waiting = self._captures.get(url)
        if not waiting:
            return None
        capture = waiting.popleft()
        if capture.type in ("metadata", "redacted"):
            return Answer(url, capture, None, error=capture.error or "our-error")
        return Answer(url, capture, self._store.read(capture))
