"""What the crawl is for: the open questions of one assessment, as the order of visiting sees them."""

from collections.abc import Mapping, Set
from datetime import UTC, datetime
from typing import Any, Protocol

from checks import Coverage, Page
from crawler.frontier import Link
from evidence_store import Crawl, Store


class Interest(Protocol):
    """checks.Coverage, in the words that the crawler knows of it."""

    @property
    def open(self) -> Set[str]: ...
    def value(self, link: Any) -> float: ...
    def see(self, page: Page) -> set[str]: ...
    def wants(self) -> list[Any]: ...
    def trail(self) -> Mapping[str, Any]: ...


class Curiosity:
    """For a crawl without questions: every link is worth the same."""

    open: Set[str] = frozenset({"anything"})

    def value(self, link: Link) -> float:
        return 0.0

    def see(self, page: Page) -> set[str]:
        return set()

    def wants(self) -> list[Any]:
        return []

    def trail(self) -> Mapping[str, Any]:
        return {}


def rules_digest(store: Store, crawl_id: str) -> str:
    """The rules of the round, which every crawl of it follows, whichever version of the program runs it."""
    return store.round(_round_and_city(store.crawl(crawl_id))[0]).rules_digest


def interest(store: Store, crawl: Crawl) -> Interest:
    """Judged by edition and rules as the round archived them, on the day on which the crawl was opened."""
    round_id, city_id = _round_and_city(crawl)
    of_round, city = store.round(round_id), store.city(city_id)
    return Coverage.from_texts(
        store.archived_text(of_round.edition_digest),
        store.archived_text(of_round.rules_digest),
        portal_url=city.portal_url,
        today=(crawl.opened or datetime.now(UTC)).date(),
        languages=city.languages,
        country=city.country,
        city_name=city.name,
    )


def _round_and_city(crawl: Crawl) -> tuple[str, str]:
    round_id, _, city_id = crawl.assessment_id.partition("/")
    return round_id, city_id
