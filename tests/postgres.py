"""A PostgreSQL server of the tests' own, from the machine's programs, on loopback, thrown away at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def throw_away_server() -> Iterator[str]:
    """Its address; skips the test where PostgreSQL's programs are not on the machine."""
    programs = _programs()
    if programs is None:
        pytest.skip("initdb and pg_ctl are not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="losi-pg-"))
    as_user = _ordinary_user(folder)
    port = _free_port()
    data, options = folder / "data", f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
    _run(as_user, programs / "initdb", "--no-sync", "-A", "trust", "-U", "losi", "-E", "UTF8", "-D", data)
    try:
        _run(as_user, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        yield f"postgresql+psycopg://losi@127.0.0.1:{port}/postgres"
    finally:
        _run(as_user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _ordinary_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to be started by root."""
    if os.geteuid() != 0:
        return []
    try:
        shutil.chown(folder, "postgres")
    except LookupError:
        pytest.skip("root without a user `postgres`: PostgreSQL refuses to be started by root")
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(as_user: list[str], *command: object) -> None:
    # The server keeps what it inherits: no pipe may be left to wait for.
    subprocess.run(
        [*as_user, *map(str, command)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
