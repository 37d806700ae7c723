"""What the pages read, and nothing more: a page must not compute results anew.

What cannot change (editions, findings of a run, archived records) is remembered here under its id or digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from checks import Edition, Page, facts, parse_edition
from evidence_store import Answer, Assessment, Capture, City, NotFound, Round, Run, Store
from review_ui.archive_search import Archive
from review_ui.auth import Person
from review_ui.bundle import Bundle
from review_ui.custody import Custodian, Custody, Stamp
from review_ui.errors import NoSuchPage, Refused
from review_ui.evidence_links import EvidenceLinks

VIEW_PREFIXES = ("urn:view:", "urn:text:")
READ_AS_SOURCE = ("application/json", "text/plain", "text/xml", "application/xml")
MAX_SOURCE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A piece of evidence as the pages use it, free of the database session it came from."""

    record_id: str
    stance: str
    exact: str
    prefix: str = ""
    suffix: str = ""
    selector: str = ""
    rule: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the machine said of one indicator, or of one rule."""

    id: str
    test: str
    outcome: str
    confidence: float | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Quoted, ...] = ()

    @property
    def message(self) -> str:
        return str(self.info.get("message") or "")


@dataclass(frozen=True, slots=True)
class Proposals:
    run_id: str = ""
    by_test: Mapping[str, Proposal] = field(default_factory=dict)

    def of(self, code: str) -> Proposal | None:
        return self.by_test.get(code)


@dataclass(frozen=True, slots=True)
class Case:
    """One city in one round: what nearly every page is about."""

    round: Round
    city: City
    assessment: Assessment
    edition: Edition

    @property
    def path(self) -> str:
        return f"/a/{self.round.id}/{self.city.id}"


@dataclass(frozen=True, slots=True)
class Source:
    """The archived page a quote stands in."""

    record_id: str
    url: str
    title: str
    time: Any
    digest: str
    status: int | None
    mime: str
    kind: str
    channel: str
    is_html: bool
    text: str
    custody: Custody

    @property
    def damaged(self) -> bool:
        return not self.custody.shown


class Desk:
    """`bundle` when one is read instead of a workspace: nobody answers then."""

    def __init__(
        self,
        store: Store,
        links: EvidenceLinks,
        default_person: str,
        *,
        custodian: Custodian | None = None,
        read_only: bool = False,
        bundle: Bundle | None = None,
    ) -> None:
        self.store, self.links, self.default_person = store, links, default_person
        self.custodian = custodian or Custodian(store)
        self.read_only, self.bundle = read_only, bundle
        self._edition: Callable[[str], Edition] = lru_cache(16)(self._read_edition)
        self._proposals: Callable[[str], Proposals] = lru_cache(64)(self._read_proposals)
        self._trail: Callable[[str], Mapping[str, Any]] = lru_cache(16)(self._read_trail)
        self._facts: Callable[[str, str], Mapping[str, Any]] = lru_cache(64)(self._read_facts)
        self._source: Callable[[str, Stamp], Source] = lru_cache(512)(self._read_source)
        self._counts: Callable[[str, tuple[object, ...]], tuple[int, int]] = lru_cache(256)(self._count_pages)
        self.archive = Archive(self.custodian, page_url)

    def case(self, round_id: str, city_id: str) -> Case:
        try:
            round_ = self.store.round(round_id)
            assessment = self.store.assessment(round_id, city_id)
            city = self.store.city(city_id)
        except NotFound as error:
            raise NoSuchPage(f"{round_id}/{city_id}") from error
        return Case(round_, city, assessment, self.edition(round_))

    def round(self, round_id: str) -> Round:
        try:
            return self.store.round(round_id)
        except NotFound as error:
            raise NoSuchPage(f"round {round_id}") from error

    def edition(self, round_: Round) -> Edition:
        """Read from the archived record that the round names, never from the package's files."""
        return self._edition(round_.edition_digest)

    def proposals(self, assessment_id: str) -> Proposals:
        run = self.store.latest_run(assessment_id)
        return self._proposals(str(run.id)) if run else Proposals()

    def trail(self, assessment_id: str) -> Mapping[str, Any]:
        """The newest trail of the city, empty before the first crawl ended."""
        newest = max(
            self.store.captures(assessment_id, kind="trail"),
            key=lambda c: (c.timestamp, c.offset),
            default=None,
        )
        return self._trail(newest.record_id) if newest else {}

    def packed_results(self, assessment_id: str) -> bytes:
        """The newest results document of the archive, byte by byte; empty where there is none."""
        found = list(self.store.captures(assessment_id, kind="results"))
        newest = max(found, key=lambda c: (c.timestamp, c.offset), default=None)
        return self.custodian.read(newest)[0].body if newest else b""

    def facts(self, assessment_id: str) -> Mapping[str, Any]:
        run = self.store.latest_run(assessment_id)
        return self._facts(assessment_id, str(run.id)) if run else {}

    def capture(self, assessment_id: str, record_id: str) -> Capture:
        """A capture of this city: an address that joins one city and another's capture leads nowhere."""
        try:
            capture = self.store.capture(record_id)
        except NotFound as error:
            raise NoSuchPage(f"capture {record_id}") from error
        if capture.assessment_id != assessment_id or capture.kind in ("answers", "results"):
            raise NoSuchPage(
                f"capture {record_id}"
            )  # other people's answers: `Store.answers` says who may see
        return capture

    def source(self, record_id: str) -> Source:
        """Remembered for as long as its file stays the same; its custody is looked up anew."""
        capture = self.store.capture(record_id)
        known, custody = self._source(record_id, self.custodian.stamp(capture)), self.custodian.of(capture)
        if known.damaged or custody == known.custody:
            return known
        kept = known if custody.shown else replace(known, title="", text="", is_html=False)
        return replace(kept, custody=custody)

    def runs(self, assessment_id: str) -> list[tuple[Run, Proposals]]:
        """Every run with what it said, the oldest first."""
        return [(run, self._proposals(str(run.id))) for run in self.store.runs(assessment_id)]

    def answers(self, assessment_id: str, person: Person) -> list[Answer]:
        """Every row that this person may see; the store decides."""
        return self.store.answers(assessment_id, viewer=person.name)

    def current_answers(self, assessment_id: str, person: Person) -> dict[str, Answer]:
        """A person's own; for somebody who only reads, what is settled."""
        return self.store.current_answers(assessment_id, viewer=None if self.read_only else person.name)

    def page_counts(self, assessment_id: str) -> tuple[int, int]:
        """Pages and documents stored, and failures; counted anew only when a crawl has moved."""
        crawls = self.store.crawls(assessment_id)
        moving = any(crawl.state == "claimed" for crawl in crawls)
        key = tuple((crawl.id, crawl.token, crawl.state) for crawl in crawls)
        return self._count_pages(assessment_id, key) if moving else self._counts(assessment_id, key)

    def _count_pages(self, assessment_id: str, key: tuple[object, ...]) -> tuple[int, int]:
        pages = failed = 0
        for capture in self.store.captures(assessment_id, kind=("page", "document")):
            pages += capture.error is None and (capture.status or 200) < 300
            failed += capture.error is not None or (capture.status or 200) >= 400
        return pages, failed

    def _read_edition(self, digest: str) -> Edition:
        return parse_edition(self.store.archived_text(digest))

    def _read_proposals(self, run_id: str) -> Proposals:
        found = [_proposal(finding) for finding in self.store.findings(run_id)]
        return Proposals(run_id, {proposal.test: proposal for proposal in found})

    def _read_trail(self, record_id: str) -> Mapping[str, Any]:
        try:
            trail = json.loads(self.custodian.read(self.store.capture(record_id))[0].body)
        except (Refused, NotFound, ValueError):
            return {"stopped": "unreadable"}
        return trail if isinstance(trail, dict) else {}

    def _read_facts(self, assessment_id: str, run_id: str) -> Mapping[str, Any]:
        return facts(self.store, assessment_id)

    def _read_source(self, record_id: str, stamp: Stamp) -> Source:
        capture = self.store.capture(record_id)
        try:
            record, custody = self.custodian.read(capture)
            page = Page(capture, record)
            title, text, is_html = page.title, readable(page), page.is_html
        except Refused as refused:
            title, text, is_html, custody = "", "", False, refused.custody
        return Source(
            record_id=record_id,
            url=page_url(capture.url),
            title=title,
            time=capture.timestamp,
            digest=capture.digest,
            status=capture.status,
            mime=capture.mime or "",
            kind=capture.kind,
            channel=capture.channel,
            is_html=is_html,
            text=text,
            custody=custody,
        )


