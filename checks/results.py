"""The `losi-results/1` document: of each city the proposals, their evidence, the answers and the score."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from checks.archive import is_counted, newest_crawl
from checks.edition import Edition, Indicator, parse_edition
from checks.facts import facts
from checks.page import _visited
from checks.scoring import score
from evidence_store import Answer, Assessment, Capture, City, Finding, Store, settle

SCHEMA = "losi-results/1"
DISCLAIMER = "Computed on a paraphrase of the questions; not an official LOSI value."


def results(store: Store, round_id: str, city_ids: Iterable[str] | None = None) -> dict[str, Any]:
    """From the latest runs and the settled answers. Raises NotFound."""
    round_ = store.round(round_id)
    edition = parse_edition(store.archived_text(round_.edition_digest))
    wanted = None if city_ids is None else set(city_ids)
    chosen = [one for one in store.assessments(round_id) if wanted is None or one.city_id in wanted]
    return {
        "schema": SCHEMA,
        "round": round_id,
        "edition": edition.id,
        "edition_digest": round_.edition_digest,
        "rules_digest": round_.rules_digest,
        "disclaimer": DISCLAIMER,
        "cities": [_City(store, edition, one, store.city(one.city_id)).document() for one in chosen],
    }


@dataclass
class _City:
    store: Store
    edition: Edition
    assessment: Assessment
    city: City
    captures: dict[str, Capture] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        store, assessment = self.store, self.assessment
        rows = list(store.captures(assessment.id))
        self.captures = {capture.record_id: capture for capture in rows}
        run = store.latest_run(assessment.id)
        findings = {one.test: one for one in store.findings(run.id)} if run is not None else {}
        answers = settle(store.answers(assessment.id, viewer=None)).answers
        answers = {code: one for code, one in answers.items() if one.outcome != "untested"}
        trail = self._trail(rows)
        return {
            "id": self.city.id,
            "name": self.city.name,
            "country": self.city.country,
            "portal_url": self.city.portal_url,
            "languages": list(self.city.languages),
            **self._effort(rows, trail),
            "skipped": [
                {"url": str(item.get("url", "")), "reason": str(item.get("reason", ""))}
                for item in trail.get("skipped", ())
            ],
            "score": self._score(findings, answers),
            "facts": facts(store, assessment.id),
            "indicators": [
                self._indicator(one, findings.get(one.code), answers.get(one.code))
                for one in self.edition.indicators
            ],
        }

    def _trail(self, rows: Sequence[Capture]) -> Mapping[str, Any]:
        crawl = newest_crawl(self.store, self.assessment.id)
        trails = [
            row for row in rows if row.kind == "trail" and crawl is not None and row.crawl_id == crawl.id
        ]
        return read_json(self.store, trails[-1]) if trails else {}

    def _effort(self, rows: Sequence[Capture], trail: Mapping[str, Any]) -> dict[str, Any]:
        crawl = newest_crawl(self.store, self.assessment.id)
        mine = [row for row in rows if crawl is not None and row.crawl_id == crawl.id]
        sent = sum(1 for row in mine if row.type in ("response", "revisit", "metadata"))
        requests = trail.get("requests", crawl.requests if crawl is not None else None)
        return {
            "requests": int(requests if requests is not None else sent),
            "pages": sum(1 for row in mine if is_counted(row)),
            "browser_pages": len({row.url for row in mine if row.kind == "dom"}),
            "seconds": round(crawl.seconds, 1) if crawl is not None else 0.0,
            "stopped": str(trail.get("stopped") or (crawl.stopped if crawl is not None else "") or ""),
        }

    def _score(self, findings: Mapping[str, Finding], answers: Mapping[str, Answer]) -> dict[str, Any]:
        """On answers as soon as one is settled, the rest open; else on proposals."""
        if answers:
            outcomes = {code: one.outcome for code, one in answers.items()}
        else:
            outcomes = {test: one.outcome for test, one in findings.items() if not test.startswith("rule:")}
        known = {indicator.code for indicator in self.edition.indicators}
        whole = score(self.edition, {code: said for code, said in outcomes.items() if code in known})
        criteria = {code: part.as_dict() for code, part in whole.by_criterion.items()}
        return {**whole.as_dict(), "basis": "answers" if answers else "proposals", "criteria": criteria}

    def _indicator(
        self, indicator: Indicator, finding: Finding | None, answer: Answer | None
    ) -> dict[str, Any]:
        info = finding.info if finding is not None else {}
        document: dict[str, Any] = {
            "code": indicator.code,
            "criterion": indicator.criterion,
            "name": indicator.name,
            "method": indicator.method,
            "proposal": finding.outcome if finding is not None else "untested",
            "confidence": finding.confidence if finding is not None else None,
            "reason": info.get("reason", "not-checked"),
            "message": info.get("message", "Not checked yet: run `losi check`."),
            "evidence": self._evidence(finding),
            "searched": info.get("searched") or {},
            "also": info.get("also", []),
        }
        if answer is not None:
            document["answer"] = {
                "outcome": answer.outcome,
                "by": answer.asserted_by,
                "at": rfc3339(answer.date),
                "mode": answer.mode,
            }
        return document

    def _evidence(self, finding: Finding | None) -> list[dict[str, Any]]:
        """Quotes with their captures; the trail is said under `searched`, it is no page."""
        shown = []
        for one in finding.evidence if finding is not None else ():
            capture = self.captures.get(one.capture_id)
            if capture is None or capture.kind == "trail":
                continue
            url = _visited(capture.url).removeprefix("urn:losi:tls:").removeprefix("urn:losi:accessibility:")
            shown.append(
                {
                    "url": url,
                    "timestamp": rfc3339(capture.timestamp),
                    "capture": one.capture_id,
                    "digest": capture.digest,
                    "rule": one.rule,
                    "stance": one.stance,
                    "quote": one.exact,
                    "prefix": one.prefix,
                    "suffix": one.suffix,
                    "selector": one.selector,
                    "language": one.language,
                    "channel": capture.channel,
                    "final_url": url,
                }
            )
        return shown


def read_json(store: Store, capture: Capture) -> dict[str, Any]:
    try:
        data = json.loads(store.read(capture).body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
