"""The pages around the question: rounds, round, city, trail, archive, capture, help."""

import re

import pytest

from tests.review_ui.builder import CITY, OTHER, ROUND, World
from tests.review_ui.conftest import Desk
from tests.review_ui.test_evidence_app import spoil

PATH = f"/a/{ROUND}/{CITY}"


def test_it_works(desk: Desk) -> None:
    assert f'href="/r/{ROUND}"' in desk.get("/")
    assert "2 cities" in desk.get("/")
    page = desk.get(f"/r/{ROUND}")
    assert f'href="{PATH}"' in page
    assert "Ready for review" in page
    assert "Waiting for the crawl" in page


def test_a_workspace_without_rounds_says_how_to_open_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.store, "rounds", lambda: [])
    assert "losi open-round" in desk.get("/")


def test_a_round_is_searched_by_city(desk: Desk) -> None:
    page = desk.get(f"/r/{ROUND}?q=river")
    assert "River City" in page
    assert "Empty Town" not in page


def test_a_city_is_a_task_list_with_counters(desk: Desk) -> None:
    desk.press("101", "passed")
    desk.press("234", "failed")
    desk.press("300", "cantTell")
    page = re.sub(r"<[^>]+>", "", desk.get(PATH))
    assert "open 1 · answered 2 · Yes 1 · No 1 · Cannot tell 0" in page
    assert "open 2 · answered 1 · Yes 0 · No 0 · Cannot tell 1" in page
    assert "Continue with question 235" in page


def test_a_city_shows_how_its_capture_went(desk: Desk) -> None:
    page = re.sub(r"<[^>]+>", " ", desk.get(PATH))
    for words in (
        "page budget used up",
        "endless list or calendar",
        "English · Arabic",
        "Accessibility markers",
    ):
        assert words in " ".join(page.split()), words


def test_a_city_before_its_crawl_has_questions_all_the_same(desk: Desk) -> None:
    assert "Begin with question 101" in desk.get(f"/a/{ROUND}/{OTHER}")
    assert "No evidence was found" in desk.get(f"/a/{ROUND}/{OTHER}/234")


def test_the_trail_has_pages_and_reasons(desk: Desk) -> None:
    assert f"{PATH}/c/urn%3Auuid%3A" in desk.get(f"{PATH}/trail")
    first = desk.get(f"{PATH}/trail?reason=trap")
    assert "calendar?m=99" in first
    assert "calendar?m=100" not in first
    assert "calendar?m=129" in desk.get(f"{PATH}/trail?reason=trap&page=2")
    assert "intern" in desk.get(f"{PATH}/trail?reason=robots")
    assert "calendar?m=129" in desk.get(f"{PATH}/trail?reason=trap&page=99999999999")


def test_the_archive_is_searched_by_address_title_and_text(desk: Desk) -> None:
    assert "5 pages" in desk.get(f"{PATH}/pages")
    for query in ("/news/pay", "online payment", "at the counter", "AT  THE%09counter"):
        page = desk.get(f"{PATH}/pages?q={query}")
        assert "1 page<" in page, query
        assert "News: online payment is coming" in page
    assert "<mark>الشخصية</mark>" in desk.get(f"{PATH}/pages?q=الشخصية")
    assert "0 pages" in desk.get(f"{PATH}/pages?q=.*")


def test_a_capture_tells_what_it_is(desk: Desk, world: World) -> None:
    record = world.records["/privacy"]
    page = desk.get(f"{PATH}/c/{record}?quote=only to answer you")
    assert "Digest verified" in page
    assert "<mark>only to answer you</mark>" in page
    assert 'sandbox=""' in page
    assert world.store.capture(record).digest in desk.get(f"{PATH}/c/{record}?tab=proof")
    text = desk.get(f"{PATH}/c/{record}?quote=only to answer you&tab=text")
    assert '<mark id="losi-quote">only to answer you</mark>' in text


def test_a_spoiled_capture_is_refused_wherever_it_is_shown(desk: Desk, world: World) -> None:
    desk.question("234")
    spoil(world)
    assert "the record of it is damaged" in desk.get(PATH)
    page = desk.get(f"{PATH}/c/{world.records['/privacy']}")
    assert "Refused" in page
    assert "Digest verified" not in page
    assert "<iframe" not in page


def test_a_capture_of_another_city_is_not_shown_under_this_one(desk: Desk, world: World) -> None:
    record = world.records["/privacy"]
    assert desk.client.get(f"/a/{ROUND}/{OTHER}/c/{record}").status_code == 404
    assert desk.client.get(f"{PATH}/c/urn:uuid:nothing").status_code == 404


def test_help_names_every_key(desk: Desk) -> None:
    page = desk.get("/help")
    for key in "102jknuh[]":
        assert f'<kbd dir="ltr">{key}</kbd>' in page


def test_keys_can_be_switched_off_and_stay_off(desk: Desk) -> None:
    assert 'data-keys="off"' in desk.get("/help?keys=off")
    assert 'data-keys="off"' in desk.question("234")
    assert 'data-keys="on"' in desk.get("/help?keys=on")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_pages_are_only_read(desk: Desk, method: str) -> None:
    answer = desk.client.request(method, f"{PATH}/trail", headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code in (404, 405)
    assert "<h1>" in answer.text