def readable(page: Page) -> str:
    """A measurement's record is read as it stands; it has no passages."""
    return page.text or (page.source[:MAX_SOURCE] if page.mime in READ_AS_SOURCE else "")


def page_url(url: str) -> str:
    """The web address behind the name of a browser's view of it."""
    for prefix in VIEW_PREFIXES:
        if url.startswith(prefix):
            return url.removeprefix(prefix)
    if url.startswith("urn:losi:"):
        rest = url.removeprefix("urn:losi:").partition(":")[2]
        return rest if rest.startswith(("http://", "https://")) else url
    return url


def quoted(rows: Iterable[Any]) -> tuple[Quoted, ...]:
    """Evidence rows of a finding or of an answer."""
    return tuple(
        Quoted(
            record_id=row.capture_id,
            stance=row.stance,
            exact=row.exact or "",
            prefix=row.prefix or "",
            suffix=row.suffix or "",
            selector=row.selector or "",
            rule=row.rule or "",
            language=row.language or "",
        )
        for row in rows
    )


def _proposal(finding: Any) -> Proposal:
    return Proposal(
        id=str(finding.id),
        test=finding.test,
        outcome=finding.outcome,
        confidence=finding.confidence,
        info=dict(finding.info or {}),
        evidence=quoted(finding.evidence),
    )
