"""The host's turn: asked of the store before each request, given back with the delay after it.

Where the delay is 0 (practice on loopback) a turn is kept over many requests, so that no row is written for each;
every second it is laid down, so that others come to it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

HOLD = 90.0
KEPT = 1.0
LAID_DOWN = 0.02
MAX_WAIT = 60.0


class TurnStore(Protocol):
    def take_turn(self, domain: str, holder: str, *, hold: float = 60) -> float: ...
    def keep_turn(self, domain: str, holder: str, *, hold: float = 60) -> None: ...
    def release_turn(self, domain: str, holder: str, *, delay: float) -> None: ...


@dataclass
class Turns:
    """Of one crawl. `clock` is monotonic."""

    store: TurnStore
    holder: str
    clock: Callable[[], float] = time.monotonic
    ready_at: dict[str, float] = field(default_factory=dict)
    _delays: dict[str, float] = field(default_factory=dict)
    _kept: dict[str, float] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def take(self, domain: str) -> None:
        """Returns when it is our turn; one request of ours at a time."""
        await self._locks.setdefault(domain, asyncio.Lock()).acquire()
        try:
            if self.clock() < self._kept.get(domain, 0.0):
                return
            if domain in self._kept:
                await self._lay_down(domain, LAID_DOWN)
            await self._wait(domain)
            # Not before the first answer: the store must have heard the delay of this host once.
            if self._delays.get(domain) == 0:
                self._kept[domain] = self.clock() + KEPT
        except BaseException:
            self._locks[domain].release()
            raise

    @asynccontextmanager
    async def keeping(self, domain: str) -> AsyncIterator[None]:
        """A turn for what may take longer than HOLD; whoever took it releases it."""
        await self.take(domain)
        renewing = asyncio.create_task(self._renew(domain))
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew(self, domain: str) -> None:
        while True:
            await asyncio.sleep(HOLD / 3)
            await asyncio.to_thread(self.store.keep_turn, domain, self.holder, hold=HOLD)

    async def _wait(self, domain: str) -> None:
        while (wait := await self._asked(domain)) > 0:  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(min(wait, MAX_WAIT))

    async def _asked(self, domain: str) -> float:
        return await asyncio.to_thread(self.store.take_turn, domain, self.holder, hold=HOLD)

    async def release(self, domain: str, delay: float) -> None:
        """`delay` in seconds, until anyone's next request to this domain."""
        self.ready_at[domain] = self.clock() + delay
        self._delays[domain] = delay
        try:
            if delay > 0 or domain not in self._kept:
                await self._lay_down(domain, delay)
        finally:
            self._locks[domain].release()

    async def _lay_down(self, domain: str, delay: float) -> None:
        self._kept.pop(domain, None)
        await asyncio.to_thread(self.store.release_turn, domain, self.holder, delay=delay)

    def waiting(self) -> dict[str, float]:
        """The domains whose delay is not over, with the seconds left."""
        now = self.clock()
        return {domain: ready - now for domain, ready in self.ready_at.items() if ready > now}

    async def close(self) -> None:
        """Lays down every turn still kept."""
        for domain in list(self._kept):
            await self._lay_down(domain, 0.0)
