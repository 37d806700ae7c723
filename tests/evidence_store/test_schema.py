"""Migrations, tried with a second one made up here, as the next version would bring it."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from evidence_store import NeedsMigration, Store, Unreachable, WorkspaceBusy, WorkspaceTooNew, schema
from evidence_store.models import Base

Opener = Callable[..., Store]

NEXT = """
import sqlalchemy as sa
from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade():
    op.add_column("city", sa.Column("mayor", sa.String()))
"""


@pytest.fixture
def newer_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This program, as it were one version on."""
    migrations = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", migrations)
    (migrations / "versions" / "0002_next.py").write_text(NEXT)
    monkeypatch.setattr(schema, "MIGRATIONS", migrations)
    schema._known.cache_clear()
    yield
    schema._known.cache_clear()


def test_it_works(store: Store) -> None:
    """The migrations make what the models say."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_revision() == schema.head()
        assert compare_metadata(context, Base.metadata) == []


def test_an_old_workspace_is_migrated_only_when_asked(
    request: pytest.FixtureRequest, database_url: str | None, tmp_path: Path, own_database: str | None
) -> None:
    folder = tmp_path / "workspace"
    with Store.open(folder, database_url=own_database) as old:
        old.add_cities([])
    request.getfixturevalue("newer_version")
    with pytest.raises(NeedsMigration, match="0001"):
        Store.open(folder, database_url=own_database)
    with (
        Store.open(folder, database_url=own_database, migrate=True) as store,
        store.engine.connect() as connection,
    ):
        assert connection.execute(text("SELECT mayor FROM city")).all() == []
    copies = list(folder.glob("*-before-*.sqlite"))
    assert [copy.name for copy in copies] == ([] if own_database else ["losi-before-0002-from-0001.sqlite"])
    for copy in copies:
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


@pytest.mark.parametrize("migrate", [False, True])
def test_a_newer_workspace_is_left_alone(
    request: pytest.FixtureRequest, tmp_path: Path, own_database: str | None, migrate: bool
) -> None:
    folder = tmp_path / "workspace"
    Store.open(folder, database_url=own_database).close()
    engine = create_engine(own_database or f"sqlite:///{folder}/losi.sqlite")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()
    with pytest.raises(WorkspaceTooNew, match=r"newer version \(schema 0099\); upgrade"):
        Store.open(folder, database_url=own_database, migrate=migrate)


def test_no_migration_under_a_live_crawler(
    request: pytest.FixtureRequest, tmp_path: Path, own_database: str | None, prepare: Callable[..., None]
) -> None:
    folder = tmp_path / "workspace"
    with Store.open(folder, database_url=own_database) as old:
        prepare(old)
        lease = old.claim(old.plan_crawl("r/lima", budget=1).id, worker="spider")
        request.getfixturevalue("newer_version")
        with pytest.raises(WorkspaceBusy, match="spider is crawling"):
            Store.open(folder, database_url=own_database, migrate=True)
        old.finish(lease, stopped="settled")
    Store.open(folder, database_url=own_database, migrate=True).close()


def test_many_make_one_workspace(tmp_path: Path, own_database: str | None) -> None:
    opened: list[Store] = []
    start = threading.Barrier(4)

    def open_it() -> None:
        start.wait()
        opened.append(Store.open(tmp_path / "workspace", database_url=own_database))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.cities() for store in opened] == [[]] * 4
    for store in opened:
        store.close()


def test_somebody_elses_tables_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "losi.sqlite")) as connection:
        connection.execute("CREATE TABLE capture (x)")
    with pytest.raises(WorkspaceTooNew, match="unknown"):
        Store.open(tmp_path, migrate=True)


def test_sqlite_is_set_up_to_last(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}


def test_what_cannot_be_opened_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "losi.sqlite").write_bytes(b"no database at all" * 99)
    for folder, url in (
        (tmp_path / "file", None),
        (tmp_path, None),
        (tmp_path / "new", "postgresql://losi:secret@127.0.0.1:1/losi"),
    ):
        with pytest.raises(Unreachable, match="cannot be opened") as found:
            Store.open(folder, database_url=url)
        assert "secret" not in str(found.value)
        assert "\n" not in str(found.value)
