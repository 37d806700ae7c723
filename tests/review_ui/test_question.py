import re

import pytest

from tests.review_ui.builder import CITY, ROUND, build
from tests.review_ui.conftest import Desk, opened


def test_it_works(desk: Desk) -> None:
    page = desk.question("234")
    assert "Does the portal offer this: privacy policy?" in page
    assert "<mark>We collect your name and address only to answer you</mark>" in page
    assert 'lang="ar"' in page
    assert "https://river.example/privacy" in page
    assert "23 Nov 2026, 09:00 UTC" in page
    assert "Speaks for Yes" in page
    assert "0 of 6 answered" in page
    assert "0.0000–1.0000" in page


def test_a_quote_without_context_gets_it_from_its_page(desk: Desk) -> None:
    page = desk.question("101")
    assert "Mill Street 1. <mark>Telephone 555 0100</mark>." in page


def test_the_archived_page_is_framed_from_the_other_host_without_any_permission(desk: Desk) -> None:
    frame = re.search(r"<iframe[^>]*>", desk.question("234"))
    assert frame
    assert 'sandbox=""' in frame[0]
    assert 'src="http://localhost:8766/' in frame[0]


def test_the_live_page_opens_at_the_quote_and_tells_it_nothing(desk: Desk) -> None:
    link = re.search(r'<a href="https://river.example/privacy#:~:text=[^"]*"[^>]*>', desk.question("234"))
    assert link
    assert 'rel="noopener noreferrer"' in link[0]


@pytest.mark.parametrize("view", ["page", "text", "headers"])
def test_tabs_are_plain_links(desk: Desk, view: str) -> None:
    page = desk.question("234", f"?e=2&view={view}")
    assert re.search(rf'id="tab-{view}"[^>]*aria-current="true"', page)


def test_the_text_tab_marks_the_quote(desk: Desk) -> None:
    page = desk.question("234", "?view=text")
    assert "hold about you" in page
    assert page.count("<mark>We collect your name") == 2


def test_silence_says_how_far_the_search_went(desk: Desk) -> None:
    page = desk.question("235")
    assert "No evidence was found" in page
    for word in ("118", "annual accounts", "الميزانية", "robots.txt forbids it", "endless list or calendar"):
        assert word in page
    assert f"/a/{ROUND}/{CITY}/trail?reason=trap" in page


def test_what_only_a_person_can_find_out_says_how_it_is_tested(desk: Desk) -> None:
    assert "waits three working days" in desk.question("302")


def test_evidence_against_is_shown_as_such(desk: Desk) -> None:
    assert "Speaks against" in desk.question("300")


@pytest.mark.parametrize(
    "query", ["?e=99", "?e=-1", "?e=x", "?view=nonsense", "?compare=1", "?saved=nope", "?lang=xx"]
)
def test_an_odd_address_is_still_the_question(desk: Desk, query: str) -> None:
    desk.question("234", query)


@pytest.mark.parametrize(
    "path", [f"/a/{ROUND}/{CITY}/999", f"/a/{ROUND}/nowhere/234", f"/a/none/{CITY}/234", "/r/none", "/a"]
)
def test_what_is_not_there_is_said_so(desk: Desk, path: str) -> None:
    answer = desk.client.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text


class TestAdvice:
    """What a round's protocol shows before the person has answered."""

    PROPOSAL, MESSAGE = "The rules propose", "A page named Privacy policy explains"

    def page(self, tmp_path, advice: dict[str, str], **more: str) -> str:  # type: ignore[no-untyped-def]
        world = build(tmp_path, advice=advice, **more)
        with opened(world) as desk, world.store:
            return desk.question("234") + desk.get(f"/a/{ROUND}/{CITY}")

    def test_before_shows_the_proposal(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        page = self.page(tmp_path, {"A": "before"})
        assert self.PROPOSAL in page
        assert "proposed:" in page

    @pytest.mark.parametrize("advice", [{"A": "after"}, {"A": "hidden"}, {"assessor": "hidden"}])
    def test_after_and_hidden_show_evidence_without_a_verdict(self, tmp_path, advice) -> None:  # type: ignore[no-untyped-def]
        page = self.page(tmp_path, advice)
        assert self.PROPOSAL not in page
        assert self.MESSAGE not in page
        assert "proposed:" not in page
        assert "We collect your name" in page

    def test_search_shows_only_the_portal_and_the_archive(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        page = self.page(tmp_path, {"A": "search"})
        assert self.PROPOSAL not in page
        assert "We collect your name" not in page
        assert f'action="/a/{ROUND}/{CITY}/pages"' in page

    def test_a_word_nobody_knows_shows_the_least(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        assert "We collect your name" not in self.page(tmp_path, {"A": "everything"})

    def test_an_export_does_not_tell_what_the_page_keeps(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        world = build(tmp_path, advice={"A": "after"})
        with opened(world) as desk, world.store:
            path = f"/a/{ROUND}/{CITY}/results.json"
            assert self.MESSAGE not in desk.get(path)
            assert self.MESSAGE not in desk.get(f"/export/{ROUND}.csv")
            assert self.MESSAGE not in desk.get(f"/api/rounds/{ROUND}/results")
            desk.press("234", "passed")
            assert self.MESSAGE in desk.get(path)
