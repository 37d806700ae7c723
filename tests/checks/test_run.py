from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.page import Page
from checks.quote import contains_quote
from checks.results import results
from checks.rulebook import rules_text
from checks.run import run
from checks.why import why
from evidence_store import NewAnswer, Store
from tests.checks.city import PAGES, PORTAL, exchange, html, make_city

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with make_city(
        tmp_path_factory.mktemp("city"), skipped=[{"url": PORTAL + "x", "reason": "scope"}]
    ) as made:
        run(made, "r/example")
        yield made


def indicators(store: Store) -> dict[str, dict[str, Any]]:
    (city,) = results(store, "r")["cities"]
    return {one["code"]: one for one in city["indicators"]}


def test_it_works(store: Store) -> None:
    found = indicators(store)["234"]
    assert found["proposal"] == "passed"
    assert {one["url"] for one in found["evidence"]} == {PORTAL + "privacy"}


def test_the_document_has_the_form_of_the_contract(store: Store) -> None:
    document = results(store, "r", ["example"])
    assert (document["schema"], document["edition"]) == ("losi-results/1", "losi-2024")
    assert document["rules_digest"].startswith("sha256:")
    assert "not an official LOSI value" in document["disclaimer"]
    (city,) = document["cities"]
    assert (city["pages"], city["requests"], city["stopped"]) == (3, 3, "exhausted")
    assert city["skipped"] == [{"url": PORTAL + "x", "reason": "scope"}]
    assert len(city["indicators"]) == 95
    score = city["score"]
    assert (score["basis"], score["of"], score["value"], score["level"]) == ("proposals", 95, None, None)
    assert score["yes"] + score["no"] + score["open"] == 95
    assert json.loads(json.dumps(document)) == document


def test_every_proposal_says_what_stands_behind_it(store: Store) -> None:
    for found in indicators(store).values():
        assert found["message"], found["code"]
        assert found["reason"], found["code"]
        if found["proposal"] == "passed":
            assert any(one["stance"] == "for" and one["quote"] for one in found["evidence"])
        if found["proposal"] == "failed":
            assert found["searched"]["pages"] == 3
            assert found["searched"]["not_visited"] == {"scope": 1}
        if found["method"] == "person":
            assert found["proposal"] == "untested"


def test_every_quote_stands_literally_in_its_capture(store: Store) -> None:
    for found in indicators(store).values():
        for one in found["evidence"]:
            if one["stance"] == "for":
                capture = store.capture(one["capture"])
                assert contains_quote(Page(capture, store.read(capture)), one["quote"])
                assert one["url"] == capture.url
                assert one["digest"] == capture.digest


def test_a_failed_finding_cites_the_trail(store: Store) -> None:
    latest = store.latest_run("r/example")
    assert latest is not None
    assert latest.complete
    failed = [one for one in store.findings(latest.id) if one.outcome == "failed"]
    assert failed
    for finding in failed:
        cited = [store.capture(one.capture_id) for one in finding.evidence]
        (trail,) = [capture for capture in cited if capture.kind == "trail"]
        quote = next(one.exact for one in finding.evidence if one.capture_id == trail.record_id)
        assert quote in store.read(trail).body.decode()


def test_answers_take_the_place_of_proposals_in_the_score(tmp_path: Path) -> None:
    with make_city(tmp_path) as store:
        run(store, "r/example")
        store.answer("r/example", NewAnswer(test="234", outcome="failed", mode="manual"), "ann")
        (city,) = results(store, "r")["cities"]
        assert (city["score"]["basis"], city["score"]["no"], city["score"]["open"]) == ("answers", 1, 94)
        answered = next(one for one in city["indicators"] if one["code"] == "234")
        assert (answered["answer"]["by"], answered["answer"]["outcome"]) == ("ann", "failed")
        assert answered["proposal"] == "passed"


def test_why(store: Store) -> None:
    lines = "\n".join(why(store, "r", "example", "234"))
    assert "234: passed" in lines
    assert "rule:privacy-policy" in lines
    assert f"{PORTAL}privacy" in lines
    assert "never linked" in "\n".join(why(store, "r", "example", "234", "https://city.example/nowhere"))
    assert "skipped (scope)" in "\n".join(why(store, "r", "example", "234", PORTAL + "x"))
    seen = "\n".join(why(store, "r", "example", "234", PORTAL + "privacy"))
    assert "seen on 2026-11-23 09:00 UTC" in seen
    assert "privacy-policy: named title seen: “Privacy policy”" in seen


def test_the_same_archive_gives_the_same_findings(tmp_path: Path) -> None:
    """In two processes with different hash seeds, as two machines would."""
    make_city(tmp_path).close()
    code = (
        "import sys; from pathlib import Path; from evidence_store import Store; from checks.run import run\n"
        "with Store.open(Path(sys.argv[1])) as store:\n"
        "    run(store, 'r/example')\n"
        "    *_, last = store.captures('r/example', kind='findings')\n"
        "    sys.stdout.buffer.write(store.read(last).body)\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            check=True,
            capture_output=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("4711", "Asia/Tokyo"))
    ]
    assert said[0] == said[1]
    assert json.loads(said[0])["schema"] == "losi-findings/1"


