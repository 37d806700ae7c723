"""The rules again over the stored captures that a run read; compared with what it said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checks.archive import Archive
from checks.basis import Basis
from checks.difference import Change, Difference, Findings, changes, differences
from checks.edition import Edition, load_edition, parse_edition
from checks.errors import BadData
from checks.rulebook import Rulebook, load_rulebook, parse_rulebook
from checks.run import FINDINGS_SCHEMA, check, finding_document, software
from checks.scoring import Score, score
from evidence_store import NewFinding, NotFound, Store

OUTCOMES = ("passed", "failed", "cantTell", "inapplicable", "untested")
EVIDENCE = {"capture", "stance", "quote", "prefix", "suffix", "selector", "rule", "language"}


@dataclass(frozen=True)
class Recorded:
    """A findings document as it stands in the archive."""

    record_id: str
    time: datetime
    said: Mapping[str, Any]

    @property
    def findings(self) -> Findings:
        return {str(one["test"]): one for one in self.said["findings"]}

    @property
    def software(self) -> str:
        return str(self.said.get("software", ""))

    @property
    def basis(self) -> Basis | None:
        """None in records of 0.1.0, which did not say how far they had read."""
        return Basis.parse(self.said["basis"]) if "basis" in self.said else None


@dataclass(frozen=True)
class Recheck:
    """`differences` are of the recorded rules; `changes` and `score_now` of today's, where those were asked."""

    assessment_id: str
    record_id: str
    time: datetime
    edition: str
    edition_digest: str
    rules_digest: str
    recorded_by: str
    replayed_by: str
    findings: bytes = field(repr=False)
    count: int
    score_then: Score
    differences: tuple[Difference, ...] = ()
    changes: tuple[Change, ...] = ()
    score_now: Score | None = None
    redacted: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """In all that can still be checked."""
        return all(one.redacted for one in self.differences)

    @property
    def other_software(self) -> bool:
        return self.recorded_by != self.replayed_by


def recheck(store: Store, assessment_id: str, *, current: bool = False) -> Recheck:
    """The newest recorded findings against the same rules, or `current`: today's, on the same captures.

    Raises NotFound (nothing was recorded, a text is missing), DigestMismatch, BadData, UnknownEdition.
    """
    recorded = newest_recorded(store, assessment_id)
    edition = parse_edition(_text(store, recorded, "edition"))
    book = parse_rulebook(_text(store, recorded, "rules"))
    rules, asked = (load_rulebook(), load_edition(edition.id)) if current else (book, edition)
    city = store.city(assessment_id.partition("/")[2])
    archive = Archive(store, assessment_id, city, rules, given=recorded.basis)
    findings, faults = check(archive, asked)
    where = _addresses(store, assessment_id)
    gone = {one.record_id: one.url for one in archive.captures if one.type == "redacted"}
    then, now = recorded.findings, _by_test(findings)
    return Recheck(
        assessment_id=assessment_id,
        record_id=recorded.record_id,
        time=recorded.time,
        edition=edition.id,
        edition_digest=edition.digest,
        rules_digest=rules.digest,
        recorded_by=recorded.software,
        replayed_by=software(),
        findings=json.dumps(list(now.values()), ensure_ascii=False, sort_keys=True, indent=1).encode(),
        count=len(now),
        score_then=_score(edition, then),
        redacted=tuple(gone),
        faults=tuple(faults),
        differences=() if current else tuple(differences(then, now, edition, where, gone)),
        changes=_changes((then, now), (edition, asked), (book, rules), where) if current else (),
        score_now=_score(asked, now) if current else None,
    )


def newest_recorded(store: Store, assessment_id: str) -> Recorded:
    """The newest findings document of the archive, not of the database. Raises NotFound, BadData."""
    found = store.captures(assessment_id, kind="findings")
    newest = max(found, key=lambda one: (one.timestamp, one.filename, one.offset), default=None)
    if newest is None:
        raise NotFound("recorded finding of", assessment_id, "run `losi check` first")
    try:
        said = json.loads(store.read(newest).body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("schema") != FINDINGS_SCHEMA or not _are_findings(said):
        raise BadData(f"{newest.url}: expected {FINDINGS_SCHEMA}; the archive is of another version")
    return Recorded(newest.record_id, newest.timestamp, said)


def _are_findings(said: Mapping[str, Any]) -> bool:
    """Each test once, in the form that `finding_document` gives."""
    found = said.get("findings")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return False
    tests = [one.get("test") for one in found]
    return len(set(map(str, tests))) == len(tests) and all(
        isinstance(one.get("test"), str)
        and one.get("outcome") in OUTCOMES
        and isinstance(one.get("info"), dict)
        and isinstance(one.get("evidence"), list)
        and all(isinstance(part, dict) and set(part) == EVIDENCE for part in one["evidence"])
        for one in found
    )


def _text(store: Store, recorded: Recorded, kind: str) -> str:
    """From the archive, never the program's own, although they may be the same."""
    digest = str(recorded.said.get(f"{kind}_digest", ""))
    try:
        return store.archived_text(digest)
    except NotFound as missing:
        raise NotFound(
            f"{kind} text", digest, "the findings were made with it: get a whole copy of the archive"
        ) from missing


def _by_test(findings: Iterable[NewFinding]) -> dict[str, dict[str, Any]]:
    """As they come back from JSON."""
    return {one.test: json.loads(json.dumps(finding_document(one))) for one in findings}


def _addresses(store: Store, assessment_id: str) -> Callable[[str], str]:
    known = {capture.record_id: capture.url for capture in store.captures(assessment_id)}
    return lambda record_id: known.get(record_id, record_id)


def _score(edition: Edition, findings: Findings) -> Score:
    codes = [one.code for one in edition.indicators]
    return score(edition, {code: str(findings[code]["outcome"]) for code in codes if code in findings})


def _changes(
    findings: tuple[Findings, Findings],
    editions: tuple[Edition, Edition],
    books: tuple[Rulebook, Rulebook],
    where: Callable[[str], str],
) -> tuple[Change, ...]:
    return tuple(changes(*findings, editions, (books[0].data, books[1].data), where))
