"""What can go wrong with a workspace, each in one line that names the thing and the remedy.

EvidenceStoreError
├── WorkspaceError      WorkspaceTooNew  NeedsMigration  WorkspaceBusy  Unreachable
├── NotFound            no such city, round, crawl, capture, segment file
├── LeaseError          CrawlTaken  CrawlFinished  LostLease  RulesDiffer
├── ArchiveError        DigestMismatch  StoreFull  BrokenChain  BeingWritten  BadTimestamp
│                       BadBundle  ArchiveDiffers  DatabaseBehind
├── NoKey               KeyRevoked  StrangeKey
└── StatementError      StaleAnswer  Locked  Unsupported  RoundDiffers  RoundIncomplete
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence_store.models import Answer


class EvidenceStoreError(Exception):
    """An expected failure: its text is one line."""


class NotFound(EvidenceStoreError):
    def __init__(self, thing: str, name: str, remedy: str = "") -> None:
        super().__init__(f"there is no {thing} {name!r}" + (f"; {remedy}" if remedy else ""))
        self.thing, self.name = thing, name


class WorkspaceError(EvidenceStoreError):
    """A workspace cannot be used as it is."""


class Unreachable(WorkspaceError):
    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where} cannot be opened: {detail}; see that it is there and has room")
        self.where = where


class WorkspaceTooNew(WorkspaceError):
    def __init__(self, where: str, revision: str) -> None:
        super().__init__(f"{where} was written by a newer version (schema {revision}); upgrade this program")
        self.where, self.revision = where, revision


class NeedsMigration(WorkspaceError):
    def __init__(self, where: str, revision: str) -> None:
        super().__init__(
            f"{where} was written by an older version (schema {revision}); any `losi` verb upgrades it"
        )
        self.where, self.revision = where, revision


class WorkspaceBusy(WorkspaceError):
    def __init__(self, where: str, by: str, until: datetime) -> None:
        super().__init__(
            f"{where} cannot be upgraded while {by} is crawling (lease until {until:%H:%M:%SZ}); wait for it"
        )
        self.where, self.by, self.until = where, by, until


class LeaseError(EvidenceStoreError):
    """A crawl is not, or no longer, ours to write."""


class CrawlTaken(LeaseError):
    def __init__(self, crawl_id: str, by: str, until: datetime) -> None:
        super().__init__(
            f"crawl {crawl_id} is worked on by {by} until {until:%Y-%m-%d %H:%M:%SZ}; wait, or stop it"
        )
        self.crawl_id, self.by, self.until = crawl_id, by, until


class CrawlFinished(LeaseError):
    def __init__(self, crawl_id: str, stopped: str | None) -> None:
        super().__init__(f"crawl {crawl_id} is finished ({stopped}); plan a new one with --again")
        self.crawl_id, self.stopped = crawl_id, stopped


class LostLease(LeaseError):
    def __init__(self, crawl_id: str, token: int) -> None:
        super().__init__(
            f"crawl {crawl_id} is no longer ours (token {token}): another worker took over; stop"
        )
        self.crawl_id, self.token = crawl_id, token


class RulesDiffer(LeaseError):
    def __init__(self, crawl_id: str, ours: str, theirs: str) -> None:
        super().__init__(
            f"crawl {crawl_id} was begun with rules {theirs[:19]}, not {ours[:19]}; use the same version"
        )
        self.crawl_id, self.ours, self.theirs = crawl_id, ours, theirs


class ArchiveError(EvidenceStoreError):
    """Bytes could not be kept, or are not what was kept."""


class DigestMismatch(ArchiveError):
    def __init__(self, record_id: str, where: str, detail: str) -> None:
        super().__init__(
            f"{record_id} in {where} is not what was stored ({detail}); restore the file from a copy"
        )
        self.record_id, self.where = record_id, where


class Redacted(ArchiveError):
    """Not a fault: its bytes were taken out, its commitment stands."""

    def __init__(self, record_id: str, by: str, at: str, reason: str) -> None:
        super().__init__(f"{record_id} was taken out of the archive by {by} on {at[:10]}: {reason}")
        self.record_id, self.by, self.at, self.reason = record_id, by, at, reason


class StoreFull(ArchiveError):
    """Nothing of what it is raised for has a row; the lease is over and the crawl can be claimed again."""

    def __init__(self, where: str, detail: str) -> None:
        known = "full" in detail or "space" in detail
        remedy = "make room" if known else "see that it has room and what holds it"
        super().__init__(f"{where} cannot be written: {detail}; {remedy} and start the same command again")
        self.where = where


class BadBundle(ArchiveError):
    def __init__(self, file: object, why: str) -> None:
        super().__init__(f"{file} is not taken: {why}; ask for another copy, and see: losi verify {file}")
        self.file, self.why = file, why


class ArchiveDiffers(ArchiveError):
    def __init__(self, path: object) -> None:
        super().__init__(
            f"{path} is not what the bundle has under that name; take it in into a workspace of its own"
        )
        self.path = path


class DatabaseBehind(ArchiveError):
    def __init__(self, filenames: Sequence[str]) -> None:
        more = f" and {len(filenames) - 1} more files" if len(filenames) > 1 else ""
        super().__init__(
            f"the archive holds more than the database (archive/{filenames[0]}{more}); mend it with: losi repair"
        )
        self.filenames = tuple(filenames)


class BrokenChain(ArchiveError):
    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}; nothing is sealed there until it is restored from a copy")
        self.where = where


class BadTimestamp(ArchiveError):
    def __init__(self, why: str) -> None:
        super().__init__(f"a timestamp reply is of no use: {why}; ask again with: losi seal")
        self.why = why


class BeingWritten(ArchiveError):
    def __init__(self, of: str, segment: str) -> None:
        who = "another program" if segment.startswith("journal-") else "a crawl"
        super().__init__(f"{of} is being written by {who} ({segment}); wait until it has ended")
        self.of, self.segment = of, segment


class NoKey(EvidenceStoreError):
    """Nothing can be signed. What was recorded stays, unsealed; `losi seal` makes up for it."""

    def __init__(
        self,
        where: object,
        why: str,
        remedy: str = "restore it, or name another folder in losi.toml: [seal] keys, then: losi seal",
    ) -> None:
        super().__init__(f"the signing key in {where} cannot be used: {why}; {remedy}")
        self.where, self.why = where, why


class KeyRevoked(NoKey):
    def __init__(self, key: str) -> None:
        super().__init__(key, "it is revoked", "make a new one: losi key --rotate")
        self.key = key


class StrangeKey(NoKey):
    def __init__(self, key: str) -> None:
        super().__init__(
            key,
            "this archive is sealed with another key",
            "let whoever holds that one run `losi seal`; run it here only if this key shall sign too",
        )
        self.key = key


class StatementError(EvidenceStoreError):
    """Something said, or about to be closed, that the store may not take."""


class StaleAnswer(StatementError):
    def __init__(self, current: Answer) -> None:
        super().__init__(f"{current.test} was answered meanwhile ({current.outcome}); look and decide again")
        self.current = current


class Locked(StatementError):
    def __init__(self, what: str, remedy: str = "reopen it first") -> None:
        super().__init__(f"{what}; {remedy}")


class Unsupported(StatementError):
    """A statement without what must carry it: a person, a known outcome, evidence."""


class RoundDiffers(StatementError):
    def __init__(self, round_id: str, what: str) -> None:
        super().__init__(f"round {round_id} was opened with another {what}; open a new round")
        self.round_id, self.what = round_id, what


class RoundIncomplete(StatementError):
    def __init__(self, round_id: str, missing: Mapping[str, Sequence[str]]) -> None:
        count = sum(len(codes) for codes in missing.values())
        first = next((f"{name}: {codes[0]}" for name, codes in missing.items()), "")
        super().__init__(
            f"round {round_id} has {count} questions without a settled answer (first {first}); answer them"
        )
        self.round_id, self.missing = round_id, missing


DiskFull = StoreFull
