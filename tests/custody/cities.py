"""Bundles of small but complete assessments, made through the product as its verbs do."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import checks
from checks.edition import edition_text
from checks.rulebook import rules_text
from evidence_store import City, Exchange, NewAnswer, NewEvidence, Signer, Store
from evidence_store.wacz import write_wacz
from tests.authority import Authority
from tests.checks.city import PAGES, PORTAL, TIME, exchange, html, trail

MADE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
AUTHORITY = "http://stamps.example/"
SKIPPED = ({"url": PORTAL + "intern", "reason": "robots", "found_on": PORTAL, "text": "Staff"},)
QUOTE = "the right to lodge a complaint"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
# (round, city): the first is what is attacked, the others are where a cheat finds sealed things to put in.
WHOLE, TWIN, LATER = ("r", "example"), ("r", "twin"), ("q", "example")


@dataclass(frozen=True)
class Bundles:
    """`key` is the first one, which names its successor; `whole` is the bundle that is attacked."""

    folder: Path
    key: str
    fingerprint: str

    @property
    def whole(self) -> Path:
        return self.folder / "whole.wacz"

    @property
    def clean(self) -> list[Path]:
        """All of the same key."""
        return sorted(set(self.folder.glob("*.wacz")) - {self.unsealed})

    @property
    def unsealed(self) -> Path:
        return self.folder / "unsealed.wacz"


def make_bundles(folder: Path) -> Bundles:
    """`whole.wacz` with all there can be, others beside it: `twin`, `later` (splices), `plain`, `unsealed` …"""
    signer = Signer.open(folder / "keys")
    key = signer.key
    with Store.open(folder / "workspace") as store:
        _first_bundles(store, folder, signer)
        signer = signer.rotate("a year has passed")
        _redact(store)
        bundle(store, WHOLE, folder / "rotated.wacz", signer)
        _more_answers(store)
        bundle(store, WHOLE, folder / "answered.wacz", signer)
        _stamp(store, folder)
        fingerprint = store.fingerprint(WHOLE[0]).digest
        bundle(store, WHOLE, folder / "whole.wacz", signer)
        shutil.copytree(folder / "keys", folder / "insider")
        signer.revoke("the machine was stolen")
        signer = signer.rotate("after the theft")
        store.admit(signer)
        bundle(store, WHOLE, folder / "revoked.wacz", signer)
        shutil.copytree(folder / "keys", folder / "insider", dirs_exist_ok=True)
    return Bundles(folder, key, fingerprint)


def _first_bundles(store: Store, folder: Path, signer: Signer) -> None:
    _rounds(store)
    for of in (WHOLE, TWIN, LATER):
        _crawl(store, of)
        checks.run(store, "/".join(of))
    bundle(store, WHOLE, folder / "unsealed.wacz", None)
    store.seal("/".join(WHOLE), signer)
    _answers(store)
    for name, of in (("plain", WHOLE), ("twin", TWIN), ("later", LATER)):
        bundle(store, of, folder / f"{name}.wacz", signer)


def bundle(store: Store, of: tuple[str, str], path: Path, signer: Signer | None) -> Path:
    document = checks.results(store, of[0], [of[1]])
    results = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return write_wacz(store, "/".join(of), path, signer=signer, results=results, made=MADE)


def _rounds(store: Store) -> None:
    store.add_cities(
        City(id=name, name=name.title(), country="DEU", languages=["en"], portal_url=PORTAL)
        for name in ("example", "twin")
    )
    texts = {"edition_text": edition_text("losi-2024"), "rules_text": rules_text()}
    for round_id, cities in (("r", ["example", "twin"]), ("q", ["example"])):
        store.open_round(round_id, edition="losi-2024", city_ids=cities, **texts)


def _crawl(store: Store, of: tuple[str, str]) -> None:
    crawl = store.plan_crawl("/".join(of), budget=400)
    lease = store.claim(crawl.id, worker="test")
    seen = [exchange(path, body) for path, body in PAGES.items()]
    seen += [
        exchange("same/1", html("Notice", "<p>The office is closed today.</p>")),
        exchange("same/2", html("Notice", "<p>The office is closed today.</p>")),
        exchange("person", html("Staff", f"<p>Jane Doe of {of[1]}, 4 Elm Street</p>")),
        exchange("gone", html("None", "<p>There is no such page.</p>"), status=404),
        Exchange(
            url=PORTAL + "fees.pdf", kind="document", requested_by="spider", time=TIME, status=200, reason="OK",
            headers=(("Content-Type", "application/pdf"), ("Content-Length", str(len(PDF)))), body=PDF,
        ),
        Exchange(
            url=PORTAL + "down", type="metadata", kind="page", requested_by="spider", time=TIME, error="timeout"
        ),
    ]  # fmt: skip
    kept = [store.record(lease, one).result() for one in seen]
    store.record(
        lease,
        Exchange(
            url=f"urn:view:{PORTAL}", type="resource", kind="screenshot", mime="image/png", body=PNG,
            requested_by="browser", time=TIME, refers_to=kept[0].record_id,
        ),
    ).result()  # fmt: skip
    store.record(lease, trail(crawl.id, len(seen), "exhausted", SKIPPED)).result()
    store.finish(lease, stopped="exhausted", requests=len(seen))


def _answers(store: Store) -> None:
    of = "/".join(WHOLE)
    privacy = next(one for one in store.captures(of) if one.url.endswith("/privacy"))
    quote = NewEvidence(capture_id=privacy.record_id, exact=QUOTE)
    for test, outcome, person in (("41", "passed", "Ana"), ("42", "passed", "Ana"), ("41", "failed", "Ben")):
        evidence = (quote,) if outcome == "passed" else ()
        new = NewAnswer(test=_code(store, test), outcome=outcome, mode="manual", evidence=evidence)
        store.answer(of, new, person)


def _more_answers(store: Store) -> None:
    """Ana takes one back; both lock."""
    of = "/".join(WHOLE)
    first = next(one for one in store.answers(of, viewer=None) if one.asserted_by == "Ana")
    new = NewAnswer(test=first.test, outcome="failed", mode="manual", info={"note": "it was last year's"})
    store.answer(of, new, "Ana", supersedes=first.id)
    for person in ("Ana", "Ben"):
        store.act(of, "lock", person)
    store.act(of, "reopen", "Ben", "a typing error")


def _code(store: Store, number: str) -> str:
    """The code of one of the edition's indicators."""
    run = store.latest_run("/".join(WHOLE))
    assert run is not None
    codes = [one.test for one in store.findings(run.id) if not one.test.startswith("rule:")]
    return codes[int(number)]


def _redact(store: Store) -> None:
    of = "/".join(WHOLE)
    person = next(one for one in store.captures(of) if one.url.endswith("/person"))
    store.redact(of, person.record_id, by="Ana", reason="a private address")


def _stamp(store: Store, folder: Path) -> None:
    """By an authority of our own, where openssl is on the machine."""
    if shutil.which("openssl") is None:
        return
    (folder / "authority").mkdir()
    authority = Authority(folder / "authority")
    for due in store.due("/".join(WHOLE), [AUTHORITY]):
        store.keep_timestamp(due, authority.reply(due.query.der))
