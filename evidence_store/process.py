"""Which process holds something, and whether it lives: that can be said of this machine's only."""

import functools
import os
import socket
import subprocess
import sys
from pathlib import Path


def this_process() -> str:
    """ "machine:pid:start": the start tells a later process of the same number apart."""
    return _identity(os.getpid())


def is_dead(identity: str | None) -> bool:
    """True only when it is certain: a process of this machine that is gone, a zombie, or another by now."""
    if not identity:
        return False
    machine, pid, start = identity.rsplit(":", 2)
    return machine == _machine() and _start(int(pid)) != start


def is_running(pid: int) -> bool:
    """Of this machine; it may be another by now than the one that had the number."""
    return _start(pid) != ""


@functools.lru_cache(maxsize=4)
def _identity(pid: int) -> str:
    return f"{_machine()}:{pid}:{_start(pid)}"


@functools.cache
def _machine() -> str:
    """The host name, and on Linux the process namespace: containers may share the one, never the other."""
    try:
        return f"{socket.gethostname()}/{os.readlink('/proc/self/ns/pid')[5:-1]}"
    except OSError:
        return socket.gethostname()


def _start(pid: int) -> str:
    """When the process began, in the system's own words; empty when there is none, or only its corpse."""
    return _start_linux(pid) if sys.platform.startswith("linux") else _start_elsewhere(pid)


def _start_linux(pid: int) -> str:
    try:
        # proc(5): the name in brackets may contain anything; after it field 3 is the state, 22 the start.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _start_elsewhere(pid: int) -> str:
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": os.defpath}
    )
    state, _, start = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else start.strip().replace(":", ".")
