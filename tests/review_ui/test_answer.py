import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_store import Store
from tests.review_ui.builder import CITY, QUESTIONS, ROUND, World, build
from tests.review_ui.conftest import Desk, hidden_fields, opened

PATH = f"/a/{ROUND}/{CITY}"


def test_it_works(desk: Desk) -> None:
    answer = desk.press("234", "passed", note="seen on the page")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}/235?saved=234")
    page = desk.get(answer.headers["location"])
    assert "Saved 234:" in page
    assert "1 of 6 answered" in page
    assert "0.1667–1.0000" in page
    assert "seen on the page" in desk.question("234")


def test_a_yes_with_our_quotes_on_the_screen_cites_them(desk: Desk) -> None:
    desk.press("234", "passed")
    row = desk.store.answers(desk.world.assessment_id, viewer=None)[-1]
    assert row.mode == "semiAuto"
    assert row.asserted_by == "local assessor"
    assert row.advice == "before"
    assert row.finding_id
    assert row.evidence[0].exact == "We collect your name and address only to answer you"
    assert {e.stance for e in row.evidence} == {"for"}


@pytest.mark.parametrize(
    ("code", "outcome"), [("234", "failed"), ("234", "cantTell"), ("235", "passed"), ("300", "passed")]
)
def test_anything_else_is_the_persons_own(desk: Desk, code: str, outcome: str) -> None:
    desk.press(code, outcome)
    row = desk.store.answers(desk.world.assessment_id, viewer=None)[-1]
    assert (row.mode, row.evidence) == ("manual", [])


def test_a_yes_on_a_screen_of_an_older_run_cites_nothing_newer(desk: Desk) -> None:
    desk.press("234", "passed", finding="of-an-older-run")
    assert desk.store.answers(desk.world.assessment_id, viewer=None)[-1].mode == "manual"


def test_the_last_answer_leads_to_the_city_and_a_value(desk: Desk) -> None:
    for code in QUESTIONS:
        answer = desk.press(code, "passed")
    assert answer.headers["location"] == f"{PATH}?saved=302"
    page = desk.get(answer.headers["location"])
    assert "1.0000" in page
    assert "0.0000" not in page
    assert "Every question has an answer." in page


def test_after_the_last_question_comes_the_first_open_one(desk: Desk) -> None:
    assert desk.press("302", "failed").headers["location"].startswith(f"{PATH}/101")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"outcome": "maybe"}, "outcome"),
        ({}, "outcome"),
        ({"outcome": "untested"}, "outcome"),
        ({"outcome": "passed", "code": "101"}, "code"),
        ({"outcome": "passed", "step": "third"}, "step"),
        ({"outcome": "passed", "note": "x" * 4001}, "note"),
    ],
)
def test_a_form_that_is_no_answer_keeps_what_was_written(
    desk: Desk, data: dict[str, str], field: str
) -> None:
    answer = desk.post(f"{PATH}/234", {"note": "my words", **data})
    assert answer.status_code == 422
    assert "Not saved" in answer.text
    assert data.get("note", "my words") in answer.text
    assert desk.current() == {}


def test_a_double_click_is_one_row(desk: Desk) -> None:
    page = desk.question("234")
    first, second = desk.press("234", "passed", page=page), desk.press("234", "passed", page=page)
    assert first.headers["location"] == second.headers["location"]
    assert len(desk.store.answers(desk.world.assessment_id, viewer=None)) == 1


def test_two_tabs_that_differ_are_asked_about(desk: Desk) -> None:
    page = desk.question("234")
    desk.press("234", "passed", page=page)
    answer = desk.press("234", "failed", page=page, note="I see it otherwise")
    assert answer.status_code == 409
    for words in ("What stands now", "What you just said", "I see it otherwise"):
        assert words in answer.text
    assert desk.current() == {"234": "passed"}
    fields = dict(__import__("re").findall(r'name="(\w+)" value="([^"]*)"', answer.text))
    desk.post(f"{PATH}/234", fields)
    assert desk.current() == {"234": "failed"}


def test_undo_withdraws_and_deletes_nothing(desk: Desk) -> None:
    desk.press("234", "passed")
    fields = hidden_fields(desk.question("235"), "undo")
    answer = desk.post(f"{PATH}/234/undo", fields)
    assert answer.headers["location"] == f"{PATH}/234"
    assert desk.current() == {"234": "untested"}
    assert [r.outcome for r in desk.store.answers(desk.world.assessment_id, viewer=None)] == [
        "passed",
        "untested",
    ]
    assert "0 of 6 answered" in desk.question("234")
    again = desk.post(f"{PATH}/234/undo", fields)
    assert again.status_code == 303
    assert len(desk.store.answers(desk.world.assessment_id, viewer=None)) == 2


