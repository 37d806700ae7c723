"""One small workspace per test, copied from one built once, and the two apps over it."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evidence_store import Store
from review_ui import create_app, create_evidence_app
from review_ui.evidence_links import evidence_key
from tests.review_ui.builder import CITY, ROUND, World, build

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather have httpx2
    from starlette.testclient import TestClient

TOKEN = "a-launch-token"
HOST = "127.0.0.1:8765"
EVIDENCE = "http://localhost:8766"
OWN = {"sec-fetch-site": "same-origin"}


@dataclass(frozen=True)
class Desk:
    """A person at the keyboard: no script, native forms."""

    world: World
    client: TestClient
    stranger: TestClient

    @property
    def store(self) -> Store:
        return self.world.store

    def question(self, code: str, query: str = "") -> str:
        return self.get(f"/a/{ROUND}/{CITY}/{code}{query}")

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return str(answer.text)

    def post(self, path: str, data: dict[str, str], **headers: str) -> Any:
        return self.client.post(path, data=data, headers={**OWN, **headers})

    def press(self, code: str, outcome: str, *, note: str = "", page: str | None = None, **more: str) -> Any:
        """What the browser sends when a button of the question's own form is pressed."""
        fields = hidden_fields(page if page is not None else self.question(code), "decide")
        return self.post(f"/a/{ROUND}/{CITY}/{code}", {**fields, "outcome": outcome, "note": note, **more})

    def current(self) -> dict[str, str]:
        rows = self.store.current_answers(self.world.assessment_id, viewer="local assessor")
        return {code: row.outcome for code, row in rows.items()}


def hidden_fields(page: str, form_id: str) -> dict[str, str]:
    form = re.search(rf'<form id="{form_id}".*?</form>', page, re.S)
    assert form, f"no form {form_id}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = build(tmp_path_factory.mktemp("workspace"))
    world.store.close()
    return world


@pytest.fixture
def world(built: World, tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "workspace"
    shutil.copytree(built.store.folder, folder)
    with Store.open(folder) as store:
        yield World(store, built.records)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with opened(world) as desk:
        yield desk


class opened:
    """The interface over a workspace, signed in; `stranger` has no token."""

    def __init__(self, world: World) -> None:
        self.app = create_app(world.store, token=TOKEN, evidence_origin=EVIDENCE, host=HOST)
        self.world = world

    def __enter__(self) -> Desk:
        base = f"http://{HOST}"
        client = TestClient(self.app, base_url=base, follow_redirects=False)
        client.cookies.set("losi_token_8765", TOKEN)
        return Desk(self.world, client, TestClient(self.app, base_url=base, follow_redirects=False))

    def __exit__(self, *error: object) -> None:
        return None


@pytest.fixture
def evidence(world: World) -> TestClient:
    app = create_evidence_app(world.store, ui_origin=f"http://{HOST}", key=evidence_key(TOKEN))
    return TestClient(app, base_url=EVIDENCE, follow_redirects=False)
