"""A verified bundle's segments and seals put back where they came from: an archive again, which can be indexed."""

import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from evidence_store import verifier
from evidence_store.draft import draft_of
from evidence_store.errors import ArchiveDiffers, BadBundle, StoreFull
from evidence_store.keys import HISTORY, merged
from evidence_store.sealing import replace
from evidence_store.segment import sync_folders
from evidence_store.store import Store

CHUNK = 1 << 20
LEDGER = "indexes/ledger.jsonl"
OF = re.compile(r"[a-z0-9-]{1,100}/[a-z0-9-]{1,100}")
SEGMENT = re.compile(r"archive/([a-z0-9-]{1,200}\.warc\.gz)")
PROOF = re.compile(r"seals/(seal-\d{4,}\.json|seal-\d{4,}\.[a-z0-9.-]{1,200}\.tsr)")
FINGERPRINT = re.compile(r"seals/(fingerprint-\d{4}-\d\d-\d\d(?:-\d+)?\.json)")


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the bundle, and where in the archive it belongs."""

    name: str
    target: Path


@contextmanager
def unbundled(file: Path) -> Iterator[tuple[Store, str]]:
    """A store of nothing but what the bundle holds, and the assessment's id; gone when the block ends.

    Raises BadBundle for what was altered or cannot be read.
    """
    check(file)
    with tempfile.TemporaryDirectory(prefix="losi-") as folder:
        of = restore(file, Path(folder) / "archive")
        with Store.open(Path(folder)) as store:
            report = store.reindex()
            if report.faults:
                raise BadBundle(file, report.faults[0])
            yield store, of


def check(file: Path) -> verifier.Report:
    """Raises BadBundle unless all is as it was packed; whether anybody vouches for it, the report says."""
    report = verifier.verify(file)
    if report.verdict not in ("sound", "unsealed", "misquoted"):
        first = next((f" ({one['where']}: {one['what']})" for one in report.problems), "")
        raise BadBundle(file, f"it is {report.verdict}{first}")
    return report


def restore(bundle: Path, archive: Path) -> str:
    """The assessment's id. Of a *verified* bundle: nothing is checked here but that it fits what is there.

    Files that are there already stay. Raises ArchiveDiffers, before anything is written, BadBundle, StoreFull.
    """
    try:
        with zipfile.ZipFile(bundle) as packed:
            of = _of(bundle, packed)
            items = list(_items(bundle, packed, of, archive))
            for item in items:
                _refuse_other(packed, item)
            _put(packed, [item for item in items if not item.target.exists()], archive)
            _add_keys(packed, archive)
            return of
    except (zipfile.BadZipFile, NotImplementedError, KeyError, EOFError) as error:
        raise BadBundle(bundle, f"cannot be read: {error}") from error


def _of(bundle: Path, packed: zipfile.ZipFile) -> str:
    """As the signature says it; where there is none, as a record says it."""
    said: Any = _json(packed.read("datapackage-digest.json"))
    for name in ("losi", "bundle", "of"):
        said = said.get(name) if isinstance(said, dict) else None
    of = str(said or _of_ledger(packed))
    if not OF.fullmatch(of):
        raise BadBundle(bundle, "it does not say of which city and round it is")
    return of


def _of_ledger(packed: zipfile.ZipFile) -> str:
    with packed.open(LEDGER) as lines:
        for line in lines:
            said = _json(line)
            if said.get("kind") == "assessment":
                return str(said.get("url", "")).removeprefix("urn:losi:assessment:")
    return ""


def _json(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _items(bundle: Path, packed: zipfile.ZipFile, of: str, archive: Path) -> Iterator[Item]:
    """Segments, then their seals in order: what is cut short is less, never wrong."""
    folder, names = archive / of, packed.namelist()
    for pattern, target in ((SEGMENT, folder), (PROOF, folder), (FINGERPRINT, folder.parent)):
        for name in sorted(names):
            if match := pattern.fullmatch(name):
                yield Item(name, target / match.group(1))
    known = (SEGMENT, PROOF, FINGERPRINT)
    for name in names:
        ours = name.startswith(("archive/", "seals/")) and name != f"seals/{HISTORY}"
        if ours and not any(pattern.fullmatch(name) for pattern in known):
            raise BadBundle(bundle, f"{name!r} is no name that a bundle of ours has")


def _refuse_other(packed: zipfile.ZipFile, item: Item) -> None:
    """A segment may go on where the bundle ends: a tail outside the evidence is not packed."""
    try:
        with item.target.open("rb") as there, packed.open(item.name) as ours:
            while chunk := ours.read(CHUNK):
                if there.read(len(chunk)) != chunk:
                    raise ArchiveDiffers(item.target)
            if there.read(1) and not SEGMENT.fullmatch(item.name):
                raise ArchiveDiffers(item.target)
    except FileNotFoundError:
        return


def _put(packed: zipfile.ZipFile, items: Sequence[Item], archive: Path) -> None:
    """All of them, whole and durable, or none: a part of a city would look like a city that was altered."""
    drafts = {item.target: draft_of(item.target) for item in items}
    try:
        for item in items:
            item.target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(item.name) as source, drafts[item.target].open("xb") as file:
                _copy(source, file)
        for target, draft in drafts.items():
            with suppress(FileExistsError):  # another process takes in the same
                os.link(draft, target)
        for folder in {target.parent for target in drafts}:
            sync_folders(folder, archive)
    except OSError as error:
        raise StoreFull(str(archive), error.strerror or str(error)) from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _copy(source: IO[bytes], file: IO[bytes]) -> None:
    while chunk := source.read(CHUNK):
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())


def _add_keys(packed: zipfile.ZipFile, archive: Path) -> None:
    """The histories of the keys that sealed it, beside those that are here."""
    name, path = f"seals/{HISTORY}", archive / HISTORY
    if name not in packed.namelist():
        return
    known = path.read_bytes() if path.exists() else b""
    if (now := merged(known, packed.read(name))) != known:
        replace(path, now)
