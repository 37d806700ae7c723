"""The interface in a real browser: keys, answers without a page load, reflow, accessibility."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from evidence_store import Signer
from tests.review_ui.browsing import PATH, seated
from tests.review_ui.builder import ROUND, World, build
from tests.review_ui.test_evidence_app import spoil

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")


def test_it_works(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/101")
        for key, path in (("1", "234?saved=101"), ("0", "235?saved=234"), ("2", "300?saved=235")):
            seat.press(key)
            seat.is_at(f"{PATH}/{path}")
        expect(seat.page.locator("#status")).to_contain_text("Saved 235: Cannot tell")
        expect(seat.page.locator("h1")).to_be_focused()
        expect(seat.page).to_have_title(re.compile("300"))
        seat.press("u")
        seat.is_at(f"{PATH}/235")
        rows = world.store.answers(world.assessment_id, viewer=None)
        assert [row.outcome for row in rows] == ["passed", "failed", "cantTell", "untested"]
        assert seat.complaints == []


def test_nothing_is_loaded_anew_between_questions(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/101")
        seat.page.evaluate("window.same = true")
        seat.press("1")
        seat.is_at(f"{PATH}/234?saved=101")
        seat.press("BracketRight")
        seat.is_at(f"{PATH}/235")
        seat.page.go_back()
        expect(seat.page.locator("h1")).to_contain_text("privacy")
        assert seat.page.evaluate("window.same")


def test_keys_write_in_a_field_and_answer_elsewhere(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/234")
        seat.press("n")
        expect(seat.page.locator("#note")).to_be_focused()
        seat.page.keyboard.type("1 0 2 njku")
        seat.press("Escape")
        seat.press("j")
        seat.is_at(f"{PATH}/234?e=2#viewer")
        expect(seat.page.locator("#note")).to_have_value("1 0 2 njku")
        expect(seat.page.locator("#show2")).to_be_focused()
        seat.press("k")
        seat.is_at(f"{PATH}/234?e=1#viewer")
        seat.press("Control+1")
        seat.press("1")
        seat.is_at(f"{PATH}/235?saved=234")
        rows = world.store.answers(world.assessment_id, viewer=None)
        assert [(row.outcome, row.info) for row in rows] == [("passed", {"note": "1 0 2 njku"})]


def test_keys_are_places_not_letters(browser: Any, world: World) -> None:
    """An Arabic layout sends ١ and another letter for the same keys."""
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/234")
        seat.page.evaluate(
            "document.dispatchEvent(new KeyboardEvent('keydown', {code: 'Digit1', key: '١', bubbles: true}))"
        )
        seat.is_at(f"{PATH}/235?saved=234")


def test_keys_switched_off_do_nothing(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go("/help?keys=off")
        seat.go(f"{PATH}/234")
        for key in "102ujkn":
            seat.press(key)
        seat.page.get_by_role("button", name="No", exact=True).click()
        seat.is_at(f"{PATH}/235?saved=234")
        rows = world.store.answers(world.assessment_id, viewer=None)
        assert [row.outcome for row in rows] == ["failed"]


def test_a_key_pressed_twice_is_one_answer(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/234")
        seat.page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('[data-key=\"1\"]').click()")
        seat.is_at(f"{PATH}/235?saved=234")
        assert len(world.store.answers(world.assessment_id, viewer=None)) == 1


def test_an_answer_that_cannot_be_saved_is_said_and_kept(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/234")
        seat.press("n")
        seat.page.keyboard.type("my words")
        seat.page.route("**/a/**", lambda route: route.abort())
        seat.page.get_by_role("button", name="Yes").click()
        expect(seat.page.locator("#status")).to_be_visible()
        expect(seat.page.locator("#status")).to_contain_text("Not saved")
        expect(seat.page.locator("#note")).to_have_value("my words")


def test_two_tabs_that_differ_are_asked_about(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        seat.go(f"{PATH}/234")
        other = seat.page.context.new_page()
        other.goto(f"{seat.origin}{PATH}/234")
        other.keyboard.press("0")
        other.wait_for_url("**/235?saved=234")
        seat.press("1")
        expect(seat.page.locator("h1")).to_have_text("This question was answered meanwhile")
        seat.page.get_by_role("button", name="Replace it with mine").click()
        seat.is_at(f"{PATH}/235?saved=234")


def test_it_works_without_script(browser: Any, world: World) -> None:
    with seated(browser, world, java_script_enabled=False) as seat:
        seat.go(f"{PATH}/101")
        for name in ("Yes", "No", "Cannot tell"):
            seat.page.get_by_role("group").get_by_role("button", name=name, exact=True).click()
        seat.is_at(f"{PATH}/300?saved=235")
        seat.page.get_by_role("button", name="Undo 235").click()
        seat.is_at(f"{PATH}/235")
        seat.go(f"{PATH}/234")
        seat.page.locator("#show2").click()
        seat.page.locator("#tab-text").click()
        expect(seat.page.locator(".viewer .text")).to_contain_text("نجمع بياناتك")
        seat.page.locator("#tab-headers").click()
        expect(seat.page.frame_locator("iframe").locator("body")).to_contain_text("WARC-Type: response")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_scrolls_sideways(browser: Any, world: World, language: str) -> None:
    with seated(browser, world) as seat:
        seat.go(f"/?lang={language}")
        for path in pages(world):
            seat.go(path)
            for width in (320, 390, 768, 1024, 1440):
                seat.page.set_viewport_size({"width": width, "height": 700})
                assert seat.page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_the_decision_bar_never_covers_what_has_focus(browser: Any, world: World) -> None:
    with seated(browser, world, viewport={"width": 390, "height": 700}) as seat:
        seat.go(f"{PATH}/234")
        for _ in range(45):
            seat.press("Tab")
            covered = seat.page.evaluate(COVERED)
            assert not covered, covered


COVERED = """() => {
  const it = document.activeElement, bar = document.querySelector('.decision');
  if (!it || it === document.body || bar.contains(it) || it.tagName === 'IFRAME') return '';
  const a = it.getBoundingClientRect(), b = bar.getBoundingClientRect();
  return a.top >= b.top && a.bottom <= b.bottom + 1 ? it.outerHTML.slice(0, 200) : '';
}"""
PRESSED = "a[href], button, summary, input:not([type=hidden]), textarea"
SMALL = """(pressed) => [...document.querySelectorAll(pressed)]
  .filter((it) => it.checkVisibility({visibilityProperty: true}) && !it.closest('.visually-hidden, .skip'))
  .map((it) => [it.getBoundingClientRect(), it.outerHTML.slice(0, 120)])
  .filter(([box]) => box.width && (box.height < 24 || box.width < 24))
  .map(([box, html]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""


def test_everything_pressed_is_large_enough(browser: Any, world: World) -> None:
    with seated(browser, world) as seat:
        for path in pages(world):
            seat.go(path)
            for width in (390, 1440):
                seat.page.set_viewport_size({"width": width, "height": 700})
                assert seat.page.evaluate(SMALL, PRESSED) == [], (path, width)


def pages(world: World) -> list[str]:
    record = world.records["/privacy"]
    return [
        "/",
        f"/r/{ROUND}",
        PATH,
        f"{PATH}/234",
        f"{PATH}/234?view=text",
        f"{PATH}/235",
        f"{PATH}/300",
        f"{PATH}/302",
        f"{PATH}/trail?show=skipped",
        f"{PATH}/pages?q=privacy",
        f"{PATH}/234/history",
        *(f"{PATH}/c/{record}?tab={tab}&quote=only" for tab in ("page", "text", "headers", "raw", "proof")),
        "/help",
        "/person",
        "/nowhere",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing(browser: Any, world: World, scheme: str, language: str) -> None:
    with seated(browser, world, color_scheme=scheme, bypass_csp=True) as seat:
        seat.go(f"/?lang={language}")
        seat.go(f"{PATH}/234")
        seat.press("0")
        seat.is_at(f"{PATH}/235?saved=234")
        found = {path: violations(seat, path) for path in pages(world)}
        assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_something_is_asked_back(browser: Any, tmp_path: Path, scheme: str) -> None:
    world = build(tmp_path, advice={"A": "after"})
    with world.store, seated(browser, world, color_scheme=scheme, bypass_csp=True) as seat:
        seat.go(f"{PATH}/234")
        stale = seat.page.context.new_page()
        stale.goto(f"{seat.origin}{PATH}/234")
        seat.press("0")
        seat.is_at(f"{PATH}/234?compare=1")
        assert violations(seat) == []
        stale.keyboard.press("1")
        expect(stale.locator("h1")).to_have_text("This question was answered meanwhile")
        seat.page = stale
        assert violations(seat) == []
        seat.go(f"{PATH}/235")
        seat.press("h")
        expect(seat.page.locator("#keys")).to_be_visible()
        assert violations(seat) == []


def violations(seat: Any, path: str = "") -> list[str]:
    if path:
        seat.go(path)
    seat.page.evaluate(AXE)
    # Archived pages are not ours to mend: their frames are left out.
    result = seat.page.evaluate("axe.run(document, {iframes: false, resultTypes: ['violations']})")
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in result["violations"]]


@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ar")])
def test_axe_finds_nothing_where_evidence_was_altered(
    browser: Any, world: World, tmp_path: Path, scheme: str, language: str
) -> None:
    world.store.seal(world.assessment_id, Signer.open(tmp_path / "keys"))
    spoil(world)
    with seated(browser, world, color_scheme=scheme, bypass_csp=True) as seat:
        seat.go(f"/?lang={language}")
        for path in (PATH, f"{PATH}/234", f"{PATH}/c/{world.records['/privacy']}", f"{PATH}/234/history"):
            assert violations(seat, path) == [], path
            assert seat.page.locator(".state.altered").count()
