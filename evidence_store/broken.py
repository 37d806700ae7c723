"""A database file that SQLite cannot read is set aside, never deleted: the archive makes another."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

NAME = "losi.sqlite"
BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside_if_broken(folder: Path) -> tuple[Path, str] | None:
    """Its new name and what was wrong; None when it can be read, or there is none."""
    path = folder / NAME
    why = _fault(path) if path.is_file() else ""
    if not why:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = folder / f"losi-broken-{stamp}.sqlite"
    for suffix in ("-wal", "-shm", ""):  # the database itself last: until then the same command starts again
        if (part := folder / (NAME + suffix)).exists():
            part.rename(folder / (aside.name + suffix))
    return aside, why


def _fault(path: Path) -> str:
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in BROKEN:
            return str(error)
        raise
    return "" if said == "ok" else str(said).partition("\n")[0]
