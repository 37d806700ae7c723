"""Crawls are claimed by lease. A raised token and a new file shut the door on whoever held it before."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evidence_store.errors import (
    CrawlFinished,
    CrawlTaken,
    Locked,
    LostLease,
    NotFound,
    RulesDiffer,
    StoreFull,
)
from evidence_store.exchange import Lease
from evidence_store.leases import extend, worked, write_back
from evidence_store.models import Assessment, Capture, Crawl, Round, new_id
from evidence_store.process import is_dead, this_process
from evidence_store.scan import Damaged, row, scan
from evidence_store.segment import Segment
from evidence_store.statements import Statements


class Work(Statements):
    def plan_crawl(
        self,
        assessment_id: str,
        *,
        purpose: str = "round",
        budget: int,
        url: str | None = None,
        rules_digest: str = "",
        again: bool = False,
    ) -> Crawl:
        """The unfinished crawl of that purpose and address if any; else the finished one, unless `again`."""
        with self.writing() as session:
            if self.lock(session, assessment_id) is None:
                raise NotFound("assessment", assessment_id)
            known = _planned(session, assessment_id, purpose, url)
            if unfinished := next((crawl for crawl in known if crawl.state != "closed"), None):
                unfinished.budget = budget
                return unfinished
            if known and not again:
                return known[0]
            crawl = Crawl(
                id=new_id(),
                assessment_id=assessment_id,
                purpose=purpose,
                budget=budget,
                url=url,
                rules_digest=rules_digest,
            )
            session.add(crawl)
        return crawl

    def crawls(self, assessment_id: str) -> list[Crawl]:
        """The oldest first."""
        with self.reading() as session:
            found = select(Crawl).where(Crawl.assessment_id == assessment_id).order_by(Crawl.id)
            return list(session.scalars(found))

    def crawl(self, crawl_id: str) -> Crawl:
        with self.reading() as session:
            return _crawl(session, crawl_id)

    def is_taken(self, crawl_id: str) -> bool:
        """Whether somebody works on it, for all that can be known from here."""
        with self.reading() as session:
            return held_until(_crawl(session, crawl_id), self.now(session)) is not None

    def claim(self, crawl_id: str, *, worker: str, rules_digest: str = "") -> Lease:
        """Raises CrawlTaken, CrawlFinished, RulesDiffer, Locked (a closed round), NotFound, StoreFull.

        A lease that has run out, or whose process is dead on this machine, is taken over.
        """
        lease = self._take(crawl_id, worker, rules_digest)
        try:
            self._adopt(lease)
            self._segments[lease] = Segment(self.archive, lease.filename)
            self._tell_crawl(lease)
        except BaseException:
            self._let_go(lease)
            raise
        return lease

    def renew(self, lease: Lease) -> None:
        """Every commit does it too. Raises LostLease."""
        with self.writing() as session:
            if not extend(session.connection(), lease, self.lease_seconds):
                raise LostLease(lease.crawl_id, lease.token)

    def finish(
        self, lease: Lease, *, stopped: str, state: str = "closed", requests: int | None = None
    ) -> None:
        """`closed` is for good; a `failed` crawl can be claimed again and goes on. Raises LostLease."""
        if state not in ("closed", "failed"):
            raise ValueError(f"a crawl ends closed or failed, not {state!r}")
        with self.reading() as session:
            closed = self.now(session)
        values: dict[str, Any] = {
            "state": state,
            "stopped": stopped,
            "closed": closed,
            "seconds": worked(lease),
            **({} if requests is None else {"requests": requests}),
        }
        self._tell_end(lease, values)
        self._close_segment(lease)
        values |= {"lease_until": None, "process": None}
        with self.writing() as session:
            if not write_back(session.connection(), lease, values):
                raise LostLease(lease.crawl_id, lease.token)

    def let_go(self) -> None:
        """Every lease held here ends; the crawls wait for whoever goes on with them."""
        for lease in list(self._segments):
            self._let_go(lease)

    def _take(self, crawl_id: str, worker: str, rules_digest: str) -> Lease:
        with self.writing() as session:
            crawl = session.get(Crawl, crawl_id, with_for_update=True)
            if crawl is None:
                raise NotFound("crawl", crawl_id)
            now = self.now(session)
            if not self._is_broken(crawl):
                _refuse_taken(crawl, now)
            _check_claim(session, crawl, rules_digest)
            crawl.token = 1 + max([crawl.token, *(token for token, _ in self._segments_of(crawl))])
            crawl.state, crawl.stopped, crawl.closed = "claimed", None, None
            crawl.worker, crawl.process = worker, this_process()
            crawl.opened = crawl.opened or now
            crawl.rules_digest = crawl.rules_digest or rules_digest
            crawl.lease_until = now + timedelta(seconds=self.lease_seconds)
            return Lease(
                crawl_id=crawl.id,
                assessment_id=crawl.assessment_id,
                token=crawl.token,
                worker=worker,
                filename=f"{crawl.assessment_id}/{crawl.id}-{crawl.token}.warc.gz",
                until=crawl.lease_until,
                seconds=crawl.seconds,
                began=time.monotonic(),
            )

    def _tell_end(self, lease: Lease, values: dict[str, Any]) -> None:
        """A crawl that fails for want of room cannot say so in the archive; one that closes must."""
        try:
            self._tell_crawl(lease, values)
        except StoreFull:
            if values["state"] == "closed":
                raise

    def _adopt(self, lease: Lease) -> None:
        """Whole records whose writer did not live to give them rows get them; raises LostLease."""
        crawl = self.crawl(lease.crawl_id)
        rows = [
            row
            for token, filename in self._segments_of(crawl)
            if token < lease.token
            for row in self._orphans(crawl, filename)
        ]
        with self.writing() as session:
            if not extend(session.connection(), lease, self.lease_seconds):
                raise LostLease(lease.crawl_id, lease.token)
            session.add_all(rows)

    def _orphans(self, crawl: Crawl, filename: str) -> Iterator[Capture]:
        with self.reading() as session:
            end = func.max(Capture.offset + Capture.length)
            known = session.scalar(select(end).where(Capture.filename == filename)) or 0
        with (self.archive / filename).open("rb") as file:
            os.fsync(file.fileno())  # its writer may have died before it did
            for found in scan(file, known):
                if isinstance(found, Damaged):
                    return  # nothing behind it can be trusted to begin where it seems to
                orphan = row(found, filename, crawl_id=crawl.id, assessment_id=crawl.assessment_id)
                if orphan is not None:
                    yield orphan

    def _segments_of(self, crawl: Crawl) -> list[tuple[int, str]]:
        """Token and filename of each file of the crawl that is there."""
        found = []
        for path in (self.archive / crawl.assessment_id).glob(f"{crawl.id}-*.warc.gz"):
            if match := re.fullmatch(rf"{re.escape(crawl.id)}-(\d+)\.warc\.gz", path.name):
                found.append((int(match.group(1)), f"{crawl.assessment_id}/{path.name}"))
        return sorted(found)

    def _is_broken(self, crawl: Crawl) -> bool:
        """Held here, but on a full disk: nobody writes it any more."""
        return crawl.process == this_process() and any(
            segment.broken and (lease.crawl_id, lease.token) == (crawl.id, crawl.token)
            for lease, segment in self._segments.items()
        )

    def _let_go(self, lease: Lease) -> None:
        """So that the next claim need not wait for the lease to run out."""
        self._close_segment(lease)
        with self.writing() as session:
            write_back(
                session.connection(), lease, {"state": "waiting", "lease_until": None, "process": None}
            )


def _planned(session: Session, assessment_id: str, purpose: str, url: str | None) -> Sequence[Crawl]:
    """The newest first."""
    alike = (Crawl.purpose == purpose, Crawl.url.is_not_distinct_from(url))
    found = select(Crawl).where(Crawl.assessment_id == assessment_id, *alike)
    return session.scalars(found.order_by(Crawl.id.desc())).all()


def _crawl(session: Session, crawl_id: str) -> Crawl:
    found = session.get(Crawl, crawl_id)
    if found is None:
        raise NotFound("crawl", crawl_id)
    return found


def _refuse_taken(crawl: Crawl, now: datetime) -> None:
    if (until := held_until(crawl, now)) is not None:
        raise CrawlTaken(crawl.id, f"{crawl.worker} ({crawl.process})", until)


def held_until(crawl: Crawl, now: datetime) -> datetime | None:
    """None where nobody works on it."""
    until = crawl.lease_until
    held = crawl.state == "claimed" and until and until > now and not is_dead(crawl.process)
    return until if held else None


def _check_claim(session: Session, crawl: Crawl, rules_digest: str) -> None:
    if crawl.state == "closed":
        raise CrawlFinished(crawl.id, crawl.stopped)
    if crawl.rules_digest and rules_digest and crawl.rules_digest != rules_digest:
        raise RulesDiffer(crawl.id, rules_digest, crawl.rules_digest)
    closed = select(Round).join(Assessment, Assessment.round_id == Round.id)
    of_crawl = session.scalars(closed.where(Assessment.id == crawl.assessment_id)).one()
    if of_crawl.closed and crawl.purpose != "reply":
        raise Locked(f"round {of_crawl.id} is closed", "open a new round")
