"""The database is gone, or older than the archive: what it knew comes back from the files."""

import gzip
import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from evidence_store import Capture, Exchange, Lease, NewAnswer, NewEvidence, NewFinding, Store, documents
from evidence_store.models import (
    Act,
    Answer,
    Assessment,
    Base,
    City,
    Crawl,
    Evidence,
    Finding,
    Round,
    Run,
    table_of,
)
from evidence_store.warc import sha256

Page = Callable[..., Exchange]
OF_A_MOMENT = {"capture": {"id"}, "evidence": {"id"}, "crawl": {"lease_until", "process"}}


def rows(store: Store, table: type[Base]) -> list[dict[str, Any]]:
    """As plain values, without what is only a counter or of the moment."""
    without = OF_A_MOMENT.get(table.__tablename__, set())
    names = [column.name for column in table_of(table).columns if column.name not in without]
    with store.reading() as session:
        found = [{name: getattr(one, name) for name in names} for one in session.scalars(select(table))]
    return sorted(found, key=repr)


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    tables = (City, Round, Assessment, Crawl, Capture, Run, Finding, Evidence, Answer, Act)
    return {table.__tablename__: rows(store, table) for table in tables}


def fill(store: Store, page: Page) -> None:
    """A finished crawl, a run, a confirmed answer, a taken-back one, a lock."""
    lease = store.claim(store.plan_crawl("r/lima", budget=9).id, worker="test")
    seen = store.record(lease, page()).result()
    store.record(lease, page("/logo", kind="asset", headers=(("Content-Type", "image/png"),))).result()
    failed = page("/gone", type="metadata", status=None, error="timeout", error_detail="late")
    store.record(lease, failed).result()
    store.finish(lease, stopped="settled", requests=3)
    cited = (NewEvidence(capture_id=seen.record_id, exact="Olá", rule="x", language="pt"),)
    run = save(store, seen, cited)
    finding = store.findings(run.id)[0]
    new = NewAnswer(test="1", outcome="passed", mode="semiAuto", finding_id=finding.id, evidence=cited)
    first = store.answer("r/lima", new, "Ana")
    store.answer("r/lima", NewAnswer(test="1", outcome="failed", mode="manual"), "Ana", supersedes=first.id)
    store.act("r/lima", "lock", "Ana", "done")


def save(store: Store, seen: Capture, cited: tuple[NewEvidence, ...]) -> Run:
    findings = [
        NewFinding(test="1", outcome="passed", confidence=0.9, info={"reason": "words"}, evidence=cited),
        NewFinding(test="2", outcome="cantTell"),
    ]
    said = {"rules_digest": sha256(b"rules"), "software": "losi", "through": seen.record_id, "complete": True}
    return store.save_run("r/lima", **said, findings=findings, document=document(findings, said))  # type: ignore[arg-type]


def document(findings: list[NewFinding], said: dict[str, Any]) -> bytes:

    names = {"capture": "capture_id", "quote": "exact"}
    keys = ("capture", "stance", "quote", "prefix", "suffix", "selector", "rule", "language")
    told = [
        {
            "test": one.test,
            "outcome": one.outcome,
            "mode": one.mode,
            "confidence": one.confidence,
            "info": one.info,
            "evidence": [{key: getattr(e, names.get(key, key)) for key in keys} for e in one.evidence],
        }
        for one in findings
    ]
    edition = sha256("edition: É".encode())
    whole = {"schema": "losi-findings/1", "edition_digest": edition, **said, "findings": told}
    return json.dumps(whole).encode()


@pytest.fixture
def anew(store: Store, tmp_path: Path) -> Callable[[], Store]:
    """The same archive under a database that is new."""
    opened: list[Store] = []

    def open_anew() -> Store:
        store.close()
        folder = tmp_path / f"anew{len(opened)}"
        shutil.copytree(store.archive, folder / "archive")
        opened.append(Store.open(folder))
        return opened[-1]

    return open_anew


def test_it_works(store: Store, page: Page, anew: Callable[[], Store]) -> None:
    fill(store, page)
    before = everything(store)
    with anew() as new:
        report = new.reindex()
        assert (report.faults, report.notes, report.written) == ([], [], [])
        assert everything(new) == before
        assert report.made["capture"] == len(before["capture"])
        again = new.reindex()
        assert (+again.made, again.moved, again.faults) == ({}, [], [])
        assert everything(new) == before


