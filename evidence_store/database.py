"""Connections and transactions, alike for SQLite and PostgreSQL. Times that decide are the database's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, String, create_engine, event, literal, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from evidence_store.errors import StoreFull, Unreachable
from evidence_store.models import Assessment, UtcTime

BUSY_SECONDS = 30
LEASE_SECONDS = 120.0


class moment(FunctionElement[datetime]):
    """The database's clock, `seconds` from now."""

    type = UtcTime()
    inherit_cache = True

    def __init__(self, seconds: float | ColumnElement[float] = 0.0) -> None:
        super().__init__(literal(float(seconds)) if isinstance(seconds, int | float) else seconds)


class today(FunctionElement[str]):
    """The database's day in UTC, as 2026-11-23."""

    type = String()
    inherit_cache = True


@compiles(moment, "sqlite")
def _moment_sqlite(element: moment, compiler: SQLCompiler, **kw: Any) -> str:
    # Six decimals, as SQLAlchemy writes its own: SQLite compares times as text.
    shift = f"printf('%+.3f seconds', {compiler.process(element.clauses, **kw)})"
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {shift}) || '000')"


@compiles(moment, "postgresql")
def _moment_postgresql(element: moment, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **kw)}))"


@compiles(today, "sqlite")
def _today_sqlite(element: today, compiler: SQLCompiler, **kw: Any) -> str:
    return "strftime('%Y-%m-%d', 'now')"


@compiles(today, "postgresql")
def _today_postgresql(element: today, compiler: SQLCompiler, **kw: Any) -> str:
    return "to_char(timezone('UTC', clock_timestamp()), 'YYYY-MM-DD')"


def engine_of(folder: Path, database_url: str | None) -> Engine:
    if database_url:
        return create_engine(
            _driver(make_url(database_url)), pool_size=8, max_overflow=24, pool_pre_ping=True
        )
    url = URL.create("sqlite", database=str(folder / "losi.sqlite"))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=8, max_overflow=56)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _turn_engine(engine: Engine) -> Engine:
    """Whose turn it is need not survive a power cut: on SQLite these commit without waiting for the disk."""
    if engine.dialect.name != "sqlite":
        return engine
    lazy = create_engine(engine.url, connect_args={"timeout": BUSY_SECONDS}, pool_size=2, max_overflow=62)
    event.listen(lazy, "connect", _prepare_sqlite)
    event.listen(lazy, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = NORMAL"))
    event.listen(lazy, "begin", _begin_sqlite)
    return lazy


def where(engine: Engine) -> str:
    """What a person calls the database; never its password."""
    return str(engine.url.database) if engine.dialect.name == "sqlite" else engine.url.render_as_string()


def first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]


def _driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: a reader that turns writer can be refused with no way to wait."""
    writes = connection.get_execution_options().get("losi_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """What every part of the Store stands on."""

    folder: Path

    def __init__(self, folder: Path, engine: Engine, lease_seconds: float = LEASE_SECONDS) -> None:
        self.folder, self.engine, self.lease_seconds = folder, engine, lease_seconds
        self._writing_engine = engine.execution_options(losi_write=True)
        self._turning_engine = _turn_engine(engine).execution_options(losi_write=True)
        # SQLite lets waiters sleep and try again; threads of one process can queue properly instead.
        self._turnstile = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                yield session
        except DBAPIError as error:
            raise Unreachable(where(self.engine), first_line(error)) from error

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, committed at the end of the block."""
        with (
            self._plainly(),
            self._turnstile,
            Session(self._writing_engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def recording(self) -> Iterator[Connection]:
        """As `writing`, without the ORM, for what happens with every page."""
        with self._plainly(), self._turnstile, self._writing_engine.begin() as connection:
            yield connection

    @contextmanager
    def turning(self) -> Iterator[Connection]:
        """One transaction about whose turn it is."""
        with self._plainly(), self._turnstile, self._turning_engine.begin() as connection:
            yield connection

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """A full disk, a lock never let go, a server that is gone: one line, and nothing was changed."""
        try:
            yield
        except OperationalError as error:
            raise StoreFull(where(self.engine), first_line(error)) from error

    def _dispose(self) -> None:
        self.engine.dispose()
        self._turning_engine.dispose()

    def now(self, session: Session) -> datetime:
        return session.scalars(select(moment())).one()

    def lock(self, session: Session, assessment_id: str) -> Assessment | None:
        """Every statement about an assessment first holds its row; on SQLite the transaction does already."""
        return session.scalars(
            select(Assessment).where(Assessment.id == assessment_id).with_for_update()
        ).one_or_none()
