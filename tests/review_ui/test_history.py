"""How an answer came about, and what of it may be seen by whom."""

from __future__ import annotations

import re
from pathlib import Path

from evidence_store import NewAnswer, NewEvidence
from tests.review_ui.builder import CITY, ROUND, World, build
from tests.review_ui.conftest import Desk, opened

PATH = f"/a/{ROUND}/{CITY}/234/history"
SECRET = "what only the other knows"


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_works(desk: Desk) -> None:
    desk.press("234", "failed", note="I do not see it")
    desk.press("234", "passed")
    desk.store.act(desk.world.assessment_id, "lock", "local assessor", "done with it")
    page = words(desk.get(PATH))
    for said in (
        "The rules proposed ✓ Yes",
        "rule privacy-policy",
        "Software test",
        "Digest of the rules sha256:0",
        "I do not see it",
        "relied on the evidence shown",
        "the rules' verdict was visible before the answer",
        "Replaces No,",
        "replaced later",
        "stands",
        "locked the city",
        "done with it",
        "We collect your name and address only to answer you",
    ):
        assert said in page, said
    assert page.index("The rules proposed") < page.index("I do not see it") < page.index("locked the city")
    assert f'href="{PATH}"' in desk.question("234")


def test_what_was_taken_back_stays_in_it(desk: Desk) -> None:
    desk.press("234", "passed")
    row = desk.store.current_answers(desk.world.assessment_id, viewer="local assessor")["234"]
    desk.post(f"/a/{ROUND}/{CITY}/234/undo", {"supersedes": row.id})
    page = words(desk.get(PATH))
    assert "Withdrawn" in page
    assert "taken back" in page


def test_a_question_nobody_spoke_of(desk: Desk) -> None:
    assert desk.client.get(f"/a/{ROUND}/{CITY}/999/history").status_code == 404
    assert "Nothing was said" in desk.get(f"/a/{ROUND}/empty-town/234/history")


def test_the_other_assessor_is_not_heard_before_both_have_locked(tmp_path: Path) -> None:
    world = build(tmp_path, protocol="double", advice={"A": "before", "B": "hidden"})
    with world.store, opened(world) as desk:
        desk.client.cookies.set("losi_name", "Bea")
        desk.client.cookies.set("losi_seat", "B")
        before = desk.get(PATH)
        answer(world, "Ana", "passed", SECRET)
        assert desk.get(PATH) == before, "nothing changes when the other answers"
        answer(world, "Bea", "failed", "mine")
        world.store.act(world.assessment_id, "lock", "Ana", SECRET)
        page = desk.get(PATH)
        assert SECRET not in page
        assert "mine" in page
        assert "The rules proposed" not in page
        assert "kept from you" in page
        world.store.act(world.assessment_id, "lock", "Bea")
        page = desk.get(PATH)
        assert SECRET in page
        assert "The rules proposed" in page


def test_verdicts_come_after_the_answer_where_the_round_says_so(tmp_path: Path) -> None:
    world = build(tmp_path, advice={"A": "after"})
    with world.store, opened(world) as desk:
        assert "The rules proposed" not in desk.get(PATH)
        desk.press("234", "passed")
        assert "The rules proposed" in desk.get(PATH)


def answer(world: World, person: str, outcome: str, note: str) -> None:
    quote = NewEvidence(capture_id=world.records["/privacy"], exact="which personal data we hold")
    new = NewAnswer(test="234", outcome=outcome, mode="manual", info={"note": note}, evidence=(quote,))
    world.store.answer(world.assessment_id, new, person)
