"""Processes of ours that do a part of the work: so many at a time, and none outlives whoever started it."""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence

PARENT = "LOSI_PARENT"
POLL = 0.2  # seconds
PATIENCE = 40.0  # seconds: a download may take 30 to be given up


def run(commands: Sequence[Sequence[str]], *, at_once: int) -> list[int]:
    """Their exit codes, in order. Whatever interrupts it ends them, and returns when they are gone."""
    waiting = deque(enumerate(commands))
    running: dict[int, subprocess.Popen[bytes]] = {}
    codes: dict[int, int] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                number, arguments = waiting.popleft()
                running[number] = _start(arguments)
            time.sleep(POLL)
            ended = {number: code for number, one in running.items() if (code := one.poll()) is not None}
            codes |= ended
            running = {number: one for number, one in running.items() if number not in ended}
    finally:
        _end(running.values())
    return [codes[number] for number in range(len(commands))]


def mind_parent() -> None:
    """In a process that `run` started: when whoever started it is gone, it ends as if told to."""
    if PARENT in os.environ:
        threading.Thread(target=_mind, args=(int(os.environ[PARENT]),), daemon=True).start()


def _mind(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL)
    os.kill(os.getpid(), signal.SIGTERM)


def _start(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    # A group of its own: Ctrl-C on the terminal reaches it once, through us. A second one would be "at once".
    # TTY_COMPATIBLE=0: several progress bars on one terminal would overwrite each other.
    environment = {**os.environ, PARENT: str(os.getpid()), "TTY_COMPATIBLE": "0"}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(arguments, stdin=quiet, stdout=quiet, env=environment, process_group=0)


def _end(left: Iterable["subprocess.Popen[bytes]"]) -> None:
    """Politely; after PATIENCE, or when interrupted again, at once."""
    left = list(left)
    for one in left:
        one.terminate()
    until = time.monotonic() + PATIENCE
    try:
        for one in left:
            one.wait(max(until - time.monotonic(), 0.01))
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        for one in left:
            one.kill()
            one.wait()
