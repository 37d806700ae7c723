"""What the crawl is for: the open questions of one assessment, as the order of visiting sees them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol

import checks
from checks import Page
from crawler.frontier import Link
from evidence_store import Crawl, Store


class Interest(Protocol):
    """checks.Coverage, in the words that the crawler knows of it."""

    @property
    def open(self) -> set[str]: ...
    def value(self, link: Any) -> float: ...
    def see(self, page: Page) -> set[str]: ...
    def wants(self) -> list[Any]: ...
    def trail(self) -> Mapping[str, Any]: ...


class Curiosity:
    """For a crawl without questions: every link is worth the same."""

    open = frozenset({"anything"})

    def value(self, link: Link) -> float:
        return 0.0

    def see(self, page: Page) -> set[str]:
        return set()

    def wants(self) -> list[Any]:
        return []

    def trail(self) -> Mapping[str, Any]:
        return {}


def rules_digest() -> str:
    return "sha256:" + hashlib.sha256(checks.rules_text().encode()).hexdigest()


def interest(store: Store, crawl: Crawl) -> Interest:
    """Judged by the edition as the round archived it, on the day on which the crawl was opened."""
    round_id, _, city_id = crawl.assessment_id.partition("/")
    of_round, city = store.round(round_id), store.city(city_id)
    edition = checks.parse_edition(store.archived_text(of_round.edition_digest))
    day: date = (crawl.opened or datetime.now(UTC)).date()
    coverage: Interest = checks.Coverage(
        edition,
        rules=checks.load_rules(),
        lexicon=checks.load_lexicon(city.languages),
        portal_url=city.portal_url,
        today=day,
    )
    return coverage
