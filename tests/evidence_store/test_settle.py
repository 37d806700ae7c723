from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_store import Act, Answer, settle
from evidence_store.models import OUTCOMES
from evidence_store.settle import current, locked_persons, may_see_all

NUMBER = count()


def answer(person: str, outcome: str, **change: Any) -> Answer:
    number = next(NUMBER)
    fields = {
        "id": f"{number:08}",
        "assessment_id": "r/lima",
        "test": "234",
        "outcome": outcome,
        "mode": "manual",
        "asserted_by": person,
        "date": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        "info": {},
        "role": "assessor",
        "advice": "before",
    }
    return Answer(**{**fields, **change})


def act(verb: str, by: str) -> Act:
    return Act(id="x", assessment_id="r/lima", verb=verb, by=by, at=datetime(2026, 1, 1, tzinfo=UTC))


def test_it_works() -> None:
    settled = settle([answer("ana", "passed"), answer("ben", "passed"), answer("ana", "failed", test="1")])
    assert {code: row.outcome for code, row in settled.answers.items()} == {"1": "failed", "234": "passed"}
    assert settled.single_coded == {"1"}
    assert settled.conflicts == {}


def test_two_who_differ_settle_nothing() -> None:
    settled = settle([answer("ana", "passed"), answer("ben", "failed")])
    assert settled.answers == {}
    assert [row.asserted_by for row in settled.conflicts["234"]] == ["ana", "ben"]


def test_the_mediator_decides() -> None:
    given_ = [answer("ana", "passed"), answer("ben", "failed"), answer("mia", "cantTell", role="mediator")]
    settled = settle(given_)
    assert (settled.answers["234"].asserted_by, settled.conflicts) == ("mia", {})
    assert settled.single_coded == frozenset()


def test_a_replaced_answer_does_not_count() -> None:
    first = answer("ana", "passed")
    settled = settle([first, answer("ana", "failed", supersedes=first.id), answer("ben", "failed")])
    assert settled.answers["234"].outcome == "failed"


def test_taking_back_leaves_it_open() -> None:
    first = answer("ana", "passed")
    assert settle([first, answer("ana", "untested", supersedes=first.id)]).answers == {}


def test_in_a_double_round_both_must_have_locked_and_answered() -> None:
    both = [answer("ana", "passed"), answer("ben", "passed")]
    assert settle(both, locked=set()).answers == {}
    assert settle(both, locked={"ana"}).answers == {}
    assert settle(both, locked={"ana", "ben"}).answers["234"].outcome == "passed"
    assert settle(both[:1], locked={"ana", "ben"}).answers == {}
    assert settle([answer("ana", "passed"), answer("ben", "failed")], locked={"ana"}).conflicts == {}


def test_locks_and_reopening() -> None:
    both = [act("lock", "ana"), act("assign", "eve"), act("lock", "ben")]
    assert locked_persons(both) == {"ana", "ben"}
    assert locked_persons([*both, act("reopen", "ana")]) == {"ben"}
    assert locked_persons([*both, act("reopen", "coordinator")]) == frozenset()
    assert locked_persons([*both, act("reopen", "ana"), act("lock", "ana")]) == {"ana", "ben"}


def test_a_third_assessor_waits_for_the_own_lock() -> None:
    assert not may_see_all("cid", {"ana", "ben", "cid"}, {"ana", "ben"})
    assert may_see_all("mia", {"ana", "ben"}, {"ana", "ben"})


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(OUTCOMES), st.sampled_from(["1", "2"])), max_size=9
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_nothing(said: list[tuple[str, str, str]], chance: Any) -> None:
    newest: dict[tuple[str, str], str] = {}
    rows = []
    for person, outcome, test in said:
        rows.append(answer(person, outcome, test=test, supersedes=newest.get((person, test))))
        newest[person, test] = rows[-1].id
    shuffled = list(rows)
    chance.shuffle(shuffled)
    one, other = settle(rows), settle(shuffled)
    assert {code: row.outcome for code, row in one.answers.items()} == {
        code: row.outcome for code, row in other.answers.items()
    }
    assert not set(one.answers) & set(one.conflicts)
    assert len(current(rows)) == len(newest)