def test_a_withdrawn_question_can_be_answered_again(desk: Desk) -> None:
    desk.press("234", "passed")
    desk.post(f"{PATH}/234/undo", hidden_fields(desk.question("234"), "undo"))
    desk.press("234", "failed")
    assert desk.current() == {"234": "failed"}


def test_our_script_gets_the_next_question_at_once(desk: Desk) -> None:
    fields = hidden_fields(desk.question("234"), "decide")
    answer = desk.post(f"{PATH}/234", {**fields, "outcome": "passed"}, **{"x-losi-fragment": "question"})
    assert answer.status_code == 200
    assert answer.headers["x-losi-location"] == f"{PATH}/235?saved=234"
    assert "<html" not in answer.text
    assert 'id="swap"' in answer.text
    assert "budget documents?" in answer.text


def test_a_locked_city_takes_no_answer(desk: Desk) -> None:
    page = desk.question("234")
    desk.store.act(desk.world.assessment_id, "lock", "local assessor")
    assert desk.press("234", "passed", page=page).status_code == 409
    assert 'id="decide"' not in desk.question("234")


def test_a_person_gives_a_name_once(desk: Desk) -> None:
    answer = desk.post("/person", {"name": "  Ada \u202eLovelace ", "seat": "B", "back": f"{PATH}/234"})
    assert answer.headers["location"] == f"{PATH}/234"
    desk.press("234", "passed")
    assert desk.store.answers(desk.world.assessment_id, viewer=None)[-1].asserted_by == "Ada Lovelace"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_the_way_back_stays_here(desk: Desk, back: str) -> None:
    assert desk.post("/person", {"name": "Ada", "back": back}).headers["location"] == "/"


def test_nobody_is_no_name(desk: Desk) -> None:
    assert desk.post("/person", {"name": " \u200b "}).status_code == 422


class TestAfter:
    """Judge first, then see the advice; both judgements stay."""

    @pytest.fixture
    def desk(self, tmp_path: Path) -> Iterator[Desk]:
        world = build(tmp_path, advice={"A": "after"})
        with world.store, opened(world) as desk:
            yield desk

    def test_agreement_goes_on(self, desk: Desk) -> None:
        assert desk.press("234", "passed").headers["location"] == f"{PATH}/235?saved=234"

    @pytest.mark.parametrize("second", ["failed", "passed"])
    def test_a_difference_is_shown_once_and_both_judgements_stay(self, desk: Desk, second: str) -> None:
        answer = desk.press("234", "failed")
        assert answer.headers["location"] == f"{PATH}/234?compare=1"
        page = desk.get(answer.headers["location"])
        assert "The rules say otherwise" in page
        answer = desk.press("234", second, page=page, step="after")
        assert answer.headers["location"].startswith(f"{PATH}/235")
        rows = desk.store.answers(desk.world.assessment_id, viewer=None)
        assert [row.outcome for row in rows] == ["failed", second]
        assert rows[1].info == {"step": "after"}

    def test_no_verdict_is_shown_to_who_has_not_answered(self, desk: Desk) -> None:
        assert "The rules say otherwise" not in desk.question("234", "?compare=1")

    def test_no_question_without_a_verdict(self, desk: Desk) -> None:
        assert desk.press("235", "failed").headers["location"].startswith(f"{PATH}/300")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["101", "234", "302"]), st.sampled_from(["passed", "failed", "cantTell", "undo"])
    ),
    max_size=8,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_run_of_answers_and_undos_ends_as_a_person_would_expect(
    built: World, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    import shutil

    folder = tmp_path_factory.mktemp("undo") / "workspace"
    shutil.copytree(built.store.folder, folder)
    with Store.open(folder) as store, opened(World(store, built.records)) as desk:
        expected: dict[str, str] = {}
        rows = 0
        for code, act in steps:
            page = desk.question(code)
            if act == "undo":
                mine = store.current_answers(desk.world.assessment_id, viewer="local assessor").get(code)
                if mine is None or mine.outcome == "untested":
                    continue
                desk.post(f"{PATH}/{code}/undo", {"supersedes": mine.id})
                expected.pop(code)
            else:
                desk.press(code, act, page=page)
                expected[code] = act
            found = len(store.answers(desk.world.assessment_id, viewer=None))
            assert found == rows + 1
            rows = found
        assert {c: o for c, o in desk.current().items() if o != "untested"} == expected


def test_what_people_said_is_exported(desk: Desk) -> None:
    desk.press("234", "passed")
    document = json.loads(desk.get(f"{PATH}/results.json"))
    item = next(i for i in document["cities"][0]["indicators"] if i["code"] == "234")
    assert item["answer"]["outcome"] == "passed"
    assert document["cities"][0]["score"]["basis"] == "answers"