def test_a_crawl_cut_short_goes_on(store: Store, page: Page, lease: Lease, anew: Callable[[], Store]) -> None:
    store.record(lease, page("/a")).result()
    with anew() as new:
        report = new.reindex()
        assert report.faults == []
        (crawl,) = new.crawls("r/lima")
        assert (crawl.state, crawl.token, crawl.budget) == ("waiting", 1, 10)
        again = new.claim(crawl.id, worker="heir")
        assert again.token == 2
        assert [one.url for one in new.captures("r/lima")] == ["http://lima.test/a"]


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # a server's operators have copies of their own
def test_a_database_older_than_the_archive(store: Store, page: Page, tmp_path: Path) -> None:
    crawl = store.plan_crawl("r/lima", budget=9)
    lease = store.claim(crawl.id, worker="test")
    store.record(lease, page("/a")).result()
    now, old = (sqlite3.connect(path) for path in (store.folder / "losi.sqlite", tmp_path / "old.sqlite"))
    with closing(now), closing(old):
        now.backup(old)
    store.record(lease, page("/b")).result()
    store.finish(lease, stopped="settled", requests=2)
    before = everything(store)
    store.close()
    folder = tmp_path / "older"
    shutil.copytree(store.archive, folder / "archive")
    shutil.copy(tmp_path / "old.sqlite", folder / "losi.sqlite")
    with Store.open(folder) as older:
        with older.writing() as session:
            session.get_one(Crawl, crawl.id).lease_until = lease.until.replace(year=2020)
        report = older.reindex()
        assert report.made["capture"] == 2  # the second page, and what the crawl said at its end
        assert report.moved == [f"crawl {crawl.id}: claimed → closed (settled)"]
        assert everything(older)["capture"] == before["capture"]
        assert everything(older)["crawl"] == before["crawl"]


def test_what_is_being_written_is_passed_over(store: Store, lease: Lease, page: Page) -> None:
    store.record(lease, page()).result()
    report = store.reindex("r/lima")
    assert report.written == [lease.filename]
    assert (report.faults, +report.made) == ([], {})


def test_a_torn_tail_is_no_fault(store: Store, page: Page, anew: Callable[[], Store]) -> None:
    fill(store, page)
    path = segment_of(store)
    store.close()
    with path.open("ab") as file:
        file.write(path.read_bytes()[:100])
    with anew() as new:
        report = new.reindex()
        assert report.faults == []
        (note,) = report.notes
        assert "100 bytes of a record that was never finished" in note


