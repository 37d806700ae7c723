"""Files on their way to their place, under a name that nothing of ours looks for; what a dead process left of them."""

import os
import re
import time
from pathlib import Path

from evidence_store.process import is_running

NAME = re.compile(r"\..+\.(\d{1,9})\.[0-9a-f]{8}")
SHARED_SECONDS = 600  # of another machine nobody can ask here; none of ours writes that long without a byte


def draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")


def sweep(folder: Path, *, shared: bool) -> list[Path]:
    """Deletes what dead processes left in it and below; where machines share it, only what is old too."""
    found = [path for path in sorted(folder.rglob(".*")) if path.is_file() and _is_left(path, shared)]
    for path in found:
        path.unlink(missing_ok=True)
    return found


def _is_left(path: Path, shared: bool) -> bool:
    named = NAME.fullmatch(path.name)
    if named is None or is_running(int(named.group(1))):
        return False
    return not shared or time.time() - path.stat().st_mtime > SHARED_SECONDS
