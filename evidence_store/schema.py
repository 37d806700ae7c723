"""The shape of the database: made when new, refused when newer, migrated when asked, with a copy first."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select, text

from evidence_store.database import moment, where
from evidence_store.errors import NeedsMigration, Unreachable, WorkspaceBusy, WorkspaceTooNew
from evidence_store.models import Crawl
from evidence_store.process import is_dead

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x6C6F7369  # "losi"


def settle_schema(folder: Path, engine: Engine, *, migrate: bool) -> None:
    """Make, accept or migrate. Raises WorkspaceTooNew, NeedsMigration, WorkspaceBusy."""
    if _is_current(engine, migrate):
        return
    with _exclusive(folder, engine):
        if _is_current(engine, migrate):
            return  # another process did it while we waited
        revision = _revision(engine)
        if revision is not None:
            _refuse_while_leased(engine)
            _copy(folder, engine, revision)
        else:
            _new(engine)
        with engine.execution_options(losi_write=True).begin() as connection:
            command.upgrade(_config(connection), "head")


def head() -> str:
    return _known()[0]


def _is_current(engine: Engine, migrate: bool) -> bool:
    revision = _revision(engine)
    if revision is None:
        return False
    if revision not in _known():
        raise WorkspaceTooNew(where(engine), revision)
    if revision != head() and not migrate:
        raise NeedsMigration(where(engine), revision)
    return revision == head()


def _revision(engine: Engine) -> str | None:
    """None for an empty database. Tables of somebody else's are not ours to touch."""
    with engine.connect() as connection:
        tables = inspect(connection)
        if tables.has_table("alembic_version"):
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return str(found) if found else None
        if tables.has_table("capture"):
            raise WorkspaceTooNew(where(engine), "unknown")
    return None


@cache
def _known() -> tuple[str, ...]:
    """Every revision this program knows, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _exclusive(folder: Path, engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with (folder / "losi.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        connection.execute(select(func.pg_advisory_lock(ADVISORY_LOCK)))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(ADVISORY_LOCK)))


def _refuse_while_leased(engine: Engine) -> None:
    live = select(Crawl.worker, Crawl.process, Crawl.lease_until).where(
        Crawl.state == "claimed", Crawl.lease_until > moment()
    )
    with engine.connect() as connection:
        for worker, process, until in connection.execute(live):
            if not is_dead(process):
                raise WorkspaceBusy(where(engine), str(worker), until or datetime.max)


def _copy(folder: Path, engine: Engine, revision: str) -> None:
    """PostgreSQL's operators have backups of their own; a laptop has not."""
    if engine.dialect.name != "sqlite":
        return
    target = folder / f"losi-before-{head()}-from-{revision}.sqlite"
    with closing(sqlite3.connect(folder / "losi.sqlite")) as old, closing(sqlite3.connect(target)) as copy:
        old.backup(copy)


def _new(engine: Engine) -> None:
    """Readers never wait for the writer in this mode; it is a property of the file and stays."""
    if engine.dialect.name == "sqlite":
        try:
            with closing(engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            raise Unreachable(where(engine), str(error)) from error
