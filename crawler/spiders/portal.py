"""The only spider: one city's portal, from its robots.txt to the trail of what was seen and what was not."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler

from checks import Page
from crawler import address, questionnaire, resolver, sitemap, viewing
from crawler.answer import Answer, Past
from crawler.blocks import Blocks
from crawler.browser_finder import Browser
from crawler.errors import ForbiddenTarget
from crawler.fetcher import Fetcher
from crawler.frontier import MENU, MENU_LINKS, OTHER, SEED, Candidate, Frontier, Link, Seed
from crawler.guard import Guard
from crawler.identity import Identity, identity_of, user_agent
from crawler.outlinks import outlinks
from crawler.pace import Pace
from crawler.probes import PROBES, Host
from crawler.probes.tls import urn
from crawler.robots import Robots
from crawler.scope import Scope, authorities
from crawler.trail import Trail
from crawler.turns import Turns
from evidence_store import Capture, Exchange, Record, Store

# Pages without a newly settled question before the crawl is over: reference/science.md 1.2, simulated.
SETTLED_AFTER = 100
REQUESTS_PER_PAGE = 3
RENEW_SECONDS = 30
WANTED = 20
PAGE_KINDS = ("page", "document")


@dataclass(frozen=True)
class Job:
    """One crawl to run. `delay` in seconds; `allow_private`: "host:port" admitted though not public."""

    crawl_id: str
    delay: float | None = None
    allow_private: tuple[str, ...] = ()


@dataclass(frozen=True)
class Orders:
    """What a spider is given besides its job, the same for all spiders of a process."""

    store: Store
    identity: Identity | None = None
    opt_out: tuple[str, ...] = ()
    browser: Browser | None = None
    progress: Callable[[str, dict[str, Any]], None] | None = None
    ended: Callable[[str], Any] | None = None


class PortalSpider(Spider):
    name = "portal"
    opened: Store | None = None  # only where nobody else opened it

    @classmethod
    def from_crawler(
        cls,
        crawler: Crawler,
        job: Job | None = None,
        orders: Orders | None = None,
        *,
        crawl: str = "",
        workspace: str = "",
        delay: str = "",
        allow_private: str = "",
    ) -> Self:
        """Claims the crawl: there is no door around it. `scrapy crawl portal -a crawl=ID -a workspace=DIR`."""
        opened = None
        if orders is None:
            folder = Path(workspace or "losi-workspace")
            opened = Store.open(folder)
            orders = Orders(opened, identity_of(folder))
        if job is None:
            job = Job(crawl, float(delay) if delay else None, tuple(filter(None, allow_private.split(","))))
        spider = super().from_crawler(crawler)
        spider.opened = opened
        spider.take(job, orders)
        return spider

    def closed(self, reason: str) -> None:
        if self.opened is not None:
            self.opened.close()

    def take(self, job: Job, orders: Orders) -> None:
        self.job, self.orders, self.store, self.identity = job, orders, orders.store, orders.identity
        digest = questionnaire.rules_digest(self.store, job.crawl_id)
        self.lease = self.store.claim(job.crawl_id, worker=socket.gethostname(), rules_digest=digest)
        self.crawl = self.store.crawl(job.crawl_id)
        allowed = authorities(job.allow_private)
        resolver.admit(allowed)
        self.portal = self.crawl.url or self._city_portal()
        self.scope = Scope(self.portal, allowed, orders.opt_out)
        self.robots, self.pace, self.blocks = Robots(), Pace(job.delay), Blocks()
        self.turns = Turns(self.store, job.crawl_id)
        self.guard = Guard(self)
        self.trail = Trail(job.crawl_id, self.portal)
        self.requests = self.pages = self.since_settled = 0
        self.stopped: str | None = None
        self.failure: BaseException | None = None
        self.refused: ForbiddenTarget | None = None
        self.visiting: str | None = None  # the site that the browser visits
        self._bodies: set[bytes] = set()
        self._probed: set[str] = set()

    def _city_portal(self) -> str:
        return self.store.city(self.crawl.assessment_id.partition("/")[2]).portal_url

    async def start(self) -> AsyncIterator[Any]:
        """One coroutine from the first request to the last: Scrapy's downloader does the asking, nothing is queued."""
        renewing = asyncio.create_task(self._renew())
        try:
            await self._work(renewing)
        except Exception as error:
            self.failure = error
        finally:
            renewing.cancel()
            await self.turns.close()
        nothing: tuple[Any, ...] = ()
        for one in nothing:
            yield one

    async def _work(self, renewing: "asyncio.Task[None]") -> None:
        working = asyncio.ensure_future(self._visit_all())
        try:
            await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not working.done():
                working.cancel()
        if renewing.done() and not working.done():
            renewing.result()
        self.stopped = await working

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await asyncio.to_thread(self.store.renew, self.lease)

    async def _visit_all(self) -> str:
        past = await asyncio.to_thread(Past, self.store, self.crawl.assessment_id, self.crawl.id)
        self.requests = past.requests
        headers = {"User-Agent": user_agent(self.identity)}
        self.fetcher = Fetcher(self.crawler.engine, past, self.robots, headers)
        self.past = past
        if self.crawl.url:
            self.interest: questionnaire.Interest = questionnaire.Curiosity()
        else:
            self.interest = await asyncio.to_thread(questionnaire.interest, self.store, self.crawl)
        self._had_questions = bool(self.interest.open)
        self.frontier = Frontier(self.scope, self.interest.value)
        stopped = await self._preflight() or await self._wander()
        await self._finish(stopped)
        self._tell(self.portal, stopped)
        return stopped

    async def _preflight(self) -> str | None:
        """Robots, home, sitemaps and one address that cannot exist; the reason to stop where there is no portal."""
        home = Candidate(Seed(self.portal), SEED, 0, "")
        self.frontier.see(self.portal)
        answer = await self._visit(home)
        if answer is None:
            self.trail.error = self._why_not()
            return "unreachable" if self.trail.error else "blocked"
        if answer.error:
            self.trail.error = answer.error
            return "unreachable"
        if self.blocks.row:
            return "blocked"
        if self.crawl.url:
            return "exhausted"
        if answer.status is None or not 200 <= answer.status < 300:
            self.trail.error = f"http-{answer.status}"
            return "unreachable"
        self.home = answer.url
        self.scope.rebase(answer.url)
        await self._probe_missing(answer.url)
        await self._show(home, answer)
        await self._read_sitemaps(answer.url)
        return None

    async def _show(self, home: Candidate, answer: Answer) -> None:
        """The home with its scripts run, where there is a browser: menus that only a script draws are menus too."""
        if self.orders.browser is None or answer.capture is None or answer.record is None:
            return
        page = Page(answer.capture, answer.record)
        if not page.is_html:
            return
        known = self.past.take(viewing.urn(page.url))
        if known is not None and known.capture and known.record:
            self._offer(home, Page(known.capture, known.record))
        elif (
            document := await viewing.show(self, self.orders.browser.path, page, answer.capture)
        ) is not None:
            capture = await self.keep(document)
            self._offer(home, Page(capture, Record({}, None, (), document.body)))

    def _why_not(self) -> str:
        """The failure behind a home that robots rules forbid only because they could not be had."""
        refused = self.refused.url if self.refused else self.portal
        return self.fetcher.unreachable.get(address.authority(refused), "")

    async def _probe_missing(self, url: str) -> None:
        """Whether the portal says 200 to anything: its "not found" must not be taken for a page."""
        name = hashlib.sha256(self.portal.encode()).hexdigest()[:16]
        self.trail.soft_404_url = f"{address.origin(url)}/losi-{name}"
        self.frontier.see(self.trail.soft_404_url)
        try:
            answer = await self.fetcher.fetch(self.trail.soft_404_url, requested_by="probe:soft-404")
        except ForbiddenTarget:
            return
        self.trail.soft_404 = answer.status == 200
        self._bodies.add(_fingerprint(answer.body))

    async def _read_sitemaps(self, url: str) -> None:
        verdict = self.robots.verdicts.get(address.authority(url))
        waiting = (verdict.sitemaps if verdict else []) or [address.origin(url) + "/sitemap.xml"]
        pages: dict[str, None] = {}
        for count, one in enumerate(waiting):
            if count >= sitemap.MAX_FILES or len(pages) >= sitemap.MAX_URLS:
                break
            found = await self._read_sitemap(address.joined(url, one))
            waiting.extend(more for more in found.sitemaps if more not in waiting)
            pages |= dict.fromkeys(found.pages)
        links = [Seed(page, zone="main") for page in list(pages)[: sitemap.MAX_URLS]]
        self.frontier.offer(links, found_on="sitemap", depth=2)

    async def _read_sitemap(self, url: str) -> sitemap.Sitemap:
        try:
            answer = await self.fetcher.fetch(url, kind="sitemap")
        except ForbiddenTarget:
            return sitemap.Sitemap()
        return sitemap.parse(answer.body, answer.url) if answer.status == 200 else sitemap.Sitemap()

    async def _wander(self) -> str:
        while (reason := self._reason_to_stop()) is None:
            candidate = await self._next()
            if candidate is None:
                reason = "exhausted"
                break
            await self._visit(candidate)
        await self._fetch_wanted()
        return reason

    async def _next(self) -> Candidate | None:
        """The best link that may be asked for now; sleeps while every host rests."""
        while True:
            waiting = self.turns.waiting()
            candidate = self.frontier.next(waiting)
            if candidate is not None or not any(site in waiting for site in self.frontier.hosts):
                return candidate
            await asyncio.sleep(min(waiting.values()))

    def _reason_to_stop(self) -> str | None:
        if self.blocks.blocked or self.scope.refusal(self.home) == "blocked":
            return "blocked"
        budget = self.crawl.budget
        if self.pages >= budget or self.requests >= REQUESTS_PER_PAGE * budget + 50:
            return "budget"
        if self.frontier.phase == OTHER and (self.since_settled >= SETTLED_AFTER or self._answered):
            return "settled"
        return None

    @property
    def _answered(self) -> bool:
        return self._had_questions and not self.interest.open

    async def _fetch_wanted(self) -> None:
        """The few extra requests that rules name: a one-word search, the other language's target."""
        for target in self.interest.wants()[:WANTED]:
            if self.pages < self.crawl.budget and self.frontier.see(target.url):
                await self._visit(Candidate(Seed(target.url, target.reason), SEED, 1, "wanted"))

    async def _visit(self, candidate: Candidate) -> Answer | None:
        """None where the address, or what it redirects to, may not be fetched."""
        try:
            answer = await self.fetcher.fetch(candidate.url)
        except ForbiddenTarget as error:
            self.refused = error
            self.frontier.refuse(candidate, error.url, error.reason)
            return None
        self.trail.visit(answer)
        self.blocks.see(answer)
        if self.blocks.shut_by(answer):
            self.scope.block(answer.url)
        for hop in answer.hops:
            self.frontier.see(hop)
        paid = self._read(candidate, answer)
        self.frontier.budgets.visited(candidate.url, paid=paid)
        await self._probe(answer.url)
        self._tell(answer.url)
        return answer

    def _read(self, candidate: Candidate, answer: Answer) -> bool:
        """Takes in one stored page; whether it settled anything."""
        capture, record = answer.capture, answer.record
        if capture is None or record is None or answer.status != 200 or answer.error:
            return False
        self.pages += 1
        self.since_settled += 1
        self.scope.count(answer.url)
        mark = _fingerprint(answer.body)
        if mark in self._bodies:
            return False  # a mirror, or the portal's "not found"
        self._bodies.add(mark)
        page = Page(capture, record)
        settled = self.interest.see(page)
        if settled:
            self.since_settled = 0
        if page.is_html:
            self._offer(candidate, page)
        return bool(settled)

    def _offer(self, candidate: Candidate, page: Page) -> None:
        links: list[Link] = [*(link for link in page.links if link.url), *outlinks(page)]
        depth, admits = candidate.depth + 1, candidate.phase in (SEED, MENU)
        if candidate.phase == SEED and candidate.depth == 0:
            menu = self.frontier.menu(links)
            self.frontier.offer(menu[:MENU_LINKS], found_on=page.url, depth=1, phase=MENU, admits=True)
            self.trail.speaks(page.declared_language)
        self.frontier.offer(links, found_on=page.url, depth=depth, admits=admits)

    async def _probe(self, url: str) -> None:
        """Once for each host that answered: what is measured besides its pages."""
        origin = address.origin(url)
        if origin in self._probed or (
            address.site(url) not in self.scope.own and not self.scope.is_official(url)
        ):
            return
        self._probed.add(origin)
        if self.past.take(urn(origin)) is not None:
            return
        host = Host(origin, user_agent(self.identity), self.scope.allow_private)
        domain = address.site(url)
        async with self.turns.keeping(domain):
            try:
                made = [one for probe in PROBES.values() for one in await asyncio.to_thread(probe, host)]
            finally:
                await self.guard.leave(url, domain, None)
        self.requests += len(host.requests)
        for exchange in made:
            await self.keep(exchange)

    async def keep(self, exchange: Exchange) -> Capture:
        return await asyncio.wrap_future(self.store.record(self.lease, exchange))

    def _tell(self, url: str, stopped: str = "") -> None:
        if self.orders.progress is not None:
            said = {"pages": self.pages, "requests": self.requests, "url": url, "stopped": stopped}
            self.orders.progress(self.job.crawl_id, said)

    async def _finish(self, stopped: str) -> None:
        for authority, verdict in self.robots.verdicts.items():
            url = f"http://{authority}/"
            loopback = address.is_loopback(address.host(url))
            delay = self.pace.delay(address.site(url), crawl_delay=verdict.delay, loopback=loopback)
            self.trail.host(authority, verdict, delay)
        rest = stopped if stopped in ("budget", "settled", "blocked") else "error"
        body = self.trail.written(
            skipped=self.frontier.skipped(rest, self.robots.reason),
            beyond=self.frontier.skipped_beyond,
            stopped=stopped,
            requests=self.requests,
            pages=self.pages,
            seconds=round((datetime.now(UTC) - (self.crawl.opened or datetime.now(UTC))).total_seconds(), 3),
            coverage=dict(self.interest.trail()),
        )
        await self.keep(
            Exchange(
                type="resource",
                kind="trail",
                url=f"urn:losi:trail:{self.crawl.id}",
                requested_by="spider",
                time=datetime.now(UTC),
                mime="application/json",
                body=body,
            )
        )
        await asyncio.to_thread(self.store.finish, self.lease, stopped=stopped, requests=self.requests)
        if self.orders.ended is not None:
            await asyncio.to_thread(self.orders.ended, self.crawl.assessment_id)


def _fingerprint(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