def test_a_broken_rule_is_our_error_and_the_run_goes_on(tmp_path: Path) -> None:
    book = json.loads(rules_text())
    book["rules"]["privacy-policy"]["signals"]["named"]["kind"] = "no-such-kind"
    del book["rules"]["budget"]["signals"]
    with make_city(tmp_path, rules=json.dumps(book)) as store:
        report = run(store, "r/example")
        assert [line.split(":")[0] for line in report.faults] == ["rule budget", "rule privacy-policy"]
        found = indicators(store)
        assert (found["234"]["proposal"], found["234"]["reason"]) == ("cantTell", "our-error")
        assert (found["219"]["proposal"], found["219"]["reason"]) == ("cantTell", "our-error")
        assert found["214"]["proposal"] == "passed"


def test_a_damaged_capture_is_a_fault_and_the_run_goes_on(tmp_path: Path) -> None:
    with make_city(tmp_path) as store:
        capture = next(one for one in store.captures("r/example", kind="page") if one.url.endswith("contact"))
        path = store.folder / "archive" / capture.filename
        whole = bytearray(path.read_bytes())
        middle = capture.offset + capture.length // 2
        whole[middle : middle + 8] = b"\x00" * 8
        path.write_bytes(whole)
        report = run(store, "r/example")
        assert any("contact" in line for line in report.faults)
        assert indicators(store)["234"]["proposal"] == "passed"


def told(store: Store) -> list[tuple[object, ...]]:
    """Findings without the names of records and days, which are new in each store."""
    newest = store.latest_run("r/example")
    assert newest is not None
    return [
        (one.test, one.outcome, one.confidence, [(cited.exact, cited.stance) for cited in one.evidence])
        for one in store.findings(newest.id)
    ]


def test_a_body_that_is_stored_once_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        exchange(path, body) for path, body in [*PAGES.items(), *((f"copy-{p}", b) for p, b in PAGES.items())]
    ]
    with make_city(tmp_path / "once", pages) as once:
        assert sum(one.type == "revisit" for one in once.captures("r/example")) == len(PAGES)
        monkeypatch.setattr("evidence_store.warc.WORTH_NAMING", 1 << 30)
        with make_city(tmp_path / "twice", pages) as twice:
            assert {one.type for one in twice.captures("r/example", kind="page")} == {"response"}
            for store in (once, twice):
                assert run(store, "r/example").faults == []
            assert told(once) == told(twice)
            first, second = ({**results(store, "r")["cities"][0]} for store in (once, twice))
            assert [first[key] for key in ("pages", "requests", "score")] == [
                second[key] for key in ("pages", "requests", "score")
            ]


def test_a_redacted_page_proves_nothing(tmp_path: Path) -> None:
    with make_city(tmp_path) as store:
        (page,) = (one for one in store.captures("r/example", kind="page") if one.url.endswith("privacy"))
        run(store, "r/example")
        done = store.redact("r/example", page.record_id, by="Ana", reason="a private address")
        assert "234" in done.cited_by
        run(store, "r/example")
        assert indicators(store)["234"]["proposal"] != "passed"
        assert indicators(store)["214"]["proposal"] == "passed"


def test_a_portal_that_could_not_be_reached_is_open_not_failed(tmp_path: Path) -> None:
    with make_city(tmp_path, [], stopped="unreachable") as store:
        run(store, "r/example")
        assert {one["proposal"] for one in indicators(store).values()} == {"cantTell", "untested"}


def test_the_look_of_the_soft_404_proves_nothing(tmp_path: Path) -> None:
    body = PAGES["privacy"]
    pages = [
        exchange("", PAGES[""]),
        exchange("losi-probe", body, requested_by="probe:soft-404"),
        exchange("gone", body),
    ]
    with make_city(tmp_path, pages) as store:
        run(store, "r/example")
        assert indicators(store)["234"]["proposal"] == "failed"


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff" * 500, b"<a href='http://[x'>", b"%PDF-1.4 broken", b"<p>" * 3000]
)
def test_odd_pages_do_not_stop_a_run(tmp_path: Path, body: bytes) -> None:
    with make_city(
        tmp_path, [exchange("", PAGES[""]), exchange("odd", body), exchange("privacy", PAGES["privacy"])]
    ) as store:
        assert run(store, "r/example").faults == []
        assert indicators(store)["234"]["proposal"] == "passed"


def test_facts(store: Store) -> None:
    (city,) = results(store, "r")["cities"]
    said = city["facts"]["accessibility"]
    assert (said["lang"], said["viewport"], said["h1"]) == ("en", "width=device-width", 1)
    assert (said["fields"], said["fields_without_label"]) == (1, 1)


def test_html_is_a_helper_of_the_tests() -> None:
    assert b"<h1>x</h1>" in html("x", "")
