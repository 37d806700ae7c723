import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from evidence_store import Locked, NewAnswer, NewEvidence, NotFound, StaleAnswer, Store, Unsupported

YES = NewAnswer(test="234", outcome="passed", mode="manual")
NO = replace(YES, outcome="failed")


def test_it_works(store: Store) -> None:
    cited = store.journal("r/lima", "page", "urn:losi:page:1", b"we keep your data for a year")
    quote = NewEvidence(capture_id=cited.record_id, exact="for a year", prefix="your data ", rule="privacy")
    new = replace(YES, mode="semiAuto", info={"note": "short"}, evidence=(quote,))
    answer = store.answer("r/lima", new, "ana")
    assert (answer.asserted_by, answer.info, answer.supersedes) == ("ana", {"note": "short"}, None)
    [stored] = store.answers("r/lima", viewer="ana")
    assert stored.evidence[0].exact == "for a year"
    assert stored == answer


def test_a_changed_mind_leaves_both_rows(store: Store) -> None:
    first = store.answer("r/lima", YES, "ana")
    second = store.answer("r/lima", NO, "ana", supersedes=first.id)
    assert [row.outcome for row in store.answers("r/lima", viewer="ana")] == ["passed", "failed"]
    assert store.current_answers("r/lima", viewer="ana") == {"234": second}
    assert store.current_answers("r/lima", viewer=None) == {"234": second}


def test_a_stale_answer_is_refused(store: Store) -> None:
    first = store.answer("r/lima", YES, "ana")
    second = store.answer("r/lima", NO, "ana", supersedes=first.id)
    for seen in (None, first.id):
        with pytest.raises(StaleAnswer, match="234 was answered meanwhile") as stale:
            store.answer("r/lima", YES, "ana", supersedes=seen)
        assert stale.value.current == second


@pytest.mark.parametrize("superseding", [False, True])
def test_a_double_click_gives_one_row(
    open_store: Callable[..., Store], store: Store, superseding: bool
) -> None:
    seen = store.answer("r/lima", YES, "ana").id if superseding else None
    given: list[str] = []
    stale: list[str] = []

    def click(own: Store) -> None:
        try:
            given.append(own.answer("r/lima", NO, "ana", supersedes=seen).id)
        except StaleAnswer as error:
            stale.append(error.current.id)

    threads = [threading.Thread(target=click, args=(open_store(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 1
    assert stale == given * 3


@pytest.mark.parametrize(
    ("change", "person"),
    [
        ({"mode": "automatic"}, "ana"),
        ({"outcome": "yes"}, "ana"),
        ({"role": "machine"}, "ana"),
        ({"advice": "loud"}, "ana"),
        ({}, " "),
    ],
)
def test_only_people_answer(store: Store, change: dict[str, str], person: str) -> None:
    with pytest.raises(Unsupported, match="234"):
        store.answer("r/lima", replace(YES, **change), person)


def test_the_database_itself_refuses_machines(store: Store) -> None:
    columns = "id, assessment_id, test, outcome, mode, asserted_by, date, info, role, advice"
    values = (
        "'x', 'r/lima', '1', 'passed', 'automatic', 'ana', '2026-01-01 00:00:00', '{}', 'assessor', 'before'"
    )
    with pytest.raises(IntegrityError, match="never_automatic"), store.writing() as session:
        session.execute(text(f"INSERT INTO answer ({columns}) VALUES ({values})"))  # noqa: S608


def test_what_is_cited_must_exist(store: Store) -> None:
    with pytest.raises(NotFound, match="urn:uuid:none"):
        store.answer("r/lima", replace(YES, evidence=(NewEvidence(capture_id="urn:uuid:none"),)), "ana")
    with pytest.raises(NotFound, match="finding"):
        store.answer("r/lima", replace(YES, finding_id="none"), "ana")
    with pytest.raises(NotFound, match="ana has not answered"):
        store.answer("r/lima", YES, "ana", supersedes="none")
    with pytest.raises(NotFound, match="r/atlantis"):
        store.answer("r/atlantis", YES, "ana")
    assert store.answers("r/lima", viewer=None) == []


def test_blind_until_both_have_locked(double: Store) -> None:
    double.answer("r/lima", NO, "ana")
    double.answer("r/lima", NO, "ben")

    def sees(viewer: str | None) -> set[str]:
        return {row.asserted_by for row in double.answers("r/lima", viewer=viewer)}

    everybody = {"ana", "ben"}
    assert [sees(viewer) for viewer in ("ana", "ben", "eve", None)] == [{"ana"}, {"ben"}, set(), everybody]
    double.act("r/lima", "lock", "ana")
    assert [sees(viewer) for viewer in ("ana", "ben", "eve")] == [{"ana"}, {"ben"}, set()]
    assert double.current_answers("r/lima", viewer=None) == {}
    double.act("r/lima", "lock", "ben")
    assert [sees(viewer) for viewer in ("ana", "ben", "eve")] == [everybody] * 3
    assert double.current_answers("r/lima", viewer=None)["234"].outcome == "failed"
    double.act("r/lima", "reopen", "ana")
    assert [sees(viewer) for viewer in ("ana", "ben")] == [{"ana"}, {"ben"}]


def test_the_other_persons_answer_is_nobodys_stale_answer(double: Store) -> None:
    double.answer("r/lima", YES, "ana")
    assert double.answer("r/lima", NO, "ben").outcome == "failed"
    assert set(double.current_answers("r/lima", viewer="ana")["234"].asserted_by) == set("ana")


def test_who_has_locked_does_not_answer(double: Store) -> None:
    double.answer("r/lima", NO, "ana")
    double.act("r/lima", "lock", "ana")
    with pytest.raises(Locked, match="ana has locked"):
        double.answer("r/lima", replace(NO, test="1"), "ana")
    double.act("r/lima", "reopen", "ana")
    double.answer("r/lima", replace(NO, test="1"), "ana")


def test_the_mediator_comes_after_both(double: Store) -> None:
    decides = replace(YES, role="mediator")
    with pytest.raises(Locked, match="a mediator answers after both"):
        double.answer("r/lima", decides, "mia")
    for person, outcome in (("ana", "failed"), ("ben", "cantTell")):
        double.answer("r/lima", replace(NO, outcome=outcome), person)
        double.act("r/lima", "lock", person)
    assert list(double.settled("r/lima").conflicts) == ["234"]
    with pytest.raises(Locked, match="an assessor before"):
        double.answer("r/lima", YES, "late")
    double.answer("r/lima", decides, "mia")
    assert double.current_answers("r/lima", viewer=None)["234"].asserted_by == "mia"
