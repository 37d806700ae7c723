"""The rules again: the same bytes, the same findings, whatever was archived since and whoever asks."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from checks.edition import edition_text
from checks.errors import BadData
from checks.replay import newest_recorded, recheck
from checks.rulebook import load_rulebook, parse_rulebook, rules_text
from checks.run import run
from evidence_store import Capture, City, DigestMismatch, Exchange, NotFound, Store
from tests.checks.city import PAGES, PORTAL, TIME, exchange, html, make_city

ROOT = Path(__file__).resolve().parents[2]
OF = "r/example"
REPLAY = (
    "import sys; from pathlib import Path; from checks.replay import recheck; from evidence_store import Store\n"
    "with Store.open(Path(sys.argv[1])) as store:\n"
    "    for one in store.assessments(sys.argv[2]):\n"
    "        found = recheck(store, one.id)\n"
    "        assert found.same, [str(each) for each in found.differences]\n"
    "        sys.stdout.buffer.write(found.findings)\n"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_city(tmp_path, skipped=[{"url": PORTAL + "x", "reason": "scope"}]) as made:
        run(made, OF)
        yield made


def say(store: Store, change: Callable[[dict[str, Any]], None]) -> None:
    """Other findings than those recorded, recorded after them."""
    said = json.loads(json.dumps(newest_recorded(store, OF).said))
    change(said)
    store.journal(OF, "findings", f"urn:losi:findings:{OF}/later", json.dumps(said).encode())


def finding(said: dict[str, Any], test: str) -> dict[str, Any]:
    return next(one for one in said["findings"] if one["test"] == test)


def crawl_a_page(store: Store, purpose: str, exchanges: list[Exchange]) -> None:
    crawl = store.plan_crawl(OF, budget=5, purpose=purpose, url=exchanges[0].url, again=True)
    lease = store.claim(crawl.id, worker="test")
    for one in exchanges:
        store.record(lease, one).result()
    store.finish(lease, stopped="exhausted", requests=len(exchanges))


def test_it_works(store: Store) -> None:
    found = recheck(store, OF)
    assert (found.same, found.differences, found.faults) == (True, (), ())
    assert found.count == len(json.loads(found.findings)) == 182
    assert not found.other_software
    assert found.record_id == next(iter(store.captures(OF, kind="findings"))).record_id
    assert found.changes == ()


@pytest.mark.parametrize("purpose", ["person", "recrawl"])
def test_what_was_archived_since_changes_nothing(store: Store, purpose: str) -> None:
    before = recheck(store, OF)
    budget = html(
        "Budget 2026", "<h2>Budget</h2><p>The budget of the city.</p><a href='/b.pdf'>Budget 2026 (PDF)</a>"
    )
    crawl_a_page(store, purpose, [exchange("budget", budget), exchange("budget2", budget)])
    after = recheck(store, OF)
    assert after.same
    assert after.findings == before.findings


def test_a_page_in_an_earlier_crawl_that_was_captured_later(tmp_path: Path) -> None:
    """Its file stands before others that were read: order of the archive is not order of time."""
    with make_city(tmp_path) as store:
        first = store.plan_crawl(OF, budget=1, purpose="person", url=PORTAL + "late", again=True)
        crawl_a_page(store, "person", [exchange("soon", PAGES["contact"])])
        run(store, OF)
        read = newest_recorded(store, OF).basis
        assert read is not None
        assert len(read.read) == 2
        before = recheck(store, OF)
        lease = store.claim(first.id, worker="test")
        store.record(lease, exchange("late", html("News", "<p>News of the city.</p>"))).result()
        store.finish(lease, stopped="exhausted", requests=1)
        assert first.id < max(one.id for one in store.crawls(OF))
        assert recheck(store, OF).findings == before.findings
        assert recheck(store, OF).same


def test_a_city_that_was_corrected_since(store: Store) -> None:
    store.add_cities(
        [City(id="example", name="Other", country="PRT", languages=["pt"], portal_url="https://x.example/")]
    )
    assert recheck(store, OF).same


def test_a_forged_proposal(store: Store) -> None:
    def forge(said: dict[str, Any]) -> None:
        finding(said, "219").update(outcome="passed", confidence=0.9)

    say(store, forge)
    found = recheck(store, OF)
    assert not found.same
    (one,) = found.differences
    assert (one.test, one.was, one.now) == ("219", "passed", "failed")
    assert "219: recorded “yes”, now “no”" in str(one)
    assert "its rules say what was recorded" in str(one)


def test_a_forged_rule_and_its_proposal(store: Store) -> None:
    def forge(said: dict[str, Any]) -> None:
        for test in ("234", "rule:privacy-policy"):
            finding(said, test).update(outcome="cantTell", confidence=None, evidence=[])

    say(store, forge)
    found = recheck(store, OF)
    assert [one.test for one in found.differences] == ["234", "rule:privacy-policy"]
    line = str(found.differences[0])
    assert line.startswith("234: recorded “cannot tell”, now “yes”; ")
    assert "because rule privacy-policy said “cannot tell” and says “yes”: " in line
    assert "https://city.example/privacy was not recorded" in line


@pytest.mark.parametrize(
    ("field", "words"),
    [("quote", "is not among those found"), ("selector", "selector of the quote"), ("prefix", "prefix of the quote"),
     ("stance", "is not among those found")],
)  # fmt: skip
def test_a_forged_quote(store: Store, field: str, words: str) -> None:
    say(store, lambda said: finding(said, "234")["evidence"][0].update({field: "forged"}))
    (one,) = recheck(store, OF).differences
    assert (one.was, one.now) == ("passed", "passed")
    assert words in str(one)


@pytest.mark.parametrize(("field", "value"), [("confidence", 0.99), ("mode", "manual")])
def test_a_forged_value(store: Store, field: str, value: object) -> None:
    say(store, lambda said: finding(said, "234").update({field: value}))
    assert f"{field} recorded “{value}”, now " in str(recheck(store, OF).differences[0])


def test_a_forged_sentence(store: Store) -> None:
    say(store, lambda said: finding(said, "234")["info"].update(message="All is well."))
    assert "message recorded “All is well.”, now “" in str(recheck(store, OF).differences[0])


def test_a_finding_left_out_and_one_added(store: Store) -> None:
    def forge(said: dict[str, Any]) -> None:
        said["findings"] = [one for one in said["findings"] if one["test"] != "234"]
        said["findings"].append({**finding(said, "219"), "test": "999"})

    say(store, forge)
    lines = [str(one) for one in recheck(store, OF).differences]
    assert [line.partition(";")[0] for line in lines] == [
        "234: recorded “not asked”, now “yes”",
        "999: recorded “no”, now “not asked”",
    ]


def test_other_software_is_named(store: Store) -> None:
    say(store, lambda said: said.update(software="losi 0.0.1"))
    found = recheck(store, OF)
    assert found.same
    assert found.other_software
    assert (found.recorded_by, found.replayed_by[:5]) == ("losi 0.0.1", "losi ")


def test_a_text_that_is_missing(store: Store) -> None:
    say(store, lambda said: said.update(rules_digest="sha256:" + "0" * 64))
    with pytest.raises(NotFound, match=r"no rules text 'sha256:000.*get a whole copy"):
        recheck(store, OF)


def test_a_text_that_is_not_what_its_digest_says(store: Store) -> None:
    text = _edition_text(store)
    path = store.folder / "archive" / text.filename
    whole = bytearray(path.read_bytes())
    whole[text.offset + text.length // 2] ^= 1
    path.write_bytes(whole)
    with pytest.raises(DigestMismatch, match=text.record_id):
        recheck(store, OF)


def _edition_text(store: Store) -> Capture:
    with store.reading() as session:
        return session.scalars(select(Capture).where(Capture.kind == "edition")).one()


def test_nothing_recorded(tmp_path: Path) -> None:
    with make_city(tmp_path) as store, pytest.raises(NotFound, match="run `losi check` first"):
        recheck(store, OF)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"schema":"losi-findings/2"}', b'{"schema":"losi-findings/1","findings":[{"test":1}]}',
     b"[" * 100_000],
)  # fmt: skip
def test_a_record_that_is_no_findings(store: Store, body: bytes) -> None:
    store.journal(OF, "findings", f"urn:losi:findings:{OF}/odd", body)
    with pytest.raises(BadData, match="expected losi-findings/1"):
        recheck(store, OF)


def test_a_basis_whose_captures_are_gone(store: Store) -> None:
    def forge(said: dict[str, Any]) -> None:
        (segment,) = said["basis"]["read"]
        said["basis"]["read"][segment] = "urn:uuid:gone"

    say(store, forge)
    with pytest.raises(BadData, match="was read up to urn:uuid:gone, which is not there"):
        recheck(store, OF)


def test_rules_of_today(tmp_path: Path) -> None:
    """An old round had another rule and another word; today's say yes."""
    book = json.loads(rules_text())
    rule = book["rules"]["privacy-policy"]
    rule["version"], rule["where"] = "0", "home"
    with make_city(tmp_path, rules=json.dumps(book)) as store:
        run(store, OF)
        assert recheck(store, OF).same
        found = recheck(store, OF, current=True)
    (one,) = found.changes
    assert (one.test, one.was, one.now) == ("234", "failed", "passed")
    version = load_rulebook().data["rules"]["privacy-policy"]["version"]
    assert f"rule privacy-policy (version {version}, was 0) says “yes”: " in str(one)
    assert ("Privacy policy", PORTAL + "privacy") in one.quotes
    assert found.score_now is not None
    assert (found.score_now.yes, found.score_now.no) == (found.score_then.yes + 1, found.score_then.no - 1)
    assert found.rules_digest == load_rulebook().digest


