"""Pages that try to run, beacon, post or navigate, in a browser, framed and alone: nothing leaves or runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence_store import NewFinding
from review_ui import evidence_app
from tests.review_ui.browsing import PATH, Seat, Sink, seated
from tests.review_ui.builder import World, build

pytestmark = pytest.mark.browser
HOSTILE = sorted((Path(__file__).parent.parent / "hostile").glob("*.html"))


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture
def world(tmp_path: Path, sink: Sink) -> Iterator[World]:
    pages = {
        f"/{p.stem}": p.read_text(encoding="utf-8").replace("{{ sink }}", sink.url).encode() for p in HOSTILE
    }
    world = build(
        tmp_path, pages=pages, findings=lambda records: [NewFinding(test="101", outcome="cantTell")]
    )
    with world.store:
        yield world


def test_it_works(browser: Any, world: World, sink: Sink) -> None:
    """As the interface shows them: rewritten, framed, under policy; what can be clicked is clicked."""
    with seated(browser, world) as seat:
        for record in world.records.values():
            seat.go(f"{PATH}/c/{record}")
            poke(seat)
        assert settled(seat, sink) == []


def test_a_page_opened_alone(browser: Any, world: World, sink: Sink) -> None:
    with seated(browser, world) as seat:
        for address in frames(seat, world):
            seat.page.goto(address)
            inspect(seat)
        assert settled(seat, sink) == []


def test_the_policy_alone_would_do(
    browser: Any, world: World, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes unchanged: each of the two locks holds without the other."""
    monkeypatch.setattr(evidence_app, "safe_page", lambda source, **_: source)
    with seated(browser, world) as seat:
        for record in world.records.values():
            seat.go(f"{PATH}/c/{record}")
            poke(seat)
        assert settled(seat, sink) == []


def test_the_sink_hears_a_page_that_nothing_holds_back(browser: Any, world: World, sink: Sink) -> None:
    page = browser.new_page()
    page.set_content(f"<img src='{sink.url}/beacon'>", wait_until="load")
    page.close()
    assert b"GET /beacon HTTP/1.1" in sink.heard


def frames(seat: Seat, world: World) -> list[str]:
    found = []
    for record in world.records.values():
        seat.go(f"{PATH}/c/{record}")
        found.append(str(seat.page.locator("iframe").get_attribute("src")))
    return found


def poke(seat: Seat) -> None:
    """The frame is looked at, its bait clicked; the interface around it stays what it was."""
    seat.page.locator("iframe").scroll_into_view_if_needed()
    frame = seat.page.locator("iframe").element_handle().content_frame()
    assert frame
    frame.wait_for_load_state("load")
    bait = frame.query_selector("#go")
    if bait:
        bait.dispatch_event("click")
    assert seat.page.url.startswith(seat.origin)
    assert len(seat.page.context.pages) == 1
    assert seat.page.title() != "ran"


def inspect(seat: Seat) -> None:
    seat.page.wait_for_load_state("load")
    assert seat.page.title() != "ran"
    assert "marker" in seat.page.content()
    bait = seat.page.query_selector("#go")
    if bait:
        bait.dispatch_event("click")
    assert seat.page.url.startswith("http://localhost:")
    assert len(seat.page.context.pages) == 1
    assert seat.page.context.cookies(seat.page.url) == []


def settled(seat: Seat, sink: Sink) -> list[bytes]:
    """Heard before our own knock: connections of a browser to one host come in the order they were asked."""
    seat.page.goto("about:blank")
    page = seat.page.context.new_page()
    page.set_content(f"<img src='{sink.url}/knock'>", wait_until="load")
    assert b"GET /knock HTTP/1.1" in sink.heard
    return [line for line in sink.heard if b"/knock" not in line]
