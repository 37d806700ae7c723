"""The history of one question: what the rules said, what people answered and on what, who locked and reopened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from checks import Indicator
from evidence_store import Act, Answer, Run
from review_ui.desk import Case, Desk, Proposal, Proposals, Quoted, Source, quoted
from review_ui.evidence_cards import evidence_of

MAX_QUOTES = 20  # shown under one statement


@dataclass(frozen=True, slots=True)
class Cited:
    quoted: Quoted
    source: Source
    capture_url: str


@dataclass(frozen=True, slots=True)
class RulesSaid:
    """One run's proposal, and what each rule behind it found."""

    at: datetime
    run: Run
    proposal: Proposal
    rules: tuple[Proposal, ...]
    quotes: tuple[Cited, ...]
    what: str = field(default="rules", init=False)

    @property
    def anchor(self) -> str:
        return f"run-{self.run.id}"


@dataclass(frozen=True, slots=True)
class PersonSaid:
    at: datetime
    answer: Answer
    note: str
    second_thought: bool  # kept or changed after a differing verdict was shown
    quotes: tuple[Cited, ...]
    replaces: Answer | None
    replaced: bool
    relied_on: RulesSaid | None
    what: str = field(default="answer", init=False)

    @property
    def anchor(self) -> str:
        return f"answer-{self.answer.id}"


@dataclass(frozen=True, slots=True)
class Acted:
    at: datetime
    act: Act
    reason: str
    what: str = field(default="act", init=False)


Event = RulesSaid | PersonSaid | Acted


def timeline(
    desk: Desk, case: Case, indicator: Indicator, answers: Iterable[Answer], *, verdicts: bool, blind: bool
) -> tuple[Event, ...]:
    """The oldest first. Without `verdicts` nothing that the rules said is in it; `blind`: no reasons either,
    which may tell what another assessor answered."""
    runs = list(_rules_said(desk, case, indicator)) if verdicts else []
    people = _people_said(desk, case, [row for row in answers if row.test == indicator.code], runs)
    acts = [
        Acted(act.at, act, "" if blind else act.reason or "") for act in desk.store.acts(case.assessment.id)
    ]
    return tuple(sorted([*runs, *people, *acts], key=lambda event: event.at))


def _rules_said(desk: Desk, case: Case, indicator: Indicator) -> Iterator[RulesSaid]:
    for run, proposals in desk.runs(case.assessment.id):
        if proposal := proposals.of(indicator.code):
            rules = tuple(_rules_of(indicator, proposals))
            quotes = _cited(desk, case, evidence_of(indicator, proposals))
            yield RulesSaid(run.date, run, proposal, rules, quotes)


def _rules_of(indicator: Indicator, proposals: Proposals) -> Iterator[Proposal]:
    for rule in indicator.rules:
        if found := proposals.of(f"rule:{rule}"):
            yield found


def _people_said(
    desk: Desk, case: Case, answers: list[Answer], runs: Iterable[RulesSaid]
) -> Iterator[PersonSaid]:
    by_id = {row.id: row for row in answers}
    replaced = {row.supersedes for row in answers}
    by_finding = {said.proposal.id: said for said in runs}
    for row in answers:
        info: Mapping[str, Any] = row.info or {}
        yield PersonSaid(
            at=row.date,
            answer=row,
            note=str(info.get("note", "")),
            second_thought=info.get("step") == "after",
            quotes=_cited(desk, case, quoted(row.evidence)),
            replaces=by_id.get(row.supersedes or ""),
            replaced=row.id in replaced,
            relied_on=by_finding.get(row.finding_id or ""),
        )


def _cited(desk: Desk, case: Case, quotes: Iterable[Quoted]) -> tuple[Cited, ...]:
    return tuple(
        Cited(
            item,
            desk.source(item.record_id),
            f"{case.path}/c/{quote(item.record_id)}?{urlencode({'quote': item.exact, 'tab': 'text'})}",
        )
        for item in list(quotes)[:MAX_QUOTES]
    )