def test_an_edition_of_today_that_asks_more(tmp_path: Path) -> None:
    fewer = edition_text("losi-2024").replace("rules: [privacy-policy]", "rules: [budget]")
    assert fewer != edition_text("losi-2024")
    with make_city(tmp_path, edition=fewer) as store:
        run(store, OF)
        found = recheck(store, OF, current=True)
    assert [(one.test, one.was, one.now) for one in found.changes] == [("234", "failed", "passed")]


def test_archived_rules_are_read_as_the_packages_own() -> None:
    """In the same order: findings show it."""
    own = load_rulebook()
    assert json.dumps(parse_rulebook(own.text).data) == json.dumps(own.data)


def test_what_was_taken_out_is_not_held_against_anyone(store: Store) -> None:
    cited = finding(dict(newest_recorded(store, OF).said), "234")["evidence"][0]["capture"]
    store.redact(OF, cited, by="ann", reason="a name")
    found = recheck(store, OF)
    assert found.redacted == (cited,)
    assert found.same
    assert "234: cannot be checked any more, what it cites was taken out" in map(str, found.differences)
    assert found.faults == ()


def test_a_home_page_that_was_taken_out_had_been_looked_at(store: Store) -> None:
    (home,) = (one for one in store.captures(OF, kind="page") if one.url == PORTAL)
    store.redact(OF, home.record_id, by="ann", reason="a name")
    found = recheck(store, OF)
    assert found.same, [str(one) for one in found.differences if not one.redacted]
    assert len(found.differences) < 10


