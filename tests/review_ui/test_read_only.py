"""A bundle is read: nothing can be answered, all else is as in a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence_store import NewAnswer
from review_ui import Bundle, create_app
from tests.review_ui.builder import CITY, ROUND, World, build
from tests.review_ui.conftest import EVIDENCE, HOST, OWN, TOKEN, TestClient

PATH = f"/a/{ROUND}/{CITY}"
ABOUT = Bundle(
    name="river.wacz",
    assessment_id=f"{ROUND}/{CITY}",
    signer="ed25519:" + "ab" * 32,
    made="2026-11-23T10:00:00Z",
    sealed="2026-11-23T09:59:00Z",
)


def reading(world: World) -> TestClient:
    app = create_app(
        world.store, token=TOKEN, evidence_origin=EVIDENCE, host=HOST, read_only=True, bundle=ABOUT
    )
    client = TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)
    client.cookies.set("losi_token_8765", TOKEN)
    return client


@pytest.fixture
def reader(world: World) -> TestClient:
    world.store.answer(
        world.assessment_id, NewAnswer(test="234", outcome="passed", mode="manual"), "Ana Sousa"
    )
    return reading(world)


def test_it_works(reader: TestClient) -> None:
    for path in ("/", f"/r/{ROUND}", PATH, f"{PATH}/234", f"{PATH}/234/history", f"{PATH}/trail", "/help"):
        page = reader.get(path).text
        assert "You are reading a bundle:" in page, path
        assert ABOUT.signer in page
        assert "self-attested" in page
        assert 'method="post"' not in page
    page = reader.get(f"{PATH}/234").text
    assert "Ana Sousa" in page
    assert "The rules propose" in page
    assert 'class="decision"' not in page


@pytest.mark.parametrize("path", [f"{PATH}/234", f"{PATH}/234/undo", "/person"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(reader: TestClient, world: World, path: str, method: str) -> None:
    answer = reader.request(method, path, data={"outcome": "failed", "code": "234"}, headers=OWN)
    assert answer.status_code == 403
    assert "This is a bundle: its answers stand as they were given." in answer.text
    assert [row.outcome for row in world.store.answers(world.assessment_id, viewer=None)] == ["passed"]


def test_a_name_in_a_cookie_opens_nothing(tmp_path: Path) -> None:
    """In a double round that is not locked, nobody's answers are in a bundle's pages."""
    world = build(tmp_path, protocol="double")
    with world.store:
        new = NewAnswer(test="234", outcome="passed", mode="manual", info={"note": "mine alone"})
        world.store.answer(world.assessment_id, new, "Ana")
        reader = reading(world)
        reader.cookies.set("losi_name", "Ana")
        for path in (f"{PATH}/234", f"{PATH}/234/history"):
            assert "mine alone" not in reader.get(path).text


def test_the_results_are_those_that_were_packed(reader: TestClient, world: World) -> None:
    assert json.loads(reader.get(f"{PATH}/results.json").text)["cities"][0]["id"] == CITY
    packed = b'{"schema": "losi-results/1", "cities": []}'
    world.store.journal(world.assessment_id, "results", f"urn:losi:results:{ROUND}/{CITY}", packed)
    answer = reader.get(f"{PATH}/results.json")
    assert answer.content == packed
    assert answer.headers["content-disposition"].startswith("attachment")
