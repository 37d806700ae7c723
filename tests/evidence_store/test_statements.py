import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from evidence_store import (
    Capture,
    Exchange,
    Lease,
    LostLease,
    NewAnswer,
    NewEvidence,
    NewFinding,
    NotFound,
    Store,
)
from evidence_store.segment import Segment
from evidence_store.warc import sha256

Page = Callable[..., Exchange]


def told(store: Store, kind: str, assessment_id: str = "r/lima") -> list[dict[str, Any]]:
    return [json.loads(store.read(one).body) for one in store.captures(assessment_id, kind=kind)]


def answer(store: Store, **fields: Any) -> str:
    new = NewAnswer(**{"test": "1", "outcome": "failed", "mode": "manual", **fields})
    return store.answer("r/lima", new, "Ana").id


def test_it_works(store: Store) -> None:
    first = answer(store)
    taken_back = NewAnswer(test="1", outcome="untested", mode="manual")
    second = store.answer("r/lima", taken_back, "Ana", supersedes=first)
    store.journal_statements("r/lima")
    (document,) = told(store, "answers")
    assert [(one["id"], one["supersedes"]) for one in document["answers"]] == [
        (first, None),
        (second.id, first),
    ]
    assert document["answers"][0]["asserted_by"] == "Ana"
    assert told(store, "acts") == []
    assert [one["city"]["id"] for one in told(store, "assessment")] == ["lima"]


def test_what_is_said_already_is_not_said_again(store: Store) -> None:
    answer(store)
    store.journal_statements("r/lima")
    before = [one.record_id for one in store.captures("r/lima", kind=("answers", "acts", "assessment"))]
    store.journal_statements("r/lima")
    assert [
        one.record_id for one in store.captures("r/lima", kind=("answers", "acts", "assessment"))
    ] == before
    answer(store, test="2")
    store.journal_statements("r/lima")
    assert [len(one["answers"]) for one in told(store, "answers")] == [1, 2]


def test_a_lock_journals(store: Store) -> None:
    answer(store)
    act = store.act("r/lima", "lock", "Ana", "done")
    assert [one["id"] for one in told(store, "acts")[-1]["acts"]] == [act.id]
    assert len(told(store, "answers")) == 1
    store.act("r/lima", "reopen", "Ana")
    assert len(told(store, "acts")) == 1


def test_a_lock_stands_though_the_disk_is_full(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evidence_store.segment.os.write", full)
    act = store.act("r/lima", "lock", "Ana")
    monkeypatch.undo()
    assert store.acts("r/lima") == [act]
    store.journal_statements("r/lima")
    assert len(told(store, "acts")) == 1


def test_closing_a_round_says_so(store: Store) -> None:
    store.close_round("r", set())
    assert told(store, "assessment")[-1]["round"]["closed"] is not None


def test_texts_stand_in_the_folder_of_the_city(store: Store) -> None:
    store.journal_texts("r/lima")
    store.journal_texts("r/lima")
    texts = list(store.captures("r/lima", kind=("edition", "rules")))
    assert [(one.url, one.digest) for one in texts] == [
        ("urn:losi:edition:losi-2024", sha256("edition: É".encode())),
        ("urn:losi:rules:r", sha256(b"rules")),
    ]
    assert {one.filename.rpartition("/")[0] for one in texts} == {"r/lima"}


def test_a_text_is_read_from_any_copy(store: Store) -> None:
    store.journal_texts("r/lima")
    store.close()
    (path,) = (store.archive / "r").glob("journal-*")
    path.unlink()
    assert store.archived_text(sha256(b"rules")) == "rules"


def test_nobody_s_statements(store: Store) -> None:
    with pytest.raises(NotFound, match="assessment 'r/atlantis'"):
        store.journal_statements("r/atlantis")
    with pytest.raises(NotFound, match="assessment 'r/atlantis'"):
        store.journal_texts("r/atlantis")


def test_a_crawl_says_how_it_began_and_ended(store: Store, lease: Lease, page: Page) -> None:
    kept = store.record(lease, page()).result()
    store.finish(lease, stopped="settled", requests=1)
    first, last = store.captures("r/lima", kind="assessment")
    assert first.offset < kept.offset < last.offset
    assert {one.filename for one in (first, last)} == {lease.filename}
    (began,), (ended,) = (one["crawls"] for one in told(store, "assessment"))
    assert (began["state"], began["token"], began["closed"]) == ("claimed", 1, None)
    crawl = store.crawl(lease.crawl_id)
    assert (ended["state"], ended["stopped"], ended["requests"]) == ("closed", "settled", 1)
    assert ended["seconds"] == crawl.seconds


def test_who_lost_the_lease_says_nothing_more(store: Store, lease: Lease) -> None:
    store.close_round("r", set())
    with pytest.raises(LostLease):
        store.finish(lease, stopped="settled")
    assert [one["crawls"][0]["state"] for one in told(store, "assessment") if one["crawls"]][-1] != "closed"


def test_cities_added_later_are_told(store: Store) -> None:
    with store.reading() as session:
        rounds = list(session.scalars(select(Capture).where(Capture.url == "urn:losi:assessment:r")))
    assert [one["id"] for one in json.loads(store.read(rounds[-1]).body)["cities"]] == ["lima", "porto"]


def test_findings_are_archived_before_their_rows(store: Store, lease: Lease, page: Page) -> None:
    seen = store.record(lease, page()).result()
    cited = (NewEvidence(capture_id=seen.record_id, exact="Olá"),)
    findings = [
        NewFinding(test="1", outcome="passed", evidence=cited),
        NewFinding(test="2", outcome="cantTell"),
    ]
    said: dict[str, Any] = {
        "rules_digest": "r",
        "software": "s",
        "through": seen.record_id,
        "complete": False,
    }
    run = store.save_run("r/lima", **said, findings=findings, document=b"{}")
    (record,) = store.captures("r/lima", kind="findings")
    assert record.url == f"urn:losi:findings:r/lima/{run.id}"
    assert run.date == record.timestamp
    assert [one.id for one in store.findings(run.id)] == [f"{run.id}-0000", f"{run.id}-0001"]


def test_findings_that_cannot_stand_are_not_archived(store: Store) -> None:
    cited = (NewEvidence(capture_id="urn:uuid:none"),)
    said: dict[str, Any] = {"rules_digest": "r", "software": "s", "through": "", "complete": False}
    findings = [NewFinding(test="1", outcome="passed", evidence=cited)]
    with pytest.raises(NotFound, match="evidence cites what is stored"):
        store.save_run("r/lima", **said, findings=findings, document=b"{}")
    assert list(store.captures("r/lima", kind="findings")) == []


def test_a_segment_that_cannot_be_told_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is no lease, and the crawl can be claimed again."""
    crawl = store.plan_crawl("r/lima", budget=1)
    monkeypatch.setattr(store, "_tell_crawl", lambda lease: (_ for _ in ()).throw(KeyError("x")))
    with pytest.raises(KeyError):
        store.claim(crawl.id, worker="one")
    monkeypatch.undo()
    assert isinstance(store._segments, dict)
    assert not any(isinstance(one, Segment) for one in store._segments.values())
    assert store.claim(crawl.id, worker="two").token == 2