def test_a_forgery_is_not_excused_by_what_was_taken_out(store: Store) -> None:
    (home,) = (one for one in store.captures(OF, kind="page") if one.url == PORTAL)
    store.redact(OF, home.record_id, by="ann", reason="a name")
    say(store, lambda said: finding(said, "219").update(outcome="passed", confidence=0.9))
    assert [one.test for one in recheck(store, OF).differences if not one.redacted] == ["219"]


def replayed(folder: Path, round_id: str, seed: int, zone: str, locale: str) -> bytes:
    named = _another_locale() if locale == "other" else locale
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "TZ": zone, "LC_ALL": named, "LANG": named}
    environment |= {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", REPLAY, str(folder), round_id]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout


@lru_cache
def _another_locale() -> str:
    """A language's own, where the machine has one."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    return next((one for one in known if not one.startswith(("C", "POSIX"))), "C.UTF-8")


COMBINATIONS = list(itertools.product(range(3), ("UTC", "Pacific/Kiritimati"), ("C", "other")))


def test_identical_everywhere(tmp_path: Path) -> None:
    """A page seen shortly before midnight, UTC, is of that day in every zone."""
    days = ((24, "Fair"), (25, "Run"), (26, "Open day"))
    listed = "".join(f"<li>{day} November 2026 <a href=/{day}>{name}</a></li>" for day, name in days)
    events = replace(
        exchange("events", html("Events", f"<ul>{listed}</ul>")), time=TIME.replace(hour=23, minute=59)
    )
    with make_city(tmp_path, [*(exchange(path, body) for path, body in PAGES.items()), events]) as store:
        run(store, OF)
    chosen = random.Random(7).sample(COMBINATIONS, 4)
    said = {replayed(tmp_path, "r", 100 + 7 * n, *where[1:]) for n, where in enumerate(chosen)}
    assert len(said) == 1


@pytest.mark.soak
def test_identical_everywhere_on_the_demo(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "losi", "--workspace", str(tmp_path), "demo", "--no-review"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    chance = random.SystemRandom()
    said = {replayed(tmp_path, "demo", chance.randrange(2**32), *where[1:]) for where in COMBINATIONS}
    assert len(said) == 1
