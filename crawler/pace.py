"""How long a host is left alone after a request: max(crawl-delay, 3 s, 5 × its latency); more when it asks for rest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FLOOR = 3.0
LATENCIES = 5.0
CEILING = 60.0
SMOOTHING = 0.3
# After 429 and 503, unless Retry-After says more: doubled each time. Longer rests are for another day.
REST = 10.0
LONGEST_REST = 300.0
RESTING = frozenset({429, 503})


@dataclass
class Pace:
    """Of one crawl. `asked`: --delay; it may slow a crawl down, and speed it up on loopback only."""

    asked: float | None = None
    _latency: dict[str, float] = field(default_factory=dict)
    _rests: dict[str, int] = field(default_factory=dict)

    def delay(self, domain: str, *, crawl_delay: float, loopback: bool) -> float:
        """Seconds between two requests to this domain."""
        if loopback:
            return self.asked or 0.0
        latency = LATENCIES * self._latency.get(domain, 0.0)
        return min(max(crawl_delay, FLOOR, latency, self.asked or 0.0), max(CEILING, self.asked or 0.0))

    def answered(self, domain: str, latency: float) -> None:
        before = self._latency.get(domain)
        self._latency[domain] = (
            latency if before is None else before + SMOOTHING * (latency - before)
        )  # fmt: skip

    def rest(self, domain: str, status: int, retry_after: str | None, *, loopback: bool) -> float:
        """Extra seconds that an answer asks for; 0 where it asks for none."""
        if status not in RESTING:
            self._rests.pop(domain, None)
            return 0.0
        count = self._rests[domain] = self._rests.get(domain, 0) + 1
        said = seconds(retry_after)
        own = 0.0 if loopback else REST * 2 ** (count - 1)
        return min(max(said or 0.0, own), LONGEST_REST)


def seconds(retry_after: str | None) -> float | None:
    """Retry-After as seconds from now: a number or an HTTP date."""
    if not retry_after:
        return None
    try:
        return max(float(retry_after), 0.0)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)
