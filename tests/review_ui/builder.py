"""A small workspace with what a page can show: two cities, evidence for and against, silence, a trail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence_store import City, Exchange, NewEvidence, NewFinding, Store

TIME = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ORIGIN = "https://river.example"
ROUND, CITY, OTHER = "pilot", "river-city", "empty-town"
QUESTIONS = {
    "101": ("INF", "Contact details", "evidence", ["contact"]),
    "234": ("INF", "Privacy policy", "evidence", ["privacy-policy"]),
    "235": ("INF", "Budget documents", "evidence", ["budget"]),
    "300": ("SRV", "Online payment", "evidence", ["payment"]),
    "301": ("SRV", "HTTPS", "measured", ["https"]),
    "302": ("SRV", "Reply to a message", "person", []),
}
GUIDANCE = "Yes when a page of the city's own portal offers it; a news item about it is not enough."
PRESCRIBED = "The assessor sends a message and waits three working days."

PAGES = {
    "/": ("River City", "<h1>River City</h1><p>Welcome. <a href='/privacy'>Privacy policy</a></p>"),
    "/privacy": (
        "Privacy policy",
        "<nav><a href='/'>Home</a></nav><h1>Privacy policy</h1>"
        "<p>We collect your name and address only to answer you, and keep them for one year.</p>"
        "<p>You may ask at any time which personal data we hold about you.</p>",
    ),
    "/ar/privacy": (
        "سياسة الخصوصية",
        "<h1>سياسة الخصوصية</h1><p>نجمع بياناتك الشخصية للرد عليك فقط ونحتفظ بها لمدة عام واحد.</p>",
    ),
    "/news/pay": (
        "News: online payment is coming",
        "<h1>Online payment is coming</h1><p>Soon residents will pay at home. Until then, "
        "pay at the counter.</p>",
    ),
    "/contact": ("Contact", "<h1>Contact</h1><p>Town hall, Mill Street 1. Telephone 555 0100.</p>"),
}


@dataclass(frozen=True)
class World:
    store: Store
    records: Mapping[str, str]  # path of a page → record id

    @property
    def assessment_id(self) -> str:
        return f"{ROUND}/{CITY}"


def edition_text(questions: Mapping[str, tuple[str, str, str, list[str]]] = QUESTIONS) -> str:
    """YAML is a superset of JSON, so an edition can be written as JSON."""
    criteria = {"INF": "Information", "SRV": "Services"}
    counts = {code: str(sum(q[0] == code for q in questions.values())) for code in criteria}
    return json.dumps(
        {
            "schema": "edition/1",
            "id": "test-2026",
            "name": "Test edition 2026",
            "year": "2026",
            "n": str(len(questions)),
            "levels": [{"name": "High", "above": "0.5"}, {"name": "Low", "from": "0"}],
            "criteria": {code: {"name": name, "count": counts[code]} for code, name in criteria.items()},
            "indicators": [
                {
                    "code": code,
                    "name": name,
                    "criterion": criterion,
                    "question": f"Does the portal offer this: {name.lower()}?",
                    "guidance": GUIDANCE,
                    "method": method,
                    "rules": rules,
                    "source": "a test",
                    "certainty": "sourced",
                    **({"prescribed_test": PRESCRIBED} if method == "person" else {}),
                }
                for code, (criterion, name, method, rules) in questions.items()
            ],
        },
        ensure_ascii=False,
    )


def html(title: str, body: str, language: str = "en") -> bytes:
    direction = "rtl" if language == "ar" else "ltr"
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{title}</title></head><body><main>{body}</main></body></html>"
    ).encode()


def page(path: str, body: bytes, *, mime: str = "text/html; charset=utf-8", status: int = 200) -> Exchange:
    return Exchange(
        url=ORIGIN + path,
        kind="page",
        requested_by="spider",
        time=TIME,
        status=status,
        reason="OK",
        headers=(("Content-Type", mime),),
        body=body,
        mime=mime.partition(";")[0],
    )


def build(
    folder: Path,
    *,
    advice: Mapping[str, str] | None = None,
    protocol: str = "single",
    pages: Mapping[str, bytes] | None = None,
    questions: Mapping[str, tuple[str, str, str, list[str]]] = QUESTIONS,
    findings: Any = None,
    mime: str = "text/html; charset=utf-8",
) -> World:
    store = Store.open(folder, migrate=True)
    store.add_cities(
        [
            City(id=CITY, name="River City", country="PRT", languages=["en", "ar"], portal_url=f"{ORIGIN}/"),
            City(
                id=OTHER,
                name="Empty Town",
                country="IND",
                languages=["hi"],
                portal_url="https://empty.example/",
            ),
        ]
    )
    store.open_round(
        ROUND,
        edition="test-2026",
        edition_text=edition_text(questions),
        rules_text="rules",
        city_ids=[CITY, OTHER],
        protocol=protocol,
        advice=advice or {"A": "before"},
    )
    records = _crawl(store, pages or _pages(), mime)
    found = (findings or _findings)(records)
    store.save_run(
        f"{ROUND}/{CITY}", rules_digest="sha256:0", software="test", through="", complete=True, findings=found
    )
    return World(store, records)


def _pages() -> dict[str, bytes]:
    return {
        path: html(title, body, "ar" if "/ar/" in path else "en") for path, (title, body) in PAGES.items()
    }


def _crawl(store: Store, pages: Mapping[str, bytes], mime: str) -> dict[str, str]:
    crawl = store.plan_crawl(f"{ROUND}/{CITY}", budget=400)
    lease = store.claim(crawl.id, worker="test")
    records = {
        path: store.record(lease, page(path, body, mime=mime)).result().record_id
        for path, body in pages.items()
    }
    trail = {
        "schema": "losi-trail/1",
        "crawl": crawl.id,
        "portal": f"{ORIGIN}/",
        "stopped": "budget",
        "requests": len(pages) + 1,
        "pages": len(pages),
        "visited": [{"url": ORIGIN + p, "status": 200, "record_id": r} for p, r in records.items()],
        "skipped": [
            {
                "url": f"{ORIGIN}/calendar?m={n}",
                "reason": "trap",
                "found_on": f"{ORIGIN}/",
                "text": "Next month",
            }
            for n in range(130)
        ]
        + [{"url": f"{ORIGIN}/intern", "reason": "robots", "found_on": f"{ORIGIN}/", "text": "Staff"}],
        "languages": ["en", "ar"],
        "seconds": 12.5,
    }
    store.record(
        lease,
        Exchange(
            type="resource",
            kind="trail",
            url=f"urn:losi:trail:{crawl.id}",
            mime="application/json",
            body=json.dumps(trail).encode(),
            requested_by="spider",
            time=TIME,
        ),
    ).result()
    store.finish(lease, stopped="budget", requests=len(pages) + 1)
    return records


def _findings(records: Mapping[str, str]) -> list[NewFinding]:
    privacy = (
        NewEvidence(
            capture_id=records["/privacy"],
            exact="We collect your name and address only to answer you",
            prefix="Privacy policy ",
            suffix=", and keep them for one year.",
            rule="privacy-policy",
            language="en",
        ),
        NewEvidence(
            capture_id=records["/ar/privacy"],
            exact="نجمع بياناتك الشخصية للرد عليك فقط",
            suffix=" ونحتفظ بها لمدة عام واحد.",
            rule="privacy-policy",
            language="ar",
        ),
    )
    against = NewEvidence(
        capture_id=records["/news/pay"],
        stance="against",
        exact="Until then, pay at the counter.",
        prefix="Soon residents will pay at home. ",
        rule="payment",
        language="en",
    )
    contact = NewEvidence(
        capture_id=records["/contact"], exact="Telephone 555 0100", rule="contact", language="en"
    )
    searched = {
        "pages": 118,
        "roles": ["home", "services"],
        "languages": ["en", "ar"],
        "terms": ["budget", "annual accounts", "الميزانية"],
        "not_visited": {"robots": 1, "trap": 130},
    }
    return [
        _proposal("101", "passed", "The portal says how to reach the city.", (contact,), confidence=0.97),
        _proposal(
            "234",
            "passed",
            "A page named Privacy policy explains how data are used.",
            privacy,
            confidence=0.95,
        ),
        _proposal("235", "cantTell", "No page that looks like a budget was found.", (), searched=searched),
        _proposal("300", "failed", "Payment is only announced.", (against,), searched=searched),
        _proposal("301", "passed", "The connection is encrypted.", (contact,), confidence=None),
        NewFinding(test="302", outcome="untested", info={"message": "Only a person can find this out."}),
        NewFinding(test="rule:privacy-policy", outcome="passed", evidence=privacy),
    ]


def _proposal(
    test: str,
    outcome: str,
    message: str,
    evidence: tuple[NewEvidence, ...],
    *,
    confidence: float | None = None,
    searched: Mapping[str, Any] | None = None,
) -> NewFinding:
    info: dict[str, Any] = {"message": message, "reason": "test"}
    if searched:
        info["searched"] = searched
    return NewFinding(test=test, outcome=outcome, confidence=confidence, info=info, evidence=evidence)
