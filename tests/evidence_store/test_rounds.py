from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from evidence_store import (
    Assessment,
    Capture,
    City,
    Locked,
    LostLease,
    NewAnswer,
    NewEvidence,
    NotFound,
    RoundDiffers,
    RoundIncomplete,
    Store,
    Unsupported,
)
from evidence_store.warc import sha256

SAME: dict[str, Any] = {"edition": "losi-2024", "edition_text": "edition: É", "rules_text": "rules"}


def test_it_works(store: Store) -> None:
    opened = store.round("r")
    assert (opened.edition_digest, opened.rules_digest) == (sha256("edition: É".encode()), sha256(b"rules"))
    assert store.archived_text(opened.edition_digest) == "edition: É"
    assert store.archived_text(opened.rules_digest) == "rules"
    assert store.rounds() == [opened]
    assert store.assessments("r")[0] == Assessment(id="r/lima", city_id="lima", round_id="r")
    assert store.assessment("r", "porto").id == "r/porto"


def test_cities_are_kept_and_corrected(store: Store) -> None:
    store.add_cities(
        [City(id="lima", name="Ponte", country="PRT", languages=["pt", "en"], portal_url="http://p")]
    )
    assert [city.name for city in store.cities()] == ["Ponte", "Porto"]
    assert store.city("lima").languages == ["pt", "en"]
    with pytest.raises(NotFound, match="city 'atlantis'"):
        store.city("atlantis")


def test_opening_again_adds_cities(store: Store) -> None:
    store.add_cities([City(id="faro", name="Faro", country="PRT", languages=["pt"], portal_url="http://f")])
    kinds = ["edition", "rules"]
    again = store.open_round("r", **{**SAME, "rules_text": "newer rules"}, city_ids=["faro", "lima", "faro"])
    assert again == store.round("r")
    assert [assessment.city_id for assessment in store.assessments("r")] == ["faro", "lima", "porto"]
    with store.reading() as session:
        assert sorted(session.scalars(select(Capture.kind).where(Capture.kind.in_(kinds)))) == kinds


@pytest.mark.parametrize(
    "change", [{"edition": "losi-2022"}, {"edition_text": "other"}, {"protocol": "double"}]
)
def test_another_round_of_that_name(store: Store, change: dict[str, str]) -> None:
    with pytest.raises(RoundDiffers, match="round r was opened with another"):
        store.open_round("r", **{**SAME, **change}, city_ids=[])


def test_unknown_names(store: Store) -> None:
    with pytest.raises(NotFound, match="city 'atlantis'"):
        store.open_round("new", **SAME, city_ids=["atlantis"])
    with pytest.raises(NotFound, match="round 'new'"):
        store.assessments("new")
    with pytest.raises(NotFound, match="archived text 'sha256:0'"):
        store.archived_text("sha256:0")
    with pytest.raises(Unsupported, match="single or double"):
        store.open_round("new", **SAME, city_ids=[], protocol="triple")


def answer_all(store: Store, outcome: str = "failed") -> None:
    for city in ("lima", "porto"):
        store.answer(f"r/{city}", NewAnswer(test="234", outcome=outcome, mode="manual"), "ana")


def test_a_round_closes_when_all_is_answered(store: Store) -> None:
    with pytest.raises(RoundIncomplete, match="2 questions") as incomplete:
        store.close_round("r", {"234"})
    assert incomplete.value.missing == {"r/lima": ["234"], "r/porto": ["234"]}
    answer_all(store)
    lease = store.claim(store.plan_crawl("r/lima", budget=1).id, worker="me")
    closed = store.close_round("r", {"234"}, results=b"{}")
    assert closed.closed is not None
    with pytest.raises(LostLease):
        store.renew(lease)
    assert store.archived_text(closed.edition_digest)
    with pytest.raises(Locked, match="round r is closed"):
        store.answer("r/lima", NewAnswer(test="1", outcome="failed", mode="manual"), "ana")
    with pytest.raises(Locked, match="round r is closed"):
        store.act("r/lima", "lock", "ana")
    assert store.act("r/lima", "reply", "city", "we moved it").reason == "we moved it"
    store.add_cities([City(id="faro", name="Faro", country="PRT", languages=[], portal_url="http://f")])
    with pytest.raises(Locked):
        store.open_round("r", **SAME, city_ids=["faro"])


def test_taking_back_opens_again(store: Store) -> None:
    answer_all(store, "untested")
    with pytest.raises(RoundIncomplete):
        store.close_round("r", {"234"})


def test_acts_are_kept_in_order(store: Store) -> None:
    for verb in ("assign", "lock", "reopen"):
        store.act("r/lima", verb, "ana")
    assert [act.verb for act in store.acts("r/lima")] == ["assign", "lock", "reopen"]
    assert store.acts("r/porto") == []


@pytest.mark.parametrize(("verb", "by"), [("delete", "ana"), ("lock", "")])
def test_no_other_acts(store: Store, verb: str, by: str) -> None:
    with pytest.raises(Unsupported):
        store.act("r/lima", verb, by)


def test_a_locked_yes_has_evidence(store: Store) -> None:
    bare = store.answer("r/lima", NewAnswer(test="234", outcome="passed", mode="manual"), "ana")
    with pytest.raises(Unsupported, match="evidence is missing for 234"):
        store.act("r/lima", "lock", "ana")
    cited = (NewEvidence(capture_id=store.journal("r/lima", "page", "urn:x", b"x").record_id),)
    proven = NewAnswer(test="234", outcome="passed", mode="manual", evidence=cited)
    store.answer("r/lima", proven, "ana", supersedes=bare.id)
    assert store.act("r/lima", "lock", "ana").by == "ana"


def test_two_open_one_round_at_once(open_store: Callable[..., Store], store: Store) -> None:
    import threading

    stores = [open_store() for _ in range(4)]
    done: list[str] = []

    def open_it(own: Store) -> None:
        done.append(own.open_round("second", **SAME, city_ids=["lima", "porto"]).id)

    threads = [threading.Thread(target=open_it, args=(own,)) for own in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["second"] * 4
    assert len(store.assessments("second")) == 2
