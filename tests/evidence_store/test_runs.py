from dataclasses import replace
from typing import Any

import pytest

from evidence_store import Capture, NewEvidence, NewFinding, NotFound, Store, Unsupported

RUN: dict[str, Any] = {"rules_digest": "sha256:r", "software": "losi/0.1.0", "through": "x", "complete": True}


@pytest.fixture
def cited(store: Store) -> Capture:
    return store.journal("r/lima", "page", "urn:losi:page:1", b"text")


def finding(cited: Capture, **change: Any) -> NewFinding:
    evidence = (NewEvidence(capture_id=cited.record_id, exact="text", stance="for", language="pt"),)
    return replace(NewFinding(test="234", outcome="passed", confidence=0.9, evidence=evidence), **change)


def test_it_works(store: Store, cited: Capture) -> None:
    assert store.latest_run("r/lima") is None
    given = [finding(cited, test=test, info={"message": test}) for test in ("rule:b", "rule:a", "234")]
    run = store.save_run("r/lima", **RUN, findings=given)
    assert store.latest_run("r/lima") == run
    stored = store.findings(run.id)
    assert [one.test for one in stored] == ["rule:b", "rule:a", "234"]
    assert (stored[0].info, stored[0].mode, stored[0].confidence) == ({"message": "rule:b"}, "automatic", 0.9)
    assert stored[0].evidence[0].exact == "text"


def test_the_newest_run_counts(store: Store, cited: Capture) -> None:
    store.save_run("r/lima", **RUN, findings=[])
    second = store.save_run("r/lima", **RUN, findings=[finding(cited)])
    latest = store.latest_run("r/lima")
    assert latest is not None
    assert latest.id == second.id


@pytest.mark.parametrize(
    "change",
    [{"outcome": "yes"}, {"mode": "manual"}, {"evidence": ()}, {"evidence": (), "outcome": "failed"}],
)
def test_a_finding_without_ground_is_refused(store: Store, cited: Capture, change: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="234"):
        store.save_run("r/lima", **RUN, findings=[finding(cited, **change)])
    assert store.latest_run("r/lima") is None


def test_silence_needs_no_evidence(store: Store, cited: Capture) -> None:
    run = store.save_run("r/lima", **RUN, findings=[finding(cited, evidence=(), outcome="cantTell")])
    assert store.findings(run.id)[0].evidence == []


def test_what_is_cited_must_exist(store: Store) -> None:
    lost = NewFinding(test="1", outcome="passed", evidence=(NewEvidence(capture_id="urn:uuid:none"),))
    with pytest.raises(NotFound, match="urn:uuid:none"):
        store.save_run("r/lima", **RUN, findings=[lost])
    with pytest.raises(NotFound, match="r/atlantis"):
        store.save_run("r/atlantis", **RUN, findings=[])
