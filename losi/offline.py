"""While something runs that must not need a network: whoever tries to use one, or to start a program, fails."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# What Python says before it does it; a program of another's would be outside of our reach.
_REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "pty.")
_HARMLESS = frozenset({"socket.__new__", "socket.gethostname"})  # asks nobody


class Offline(PermissionError):
    """Not an error of the network: it was not asked."""


@dataclass
class _Switch:
    """An audit hook can be set, never taken away: it is set once, and asks this."""

    is_set: bool = False
    blocks: list[list[str]] = field(default_factory=list)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.blocks and event.startswith(_REFUSED) and event not in _HARMLESS:
            for tried in self.blocks:
                tried.append(event)
            raise Offline(f"{event} while offline")


_SWITCH = _Switch()


@contextmanager
def offline() -> Iterator[list[str]]:
    """For the whole process, all threads. Gives what was tried, for what swallows the exception."""
    if not _SWITCH.is_set:
        sys.addaudithook(_SWITCH.hear)
        _SWITCH.is_set = True
    tried: list[str] = []
    _SWITCH.blocks.append(tried)
    try:
        yield tried
    finally:
        _SWITCH.blocks = [one for one in _SWITCH.blocks if one is not tried]
