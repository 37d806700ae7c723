"""What can befall a process at its n-th durable step: it dies there, or the disk is full from there on."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import signal
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from evidence_store.captures import Captures

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

STEPS = ("write", "fsync", "link", "replace", "unlink")
COMMIT = "commit"  # of the database, by whatever does it


@dataclass(frozen=True)
class Fault:
    """`what` is "kill" or "full", `at` the step, counted from 1 over `steps`; a kill comes before or after it.

    Or "small": no file may grow beyond `at` bytes, the database's neither.
    """

    what: str
    at: int
    steps: tuple[str, ...] = STEPS


def install(fault: Fault) -> None:
    """In this process, for good."""
    if fault.what == "small":
        resource.setrlimit(resource.RLIMIT_FSIZE, (fault.at, resource.RLIM_INFINITY))
        return
    steps = itertools.count(1)
    if COMMIT in fault.steps:
        event.listen(Engine, COMMIT, _befallen(lambda connection: None, fault, steps))
    for name in set(fault.steps) & set(STEPS):
        if name != "unlink" or fault.what == "kill":  # what deletes needs no room
            setattr(os, name, _befallen(getattr(os, name), fault, steps))


def _befallen(do: Callable[..., Any], fault: Fault, steps: itertools.count[int]) -> Callable[..., Any]:
    @wraps(do)
    def befallen(*args: Any, **options: Any) -> Any:
        step = next(steps)
        if fault.what == "full" and step >= fault.at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if fault.what == "kill" and step == fault.at and step % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        done = do(*args, **options)
        if fault.what == "kill" and step == fault.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return befallen


def log_acknowledged(path: Path) -> None:
    """Each record's id, once the store has said that it is durable."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    note = os.write  # not the one that a fault befalls
    record, journal = Captures.record, Captures._journal

    def noted(future: Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            note(log, f"{future.result().record_id}\n".encode())

    def recorded(self: Captures, *args: Any, **options: Any) -> Future[Any]:
        future = record(self, *args, **options)
        future.add_done_callback(noted)
        return future

    def journaled(self: Captures, *args: Any, **options: Any) -> Any:
        capture = journal(self, *args, **options)
        note(log, f"{capture.record_id}\n".encode())
        return capture

    Captures.record = recorded  # type: ignore[method-assign]
    Captures._journal = journaled  # type: ignore[method-assign]
