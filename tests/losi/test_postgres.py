"""A round on PostgreSQL, by the command line: two processes, two cities on one host, results and review."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from evidence_store import City, Store
from losi import cli, fleet
from losi.workspace import Workspace
from review_ui import create_app
from tests.crawler.site import Reply, Site, page, serving

pytestmark = pytest.mark.postgres
PAGES = [f"matter-{chr(97 + n)}" for n in range(12)]
TOWNS = ("a", "b")


@pytest.fixture
def workspace(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("LOSI_BROWSER", "/nowhere")
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE round"))
        url = postgres_url.removesuffix("/postgres") + "/round"
        (tmp_path / "losi.toml").write_text(f'[store]\ndatabase_url = "{url}"\n')
        yield Workspace(tmp_path)
        connection.execute(text("DROP DATABASE round WITH (FORCE)"))
    engine.dispose()


def two_towns() -> Site:
    """Two portals in two folders of one host."""
    pages: dict[str, Reply | str] = {"/robots.txt": Reply(b"User-agent: *\nDisallow:\n", mime="text/plain")}
    for town in TOWNS:
        pages[f"/{town}/"] = page(town, *(f"/{town}/{name}" for name in PAGES), "/privacy")
        pages |= {f"/{town}/{name}": page(name) for name in PAGES}
    return Site(pages, latency=0.02)


def open_round(store: Store, site: Site) -> None:
    store.add_cities(
        City(id=town, name=town, country="USA", languages=["en"], portal_url=f"{site.url}{town}/")
        for town in TOWNS
    )
    fleet.open_round(store, "r", edition="losi-2024", city_ids=TOWNS, advice={"A": "before"})


def losi(workspace: Workspace, *arguments: str) -> str:
    ran = CliRunner().invoke(cli.main, ["--workspace", str(workspace.folder), *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


async def read(app: Any) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as reader:
        reader.cookies.set("losi_token_8765", "t")
        answer = await reader.get("/a/r/a/234")
    assert answer.status_code == 200, answer.text


def test_it_works(workspace: Workspace) -> None:
    site = two_towns()
    with serving(site):
        with workspace.open_store() as store:
            open_round(store, site)
        said = losi(workspace, "crawl", "r", "--jobs", "2", "--delay", "0.02", "--allow-private")
        assert said == "a: exhausted\nb: exhausted\n"
        asked = list(site.log)
        losi(workspace, "crawl", "r", "--jobs", "2", "--allow-private")
    assert site.log == asked, "what is finished is left alone"
    assert site.most_at_once == 1, "one request at a time, whoever asks"
    towns = "".join(path[1] for path in asked if path[1:2] in TOWNS)
    assert {"ab", "ba"} <= {towns[n : n + 2] for n in range(len(towns))}, "they took turns"
    assert "a" in losi(workspace, "check", "r")
    document = json.loads(losi(workspace, "export", "r"))
    assert [len(city["indicators"]) for city in document["cities"]] == [95, 95]
    assert all(city["pages"] > len(PAGES) for city in document["cities"])
    with workspace.open_store() as store:
        app = create_app(store, token="t", evidence_origin="http://localhost:1", host="127.0.0.1:8765")
        asyncio.run(read(app))
