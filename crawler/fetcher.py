"""One address, to its end: robots first, then redirects, pauses and repetitions, each step through every check."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urldefrag

from scrapy import Request

from crawler import address
from crawler.answer import Answer, Past
from crawler.blocks import is_challenge
from crawler.errors import ForbiddenTarget
from crawler.pace import RESTING
from crawler.recorder import error_word
from crawler.robots import Robots
from evidence_store import EvidenceStoreError, Record

if TYPE_CHECKING:
    from scrapy.http import Response

MAX_REDIRECTS = 10
ROBOTS_REDIRECTS = 5
REST_REPEATS = 2
REPEATED = frozenset({"timeout", "reset", "truncated"})


class Engine(Protocol):
    async def download_async(self, request: Request) -> "Response": ...


class Fetcher:
    def __init__(self, engine: Engine, past: Past, robots: Robots, headers: Mapping[str, str]) -> None:
        self.engine, self.past, self.robots = engine, past, robots
        self.headers = dict(headers)
        self.asked: set[str] = set()  # a redirect to what was asked before tells nothing new
        self.unreachable: dict[str, str] = {}  # authority → why not even its robots.txt could be had

    async def fetch(self, url: str, *, kind: str = "page", requested_by: str = "spider") -> Answer:
        """Raises ForbiddenTarget, of the address itself or of what it redirects to."""
        hops: list[str] = []
        limit = ROBOTS_REDIRECTS if kind == "robots" else MAX_REDIRECTS
        while True:
            if kind != "robots":
                await self.know(url, requested_by)
            answer = await self._patiently(url, kind, requested_by)
            target = urldefrag(address.joined(url, answer.location))[0] if answer.location else ""
            hops.append(url)
            if kind == "page":
                self.asked.add(url)
            if not target or target in self.asked.difference(hops):
                return Answer(url, answer.capture, answer.record, answer.error, tuple(hops))
            if target in hops or len(hops) > limit:
                return Answer(url, answer.capture, answer.record, "redirect-loop", tuple(hops))
            url = target

    async def know(self, url: str, requested_by: str = "spider") -> None:
        """Learns the robots rules of a host before its first page."""
        if self.robots.known(url):
            return
        try:
            answer = await self.fetch(Robots.address(url), kind="robots", requested_by=requested_by)
        except ForbiddenTarget as error:
            if address.authority(error.url) == address.authority(url):
                raise
            self.robots.learn(url, 404)  # it lies where we may not go: no rules can be had
            return
        status = 404 if answer.error == "redirect-loop" else answer.status
        if answer.error and status is None:
            self.unreachable[address.authority(url)] = answer.error
        self.robots.learn(url, status, answer.body)

    async def _patiently(self, url: str, kind: str, requested_by: str) -> Answer:
        """The guard keeps the pause that a 429 asks for: the next turn comes after it."""
        answer = await self._once(url, kind, requested_by)
        if kind == "asset":
            return answer  # it shares one turn with others: no pause would come between
        for _ in range(REST_REPEATS):
            if answer.status not in RESTING or is_challenge(answer):
                break
            answer = await self._once(url, kind, requested_by)
        if answer.error in REPEATED:
            answer = await self._once(url, kind, requested_by)
        return answer

    async def _once(self, url: str, kind: str, requested_by: str) -> Answer:
        if (known := self.past.take(url)) is not None:
            return known
        meta = {"kind": kind, "requested_by": requested_by}
        request = Request(url, headers=self.headers, meta=meta, dont_filter=True)
        try:
            response = await self.engine.download_async(request)
        except (ForbiddenTarget, EvidenceStoreError):
            raise
        except Exception as error:
            return Answer(url, request.meta.get("capture"), None, error=error_word(error))
        return Answer(url, request.meta["capture"], _record(response))


def _record(response: "Response") -> Record:
    """The response in the form in which the store gives it back."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name in response.headers
        for value in response.headers.getlist(name)
    )
    return Record({}, response.status, headers, response.body)