def test_what_stands_behind_damage_is_found(store: Store, page: Page) -> None:
    fill(store, page)
    damaged = next(one for one in store.captures("r/lima", kind="page") if one.error is None)
    path = store.archive / damaged.filename
    data = bytearray(path.read_bytes())
    data[damaged.offset + damaged.length // 2] ^= 255
    path.write_bytes(data)
    before = everything(store)
    report = store.reindex()
    assert any(
        f"offset {damaged.offset}: {damaged.length} bytes cannot be read" in one for one in report.faults
    )
    assert any(damaged.url in one and "not in the archive" in one for one in report.faults)
    assert len(report.faults) == 2
    assert everything(store) == before


def test_another_byte_in_a_record_that_still_inflates(store: Store, page: Page) -> None:
    """Whoever packs a record anew cannot do so with the digest it has."""
    fill(store, page)
    capture = next(one for one in store.captures("r/lima", kind="page") if one.error is None)
    path = store.archive / capture.filename
    data = path.read_bytes()
    whole = zlib.decompress(data[capture.offset : capture.offset + capture.length], 31)
    other = gzip.compress(whole.replace(b"<p>", b"<b>"))
    path.write_bytes(data[: capture.offset] + other + data[capture.offset + capture.length :])
    report = store.reindex()
    assert any("(block digest)" in one for one in report.faults)


def test_a_file_that_is_gone(store: Store, page: Page) -> None:
    fill(store, page)
    path = segment_of(store)
    before = everything(store)
    path.unlink()
    (fault,) = store.reindex().faults
    assert "5 records of it are in the database, the file is gone; restore the file from a copy" in fault
    assert everything(store) == before


def test_what_is_nobody_s_is_left_alone(store: Store, tmp_path: Path) -> None:
    store.close()
    (store.archive / "r" / "Lima!").mkdir()
    (store.archive / "r" / "Lima!" / "x.warc.gz").write_bytes(b"")
    (store.archive / "r" / "porto").mkdir(exist_ok=True)
    (store.archive / "r" / "porto" / "1-1.warc.gz").symlink_to("/etc/hostname")
    (store.archive / "r" / "faro").mkdir()
    (store.archive / "r" / "faro" / "abc-1.warc.gz").write_bytes(b"not a record")
    faults = store.reindex().faults
    assert [one.rpartition(": ")[2] for one in faults[:2]] == ["no segment of ours; it is left alone"] * 2
    assert "no record says of which city" in faults[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"city": {"id": "porto"}},
        {"city": None},
        {"round": {"id": "other"}},
        {"round": "r"},
        {"crawls": [{"id": "../x"}]},
        {"crawls": {}},
        {"schema": "losi-assessment/9"},
    ],
)
def test_what_a_stranger_says_is_checked(
    store: Store, anew: Callable[[], Store], change: dict[str, Any]
) -> None:
    said = {"schema": "losi-assessment/1", "city": {"id": "lima"}, "round": {"id": "r"}, "crawls": []}
    store.journal(
        "r/lima", "assessment", "urn:losi:assessment:r/lima", json.dumps({**said, **change}).encode()
    )
    with anew() as new:
        report = new.reindex()
        assert report.faults
        assert [one["id"] for one in everything(new)["city"]] == ["lima", "porto"]
        assert everything(new)["crawl"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "automatic"},
        {"outcome": "yes"},
        {"asserted_by": " "},
        {"date": "today"},
        {"id": 7},
        {"info": []},
    ],
)
def test_an_answer_that_nobody_can_have_given(store: Store, change: dict[str, Any]) -> None:
    answer = {
        "id": "a1", "test": "1", "outcome": "passed", "mode": "manual", "asserted_by": "Ana", "info": {},
        "date": "2026-11-23T09:00:00+00:00", "role": "assessor", "advice": "before", "evidence": [],
    }  # fmt: skip
    for id_, said in (("a0", {}), ("a1", change)):
        told = {"schema": "losi-answers/1", "answers": [{**answer, "id": id_, "test": id_, **said}]}
        store.journal("r/lima", "answers", "urn:losi:answers:r/lima", json.dumps(told).encode())
    store.close_journal("r/lima")
    report = store.reindex("r/lima")
    assert len(report.faults) == 1
    assert [one.id for one in store.answers("r/lima", viewer=None)] == ["a0"]


def test_nobody_s_answer_is_overwritten(store: Store) -> None:
    mine = store.answer("r/lima", NewAnswer(test="1", outcome="failed", mode="manual"), "Ana")
    told = json.loads(documents.of_answers([mine]))
    first, second = ({**told["answers"][0], "id": name, "outcome": "passed"} for name in ("b1", "b2"))
    told["answers"] = [first, {**second, "supersedes": "b1"}]
    store.journal("r/lima", "answers", "urn:losi:answers:r/lima", json.dumps(told).encode())
    store.close_journal("r/lima")
    report = store.reindex("r/lima")
    assert len(report.notes) == 2
    assert store.answers("r/lima", viewer=None) == [mine]


def test_findings_of_before_are_not_made_twice(store: Store, page: Page, anew: Callable[[], Store]) -> None:
    """Until 0.2 the record's address did not name the run, and its rows had other ids."""
    fill(store, page)
    run = store.latest_run("r/lima")
    assert run is not None
    body = document([], {"rules_digest": run.rules_digest, "software": "losi", "through": run.through})
    store.journal("r/lima", "findings", "urn:losi:findings:r/lima", body)
    store.close_journal("r/lima")
    assert +store.reindex("r/lima").made == {}
    other = document([], {"rules_digest": "sha256:o", "software": "losi", "through": run.through})
    store.journal("r/lima", "findings", "urn:losi:findings:r/lima", other)
    with anew() as new:
        new.reindex()
        made = [one["rules_digest"] for one in everything(new)["run"]]
        assert sorted(made) == sorted(["sha256:o", run.rules_digest])


def segment_of(store: Store) -> Path:
    return store.archive / next(store.captures("r/lima", kind="page")).filename
