"""Runs our verbs as children of one process that has imported everything, kills them, and buries what they leave.

Orphans of the killed become its own children (Linux), so that a stray process cannot hide. As a program it takes
orders from standard input, a JSON object a line, and answers on standard output.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.edition import load_edition
from checks.rulebook import load_rulebook
from tests.custody.faults import Fault, install, log_acknowledged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
SAYS = ("out", "err")
PR_SET_CHILD_SUBREAPER = 36
PRELOAD = (
    "losi.cli losi.sealing losi.bundling losi.mending losi.redacting losi.reviewing losi.verifying review_ui "
    "review_ui.dossier uvicorn uvicorn.protocols.http.auto uvicorn.loops.auto playwright.sync_api "
    "evidence_store.timestamps crawler.browser scrapy.core.downloader.handlers.http11 scrapy.core.scraper "
    "scrapy.extensions.closespider sqlalchemy.dialects.sqlite"
).split()


@dataclass
class Warden:
    """`acknowledged` is where the victims note what the store told them is durable."""

    program: subprocess.Popen[str]
    folder: Path

    @property
    def acknowledged(self) -> Path:
        return self.folder / "acknowledged"

    @property
    def said(self) -> str:
        """What the last victim said on either stream."""
        return "".join((self.folder / name).read_text() for name in SAYS)

    def start(self, *args: object, fault: Fault | None = None, **environment: str) -> int:
        given = {"args": [str(one) for one in args], "environment": environment}
        return int(self._order("start", **given, fault=fault and fault.__dict__)["pid"])

    def kill(self, pid: int, *, after: float = 0) -> int:
        """Its exit code: -9, or its own when it was quicker."""
        return int(self._order("kill", pid=pid, after=after)["code"])

    def run(self, *args: object, seconds: float = 120, **more: Any) -> int:
        return self.kill(self.start(*args, **more), after=seconds)

    def strays(self, seconds: float = 15) -> list[str]:
        """Command lines of what outlives the killed."""
        return list(self._order("bury", seconds=seconds)["left"])

    def _order(self, do: str, **given: Any) -> dict[str, Any]:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self.program.stdin.flush()
        answer: dict[str, Any] = json.loads(self.program.stdout.readline())
        return answer


@contextmanager
def hired(folder: Path) -> Iterator[Warden]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.custody.warden", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as program:
        try:
            yield Warden(program, folder)
        finally:
            assert program.stdin is not None
            program.stdin.close()


def _serve(folder: Path) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for name in PRELOAD:
        importlib.import_module(name)
    tempfile.gettempdir()  # found out by writing
    load_rulebook()
    load_edition("losi-2024")
    for line in sys.stdin:
        order = json.loads(line)
        answer = {"start": _start, "kill": _kill, "bury": _bury}[order.pop("do")](folder, **order)
        print(json.dumps(answer), flush=True)
    for pid in _children():
        os.kill(pid, signal.SIGKILL)


def _start(
    folder: Path, args: list[str], environment: Mapping[str, str], fault: Mapping[str, Any] | None
) -> dict[str, int]:
    for name in SAYS:
        (folder / name).write_bytes(b"")
    pid = os.fork()
    if pid == 0:
        os.environ.update(environment)
        _become(folder, args, Fault(**fault) if fault else None)
    return {"pid": pid}


def _become(folder: Path, args: list[str], fault: Fault | None) -> None:
    """Never returns."""
    code = 70
    try:
        for number, name in enumerate(SAYS, 1):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_APPEND), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log_acknowledged(folder / "acknowledged")
        if fault:
            install(fault)
        from losi.cli import main

        main(args)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _kill(folder: Path, pid: int, after: float) -> dict[str, int]:
    handle = os.pidfd_open(pid)
    try:
        select.select([handle], [], [], after)
    finally:
        os.close(handle)
    os.kill(pid, signal.SIGKILL)  # it is not waited for yet, so the number is still its own
    return {"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}


def _bury(folder: Path, seconds: float) -> dict[str, list[str]]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return {"left": []}
    return {"left": [_command_line(pid) for pid in _children()]}


def _children() -> list[int]:
    pid = os.getpid()
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return f"process {pid}"


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
