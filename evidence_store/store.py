"""The Store: a workspace, opened."""

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from evidence_store.answers import Answers
from evidence_store.database import LEASE_SECONDS, engine_of, first_line, where
from evidence_store.errors import StoreFull, Unreachable
from evidence_store.redacting import Redactions
from evidence_store.reindex import Reindex
from evidence_store.rounds import Rounds
from evidence_store.runs import Runs
from evidence_store.schema import settle_schema
from evidence_store.turns import Turns


class Store(Rounds, Redactions, Reindex, Turns, Runs, Answers):
    """Thread-safe; one per workspace and process. Rows it hands out are detached values."""

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        database_url: str | None = None,
        migrate: bool = False,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Self:
        """A new workspace is made.

        Raises Unreachable, WorkspaceTooNew, NeedsMigration unless `migrate`, WorkspaceBusy.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(str(folder), error.strerror or str(error)) from error
        return cls(folder, _ready(folder, database_url, migrate), lease_seconds)

    def close(self) -> None:
        """What was handed to `record` before is written first; leases that are still held end."""
        with suppress(StoreFull):  # then they run out by themselves
            self.let_go()
        self._close_files()
        self._dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ready(folder: Path, database_url: str | None, migrate: bool) -> Engine:
    engine = engine_of(folder, database_url)
    try:
        settle_schema(folder, engine, migrate=migrate)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, DBAPIError):
            raise Unreachable(where(engine), first_line(error)) from error
        raise
    return engine
