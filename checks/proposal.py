"""From what the rules say to what is proposed of an indicator. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.edition import Indicator
from checks.judge import Judgement, Looked
from checks.lexicon import Lexicon
from checks.rule import Rule
from checks.sighting import Signal
from evidence_store import NewEvidence, NewFinding

MAX_TERMS = 16
GENERIC_ROLES = ("home", "services", "contact", "documents", "news", "events", "sitemap", "search", "login")


@dataclass(frozen=True)
class Searched:
    """How far was looked, said in a finding."""

    looked: Looked
    lexicon: Lexicon
    trail_quote: str = ""

    def info(self, rules: Iterable[Rule]) -> dict[str, Any]:
        return {
            "pages": self.looked.pages,
            "roles": [role for role in GENERIC_ROLES if role in self.looked.roles],
            "languages": list(self.looked.languages),
            "terms": self._terms(rules),
            "not_visited": dict(self.looked.not_visited),
        }

    def _terms(self, rules: Iterable[Rule]) -> list[str]:
        """The words looked for, in the portal's languages."""
        own = {tag.partition("-")[0].lower() for tag in self.looked.languages}
        spoken = [
            language for language in self.lexicon.languages if language.tag in own
        ] or self.lexicon.languages
        naming: dict[str, None] = {}
        for rule in rules:
            for spec in rule.signals.values():
                if (
                    spec.kind in ("title", "inbound", "heading", "link", "text")
                    and spec.name not in rule.unless
                ):
                    naming.update(dict.fromkeys(spec.topics))
        terms: dict[str, None] = {}
        for language in spoken:
            for topic in naming:
                words = language.topics.get(topic)
                terms.update(dict.fromkeys(words.strong[:4] if words else ()))
        return list(terms)[:MAX_TERMS]


def evidence_of(judgement: Judgement) -> tuple[NewEvidence, ...]:
    return tuple(_evidence(stance, signal) for stance, signal in judgement.evidence)


def _evidence(stance: str, signal: Signal) -> NewEvidence:
    return NewEvidence(
        capture_id=signal.record_id,
        stance=stance,
        selector=signal.selector,
        exact=signal.quote,
        prefix=signal.prefix,
        suffix=signal.suffix,
        rule=signal.rule,
        language=signal.language,
    )


def finding_of(judgement: Judgement, rule: Rule, searched: Searched) -> NewFinding:
    """One rule's finding, `rule:<id>`."""
    return _finding(f"rule:{judgement.rule}", judgement, evidence_of(judgement), searched, [rule])


def propose(
    indicator: Indicator, judgements: Sequence[Judgement], rules: Mapping[str, Rule], searched: Searched
) -> NewFinding:
    """Passed if any rule passed; failed if all failed; else cantTell; untested where there is no rule."""
    if indicator.method == "person" or not indicator.rules:
        return NewFinding(test=indicator.code, outcome="untested", info=_untested(indicator))
    served = [rules[rule_id] for rule_id in indicator.rules if rule_id in rules]
    chosen = _chosen(judgements)
    if chosen is None:
        info = {
            "reason": "our-error",
            "message": "The rules of this question could not be read.",
            "searched": {},
        }
        return NewFinding(test=indicator.code, outcome="cantTell", info=info)
    return _finding(indicator.code, chosen, evidence_of(chosen), searched, served)


def _chosen(judgements: Sequence[Judgement]) -> Judgement | None:
    """The judgement that speaks for all: the surest passed, else one that is open, else a failed."""
    passed = [one for one in judgements if one.outcome == "passed"]
    if passed:
        return max(passed, key=lambda one: one.confidence or 0.0)
    left = [one for one in judgements if one.outcome != "failed"]
    if left:
        return max(left, key=lambda one: len(one.evidence))
    return max(judgements, key=lambda one: len(one.evidence), default=None)


def _finding(
    test: str,
    judgement: Judgement,
    evidence: tuple[NewEvidence, ...],
    searched: Searched,
    rules: Sequence[Rule],
) -> NewFinding:
    outcome, reason, message, sure = (
        judgement.outcome,
        judgement.reason,
        judgement.message,
        judgement.confidence,
    )
    if outcome == "failed":
        trail = searched.looked.trail
        if trail:
            note = NewEvidence(
                capture_id=trail, stance="against", exact=searched.trail_quote, rule=judgement.rule
            )
            evidence = (*evidence, note)
        if not evidence:  # nothing stored to stand behind a no
            outcome, reason, sure = "cantTell", "no-trail", None
    info = {
        "reason": reason,
        "message": message,
        "searched": searched.info(rules),
        "also": list(judgement.also),
    }
    return NewFinding(test=test, outcome=outcome, confidence=sure, info=info, evidence=evidence)


def _untested(indicator: Indicator) -> dict[str, Any]:
    if indicator.method == "person":
        what = f": {indicator.prescribed_test}" if indicator.prescribed_test else ""
        return {"reason": "person-only", "message": f"Only a person can tell{what}. Look, then answer."}
    return {
        "reason": "no-rule",
        "message": "No rule looks for this yet. Look at the portal yourself, then answer.",
    }
