"""What to visit next: plain links in the order of their worth, and what was left out with its reason.

Pure: no network, no clock. A link becomes a request only when the spider takes it.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from crawler import address, traps
from crawler.scope import Scope

SKIPPED_KEPT = 20_000
MENU_LINKS = 60
HOP_COST = 0.05
MEDIA_COST = 0.3
_DOCUMENT = "pdf doc docx xls xlsx ods odt csv rtf ppt pptx xml json txt"
DOCUMENT = frozenset(_DOCUMENT.split())
ZONE_WORTH = {"nav": 0.2, "header": 0.15, "main": 0.1, "footer": 0.05}
# First the seeds, then the menus, then whatever is worth most.
SEED, MENU, OTHER = 0, 1, 2


class Link(Protocol):
    """What the frontier needs of checks.Link."""

    @property
    def url(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def rel(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Seed:
    url: str
    text: str = ""
    zone: str = "nav"
    heading: str = ""
    rel: str = ""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    link: Link
    phase: int
    depth: int
    found_on: str

    @property
    def url(self) -> str:
        return self.link.url


@dataclass(frozen=True, slots=True)
class Skipped:
    url: str
    reason: str
    found_on: str
    text: str


class Frontier:
    """The links of one crawl. `value` says what a link may still prove, and may change while the crawl goes on."""

    def __init__(self, scope: Scope, value: Callable[[Link], float]) -> None:
        self.scope = scope
        self.value = value
        self.budgets = traps.Budgets()
        self.skipped_beyond = 0
        self._seen: set[str] = set()
        self._refused: set[str] = set()
        self._best: dict[str, tuple[int, float]] = {}
        self._offered: set[tuple[str, str]] = set()
        self._heaps: dict[str, list[tuple[int, float, int, str, Candidate]]] = {}
        self._skipped: dict[str, Skipped] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._best)

    @property
    def hosts(self) -> Iterator[str]:
        """The sites that have something waiting."""
        return (site for site, heap in self._heaps.items() if heap)

    @property
    def phase(self) -> int:
        """The phase of what comes next; OTHER once the menus were visited."""
        return min((heap[0][0] for heap in self._heaps.values() if heap), default=OTHER)

    def menu(self, links: Iterable[Link]) -> list[Link]:
        """A home page's menus, best first; all its links where it marks no menu."""
        links = list({link.url: link for link in links}.values())
        marked = [link for link in links if link.zone in ("nav", "header", "footer")]
        return sorted(marked or links, key=self._worth, reverse=True)

    def _worth(self, link: Link) -> float:
        return self.value(link) + ZONE_WORTH.get(link.zone, 0.0)

    def offer(
        self, links: Iterable[Link], *, found_on: str, depth: int, phase: int = OTHER, admits: bool = False
    ) -> None:
        """Links of one page. `admits`: the page may point to official hosts of the city."""
        for link in links:
            mark = (link.url, link.text)
            if mark not in self._offered:
                self._offered.add(mark)
                self._offer(Candidate(link, phase, depth, found_on), admits)

    def _offer(self, candidate: Candidate, admits: bool) -> None:
        url = candidate.url
        key = address.normal(url)
        if key in self._seen or key in self._refused or address.parts(url) is None:
            return
        if (reason := self._refusal(candidate, admits)) is not None:
            self.skip(candidate, reason)
            return
        self._push(key, candidate, self._score(candidate))

    def _refusal(self, candidate: Candidate, admits: bool) -> str | None:
        url = candidate.url
        if traps.is_media(url):
            return "type"
        reason = self.scope.refusal(url)
        if reason == "scope" and admits and self._official(candidate) and self.scope.admit(url):
            reason = None
        return "trap" if reason is None and traps.endless(url, candidate.depth) else reason

    def _official(self, candidate: Candidate) -> bool:
        """A host that the user named, or one that the portal points to with words we look for."""
        named = address.authority(candidate.url) in self.scope.allow_private
        return named or (candidate.link.zone != "aside" and self.value(candidate.link) > 0)

    def _push(self, key: str, candidate: Candidate, score: float) -> None:
        rank = (candidate.phase, -score)
        if key in self._best and self._best[key] <= rank:
            return
        self._best[key] = rank
        self._skipped.pop(key, None)
        self._count += 1
        heap = self._heaps.setdefault(address.site(candidate.url), [])
        heapq.heappush(heap, (*rank, self._count, key, candidate))

    def _score(self, candidate: Candidate) -> float:
        link = candidate.link
        score = self.value(link) + ZONE_WORTH.get(link.zone, 0.0) - HOP_COST * candidate.depth
        if is_document(link.url):
            score -= MEDIA_COST
        return score - 1.0 if "nofollow" in link.rel else score

    def next(self, waiting: Collection[str] = ()) -> Candidate | None:
        """The best link whose site is not among those that still wait for their turn."""
        while True:
            ready = [heap[0] for site, heap in self._heaps.items() if heap and site not in waiting]
            if not ready:
                return None
            candidate = self._take(min(ready, key=lambda entry: entry[:3]))
            if candidate is not None:
                return candidate

    def _take(self, entry: tuple[int, float, int, str, Candidate]) -> Candidate | None:
        phase, cost, _, key, candidate = entry
        heap = self._heaps[address.site(candidate.url)]
        heapq.heappop(heap)
        if self._best.get(key) != (phase, cost) or key in self._seen:
            return None
        del self._best[key]
        if (reason := self._refused_now(candidate)) is not None:
            self.skip(candidate, reason)
            return None
        # What a link may prove falls as questions are settled: weigh it again before it is taken.
        score = self._score(candidate)
        if heap and score < -cost - 1e-9 and (phase, -score) > heap[0][:2]:
            self._push(key, candidate, score)
            return None
        self._seen.add(key)
        return candidate

    def _refused_now(self, candidate: Candidate) -> str | None:
        if self.budgets.exhausted(candidate.url):
            return "trap"
        return self.scope.refusal(candidate.url)

    def see(self, url: str) -> bool:
        """Marks an address as visited; False where it was already."""
        key = address.normal(url)
        fresh = key not in self._seen
        self._seen.add(key)
        self._best.pop(key, None)
        self._skipped.pop(key, None)
        return fresh

    def refuse(self, candidate: Candidate, url: str, reason: str) -> None:
        """A candidate that was taken and turned out to be forbidden, or to lead to a forbidden address."""
        key = address.normal(candidate.url)
        self._seen.discard(key)
        self.skip(candidate, reason)
        self._refused.add(key)

    def skip(self, candidate: Candidate, reason: str) -> None:
        """Leaves one address out; the first reason stays."""
        key = address.normal(candidate.url)
        if key in self._skipped:
            return
        if len(self._skipped) >= SKIPPED_KEPT:
            self.skipped_beyond += 1
            return
        text = candidate.link.text[:200]
        self._skipped[key] = Skipped(candidate.url, reason, candidate.found_on, text)

    def skipped(self, rest: str, forbidden: Callable[[str], str | None] = lambda url: None) -> list[Skipped]:
        """Everything seen and not visited; `rest` is the reason of what still waits and was not forbidden anyhow."""
        for site in list(self._heaps):
            for *_, key, candidate in self._heaps[site]:
                if key in self._best and key not in self._seen:
                    self.skip(
                        candidate, self.scope.refusal(candidate.url) or forbidden(candidate.url) or rest
                    )
        return [one for key, one in self._skipped.items() if key not in self._seen]


def is_document(url: str) -> bool:
    split = address.parts(url)
    name = split.path.rpartition("/")[2] if split else ""
    return "." in name and name.rpartition(".")[2].lower() in DOCUMENT
