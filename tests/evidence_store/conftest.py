"""The store's tests run on SQLite, and again on a throw-away PostgreSQL where its programs are found."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from evidence_store import City, Exchange, Lease, Store
from evidence_store.models import Base

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None means SQLite in the workspace's folder. On PostgreSQL the tables are emptied for each test."""
    if request.param == "sqlite":
        yield None
        return
    url = request.getfixturevalue("postgres_url")
    yield url
    engine = create_engine(url)
    with engine.begin() as connection:
        if connection.scalar(text("SELECT to_regclass('capture')")):
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
    engine.dispose()


@pytest.fixture
def own_database(database_url: str | None) -> Iterator[str | None]:
    """A database that a test may spoil."""
    if database_url is None:
        yield None
        return
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE spoiled"))
        yield database_url.removesuffix("/postgres") + "/spoiled"
        connection.execute(text("DROP DATABASE spoiled WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def open_store(tmp_path: Path, database_url: str | None) -> Iterator[Callable[..., Store]]:
    """Opens the same workspace as often as wanted, as several processes would."""
    opened: list[Store] = []

    def open_again(**options: Any) -> Store:
        opened.append(Store.open(tmp_path / "workspace", database_url=database_url, **options))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "workspace"
    with Store.open(folder) as store:
        _prepare(store)
    return folder


@pytest.fixture
def store(
    open_store: Callable[..., Store], database_url: str | None, prepared: Path, tmp_path: Path
) -> Store:
    """A round `r` of two cities, `lima` and `porto`."""
    if database_url is None:
        shutil.copytree(prepared, tmp_path / "workspace")
        return open_store()
    store = open_store()
    _prepare(store)
    return store


def _prepare(store: Store, protocol: str = "single") -> None:
    names = ["lima", "porto"]
    store.add_cities(
        City(id=name, name=name.title(), country="PRT", languages=["pt"], portal_url=f"http://{name}.test/")
        for name in names
    )
    texts = {"edition": "losi-2024", "edition_text": "edition: É", "rules_text": "rules"}
    store.open_round("r", **texts, city_ids=names, protocol=protocol)


@pytest.fixture
def prepare() -> Callable[..., None]:
    return _prepare


@pytest.fixture
def double(open_store: Callable[..., Store]) -> Store:
    store = open_store()
    _prepare(store, protocol="double")
    return store


@pytest.fixture
def lease(store: Store) -> Lease:
    return store.claim(store.plan_crawl("r/lima", budget=10).id, worker="test")


@pytest.fixture
def page() -> Callable[..., Exchange]:
    def make(path: str = "/", body: bytes = b"<p>Ol\xc3\xa1</p>", **fields: Any) -> Exchange:
        return Exchange(
            **{
                "url": f"http://lima.test{path}",
                "kind": "page",
                "requested_by": "spider",
                "time": NOON,
                "status": 200,
                "reason": "OK",
                "headers": (("Content-Type", "text/html; charset=utf-8"),),
                "body": body,
                **fields,
            }
        )

    return make
