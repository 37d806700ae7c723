"""The judge folded over an archive: a Run. Edition and rules are read as the round archived them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from checks.archive import PAGES, Archive
from checks.basis import Basis
from checks.edition import Edition, parse_edition
from checks.judge import Judgement, judge
from checks.page import Page
from checks.proposal import Searched, finding_of, propose
from checks.rule import Rule, parse_rule
from checks.rulebook import Rulebook, load_rulebook, parse_rulebook
from checks.sighting import Sighting, Signal, signals
from checks.standing import stands, stands_between, stands_in
from evidence_store import NewFinding, Round, Store

FINDINGS_SCHEMA = "losi-findings/1"


@dataclass(frozen=True)
class RunReport:
    """What the check found, and what went wrong on our side: one line each."""

    findings: tuple[NewFinding, ...]
    faults: list[str]


def run(store: Store, assessment_id: str) -> RunReport:
    """Judges all that is stored of an assessment, and stores the findings. Raises BadData, NotFound."""
    assessment = next(one for one in _assessments(store, assessment_id) if one.id == assessment_id)
    round_ = store.round(assessment.round_id)
    edition = parse_edition(store.archived_text(round_.edition_digest))
    book = archived_rulebook(store, round_.rules_digest)
    archive = Archive(store, assessment_id, store.city(assessment.city_id), book)
    findings, faults = check(archive, edition)
    complete = archive.crawl is not None and archive.crawl.state == "closed"
    through = archive.captures[-1].record_id if archive.captures else archive.trail_id
    document = _document(findings, round_, through, complete, archive.basis)
    store.save_run(
        assessment_id,
        rules_digest=round_.rules_digest,
        software=software(),
        through=through,
        complete=complete,
        findings=findings,
        document=document,
    )
    return RunReport(tuple(findings), faults)


def _assessments(store: Store, assessment_id: str) -> list[Any]:
    round_id, _, city_id = assessment_id.partition("/")
    return [store.assessment(round_id, city_id)]


def archived_rulebook(store: Store, digest: str) -> Rulebook:
    """The round's rules; the package's own when they are the same text."""
    own = load_rulebook()
    return own if own.digest == digest else parse_rulebook(store.archived_text(digest))


def software() -> str:
    try:
        return f"losi {version('losi')}"
    except PackageNotFoundError:
        return "losi"


def check(archive: Archive, edition: Edition) -> tuple[list[NewFinding], list[str]]:
    """Findings of the rules, then of the indicators in the edition's order; and our faults."""
    rules, broken = _usable_rules(archive.book, edition)
    context = archive.context()
    sightings: dict[str, list[Sighting]] = {rule_id: [] for rule_id in rules}
    seen: set[str] = set()
    for capture, page in archive.pages():
        if capture.record_id in archive.barred or (capture.kind in PAGES and capture.digest in seen):
            continue
        seen.add(capture.digest)
        for sighting in signals(page, rules.values(), context, broken):
            checked, false = _verified(sighting, page)
            archive.faults.extend(false)
            sightings[sighting.rule].append(checked)
    looked = archive.looked()
    searched = Searched(looked, archive.lexicon, _trail_quote(archive.trail))
    judged: dict[str, Judgement] = {}
    for rule_id, rule in rules.items():
        judged[rule_id] = _broken(rule_id) if rule_id in broken else judge(rule, sightings[rule_id], looked)
    findings = [finding_of(judged[rule_id], rule, searched) for rule_id, rule in rules.items()]
    for indicator in edition.indicators:
        mine = [judged.get(rule_id) or _broken(rule_id) for rule_id in indicator.rules]
        findings.append(propose(indicator, mine, rules, searched))
    said = [f"rule {rule_id}: {why}" for rule_id, why in sorted(broken.items())]
    return findings, [*said, *dict.fromkeys(archive.faults)]


def _usable_rules(book: Rulebook, edition: Edition) -> tuple[dict[str, Rule], dict[str, str]]:
    """The rules that the edition names, in its order; and why some cannot be used."""
    rules: dict[str, Rule] = {}
    broken: dict[str, str] = {}
    for rule_id in dict.fromkeys(rule_id for one in edition.indicators for rule_id in one.rules):
        data = book.data["rules"].get(rule_id)
        if data is None:
            broken[rule_id] = "named by the edition, not among the archived rules"
            continue
        try:
            rules[rule_id] = parse_rule(data)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            broken[rule_id] = f"cannot be read: {type(problem).__name__} {problem}"
    return rules, broken


def _verified(sighting: Sighting, page: Page) -> tuple[Sighting, list[str]]:
    """Quotes are sacred: what does not stand literally in the capture is dropped, and said."""
    false = [signal for signal in (*sighting.signals, *sighting.vetoes) if not _stands(signal, page)]
    kept, vetoes = (
        tuple(_placed(signal, page) for signal in some if signal not in false)
        for some in (sighting.signals, sighting.vetoes)
    )
    sighting = replace(sighting, signals=kept, vetoes=vetoes)
    if not false:
        return sighting, []
    outcome = sighting.outcome if any(signal.quote for signal in kept) else "lead"
    faults = [f"rule {one.rule}: quote not found in {one.url}, dropped: {one.quote[:60]!r}" for one in false]
    return replace(sighting, outcome=outcome), faults


def _stands(signal: Signal, page: Page) -> bool:
    if not signal.quote or signal.record_id != page.record_id:
        return True
    return stands(page, signal.quote, measured=signal.kind == "measure")


def _placed(signal: Signal, page: Page) -> Signal:
    """With no place rather than one at which the quote does not stand."""
    if signal.record_id != page.record_id:
        return signal
    if not stands_between(page, signal.prefix, signal.quote, signal.suffix):
        signal = replace(signal, prefix="", suffix="")
    return signal if stands_in(page, signal.selector, signal.quote) else replace(signal, selector="")


def _broken(rule_id: str) -> Judgement:
    message = "Our own rule broke on this portal; look at the portal yourself."
    return Judgement(rule_id, "cantTell", "our-error", message)


def _trail_quote(trail: Mapping[str, Any]) -> str:
    """The words of the trail that say how the crawl ended, as they stand in it."""
    text = json.dumps(dict(trail), ensure_ascii=False, separators=(",", ":"))
    match = re.search(r'"stopped":"[a-z-]*","requests":\d+,"pages":\d+', text) or re.search(
        r'"pages":\d+', text
    )
    return match.group() if match else ""


def _document(findings: list[NewFinding], round_: Round, through: str, complete: bool, basis: Basis) -> bytes:
    """What is sealed: no times, no row ids, so that a replay gives the same bytes."""
    said = {
        "schema": FINDINGS_SCHEMA,
        "edition_digest": round_.edition_digest,
        "rules_digest": round_.rules_digest,
        "software": software(),
        "through": through,
        "complete": complete,
        "basis": basis.document(),
        "findings": [finding_document(finding) for finding in findings],
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def finding_document(finding: NewFinding) -> dict[str, Any]:
    return {
        "test": finding.test,
        "outcome": finding.outcome,
        "mode": finding.mode,
        "confidence": finding.confidence,
        "info": dict(finding.info),
        "evidence": [
            {
                "capture": one.capture_id,
                "stance": one.stance,
                "quote": one.exact,
                "prefix": one.prefix,
                "suffix": one.suffix,
                "selector": one.selector,
                "rule": one.rule,
                "language": one.language,
            }
            for one in finding.evidence
        ],
    }
