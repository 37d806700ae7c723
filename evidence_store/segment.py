"""A WARC file while it is written: made exclusively, appended to by one writer, never opened again.

Its writer holds it by flock until it is closed: what can be locked by another is finished, whoever died meanwhile.
"""

import fcntl
import os
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evidence_store.errors import StoreFull
from evidence_store.warc import warcinfo


class Segment:
    """`broken` is why nothing more may be written: a torn member stays the last thing in a file."""

    def __init__(self, archive: Path, filename: str) -> None:
        """Raises FileExistsError, StoreFull."""
        path = archive / filename
        self.filename, self.size, self._fd = filename, 0, -1
        self.broken: StoreFull | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            sync_folders(path.parent, archive)
        except FileExistsError:
            raise
        except OSError as error:
            self.close()
            raise StoreFull(filename, error.strerror or str(error)) from error
        try:
            self.append(warcinfo(path.name, software()))
        except StoreFull:
            self.close()
            raise

    def append(self, data: bytes) -> int:
        """The offset it begins at; raises StoreFull, and again for everything after."""
        if self.broken:
            raise self.broken
        offset = self.size
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            self._fail(error)
        self.size += len(data)
        return offset

    def sync(self) -> None:
        """Durable, or StoreFull."""
        if self.broken:
            raise self.broken
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def _fail(self, error: OSError) -> None:
        self.broken = StoreFull(self.filename, error.strerror or str(error))
        raise self.broken from error


def software() -> str:
    try:
        return f"losi/{version('losi')}"
    except PackageNotFoundError:
        return "losi"


def sync_folders(folder: Path, top: Path) -> None:
    """A new name in a folder is durable once the folder is."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    if folder != top:
        sync_folders(folder.parent, top)
