"""Closed segments get their seals: read again from the disk, counted, signed, each naming the one before."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select

from evidence_store.draft import draft_of
from evidence_store.errors import ArchiveError, BrokenChain, DigestMismatch, NotFound, StoreFull, StrangeKey
from evidence_store.keys import HISTORY, Signer, merged
from evidence_store.models import Capture, Crawl
from evidence_store.seal import (
    Fingerprint,
    Head,
    Seal,
    chained,
    parse_seal,
    seal_document,
    seal_name,
    seal_number,
    time_after,
)
from evidence_store.segment import software, sync_folders
from evidence_store.timestamps import Query, authority_name
from evidence_store.verifier import Fault, Tree, heads
from evidence_store.work import Work

SEGMENTS = "*.warc.gz"


@dataclass(frozen=True)
class Due:
    """A question to an authority that has not been answered yet."""

    of: str
    seal: str
    authority: str
    query: Query


class Sealing(Work):
    def seal(self, of: str, signer: Signer) -> list[Seal]:
        """Seals every closed segment of a folder, "<round>/<city>" or "<round>"; own journals there are closed first.

        Raises NoKey, BrokenChain, StoreFull, and DigestMismatch once all that is sound is sealed.
        """
        self.close_journal(of)
        made, damaged = list[Seal](), list[ArchiveError]()
        for path in self._unsealed(of):
            try:
                with self._closed(of, path) as file:
                    seal = self._seal(of, path, file, signer) if file else None
            except DigestMismatch as error:
                damaged.append(error)
                continue
            if seal:
                made.append(seal)
        if damaged:
            raise damaged[0]
        return made

    def admit(self, signer: Signer) -> None:
        """The key signs here too from now on, beside those that did. Raises StoreFull, NoKey."""
        own = signer.statements()
        self._make_folder(self.archive)
        fd = os.open(self.archive, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            known = self._keys()
            if (now := merged(known, own)) != known:
                replace(self.archive / HISTORY, now)
        finally:
            os.close(fd)

    def seals(self, of: str) -> list[Seal]:
        """In their order. Raises BrokenChain; signatures are the verifier's matter."""
        folder = self.archive / of
        try:
            return list(chained(map(_read_seal, _seal_paths(folder)), of))
        except (ValueError, OSError) as error:
            raise BrokenChain(f"archive/{of}", str(error)) from error

    def due(self, of: str, authorities: Iterable[str]) -> list[Due]:
        """Timestamps that the last seal of a folder lacks; it stands for all before it. Raises BrokenChain."""
        seals = self.seals(of)
        if not seals:
            return []
        path = self.archive / of / seals[-1].name
        lacking = [url for url in authorities if not _stamp_path(path, url).exists()]
        return [Due(of, path.name, url, Query(path.read_bytes())) for url in lacking]

    def keep_timestamp(self, due: Due, reply: bytes) -> datetime:
        """The raw reply beside its seal, once it is found to answer. Raises BadTimestamp, StoreFull."""
        time = due.query.time_in(reply)
        with suppress(FileExistsError):  # another process asked too
            put(_stamp_path(self.archive / due.of / due.seal, due.authority), reply)
        return time

    def fingerprint(self, round_id: str) -> Fingerprint:
        """Of what is sealed by now; the day's last one again when nothing was sealed since.

        Raises NotFound (nothing is sealed), BrokenChain, StoreFull.
        """
        heads = self._heads(round_id)
        if not heads:
            raise NotFound("seal", round_id, "make one with: losi seal")
        day = datetime.now(UTC).date().isoformat()
        while True:
            known = self._fingerprints(round_id, day)
            if known and known[-1].heads == heads:
                return known[-1]
            number = f"-{len(known) + 1}" if known else ""
            made = Fingerprint(round_id, day, heads, f"{round_id}/fingerprint-{day}{number}.json")
            with suppress(FileExistsError):  # another process made one
                put(self.archive / made.filename, made.document)
                return made

    def _heads(self, round_id: str) -> dict[str, Head]:
        folder = self.archive / round_id
        chains = {"": round_id} | {
            path.parent.name: f"{round_id}/{path.parent.name}" for path in _firsts(folder)
        }
        last = {name: seals[-1] for name, of in sorted(chains.items()) if (seals := self.seals(of))}
        return {name: Head(seal.number, seal.digest) for name, seal in last.items()}

    def _fingerprints(self, round_id: str, day: str) -> list[Fingerprint]:
        """That day's, in their order."""
        found, number = list[Fingerprint](), 1
        while True:
            name = f"{round_id}/fingerprint-{day}{f'-{number}' if number > 1 else ''}.json"
            try:
                found.append(Fingerprint.parse((self.archive / name).read_bytes(), name))
            except FileNotFoundError:
                return found
            except ValueError as error:
                raise BrokenChain(f"archive/{name}", str(error)) from error
            number += 1

    def unsealed(self, of: str) -> list[str]:
        """Segments with something in them that no seal names; one still being written is among them."""
        return [path.name for path in self._unsealed(of) if path.stat().st_size and _has_record(path)]

    def being_written(self, of: str) -> list[str]:
        """Segments that somebody writes now; they can be sealed once that has ended."""
        written = []
        for path in self._unsealed(of):
            with self._closed(of, path) as file:
                if file is None:
                    written.append(path.name)
        return written

    def _unsealed(self, of: str) -> list[Path]:
        named = {seal.segment for seal in self.seals(of)}
        return [path for path in sorted((self.archive / of).glob(SEGMENTS)) if path.name not in named]

    @contextmanager
    def _closed(self, of: str, path: Path) -> Iterator[BinaryIO | None]:
        """The file, held so that nobody writes it; None while somebody does."""
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            yield None if self._is_written(f"{of}/{path.name}") else file

    def _is_written(self, filename: str) -> bool:
        """On another machine, whose locks may not reach this one: its lease does."""
        crawl_id, _, token = filename.rpartition("/")[2].removesuffix(".warc.gz").rpartition("-")
        with self.reading() as session:
            crawl = session.get(Crawl, crawl_id)
        return crawl is not None and str(crawl.token) == token and self.is_taken(crawl_id)

    def _seal(self, of: str, path: Path, file: BinaryIO, signer: Signer) -> Seal | None:
        tree = self._tree(f"{of}/{path.name}", file)
        if not tree.count:
            return None
        self.check_key(signer)
        while True:
            before = self.seals(of)
            if path.name in {seal.segment for seal in before}:
                return None
            data = seal_document(
                signer,
                of=of,
                number=len(before) + 1,
                previous=before[-1].digest if before else "",
                segment=path.name,
                records=tree.count,
                root=tree.root(),
                sealed=time_after(before[-1].sealed if before else ""),
                software=software().replace("/", " "),
            )
            with suppress(FileExistsError):  # another process took the number
                put(path.with_name(seal_name(len(before) + 1)), data)
                return parse_seal(data)

    def _tree(self, filename: str, file: BinaryIO) -> Tree:
        """Of the whole records. A tail that was never acknowledged is outside the evidence; else DigestMismatch."""
        tree, end, why = Tree(), 0, ""
        try:
            for record in heads(file):
                tree.add(record.leaf)
                end = record.offset + record.length
        except Fault as fault:
            why = str(fault)
        with self.reading() as session:
            last = func.max(Capture.offset + Capture.length)
            acknowledged = session.scalar(select(last).where(Capture.filename == filename)) or 0
        if acknowledged > end:
            raise DigestMismatch("a record", f"archive/{filename}", why or "cut")
        return tree

    def check_key(self, signer: Signer) -> None:
        """The first key is let in; a second one only by `admit`."""
        known = self._keys().splitlines()
        own = signer.statements().splitlines()
        if known and own[0] not in known:
            raise StrangeKey(signer.key)
        if not set(own) <= set(known):
            self.admit(signer)

    def _keys(self) -> bytes:
        try:
            return (self.archive / HISTORY).read_bytes()
        except FileNotFoundError:
            return b""

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFull(str(folder), error.strerror or str(error)) from error


def put(path: Path, data: bytes) -> None:
    """A new file, whole and durable or not there. Raises FileExistsError, StoreFull."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
        sync_folders(path.parent, path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise StoreFull(str(path), error.strerror or str(error)) from error
    finally:
        draft.unlink(missing_ok=True)


def replace(path: Path, data: bytes) -> None:
    draft = _draft(path, data)
    os.replace(draft, path)
    sync_folders(path.parent, path.parent)


def _draft(path: Path, data: bytes) -> Path:
    draft = draft_of(path)
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreFull(str(path), error.strerror or str(error)) from error
    return draft


def _seal_paths(folder: Path) -> list[Path]:
    numbered = [(number, path) for path in folder.glob("seal-*.json") if (number := seal_number(path.name))]
    return [path for _, path in sorted(numbered)]


def _firsts(folder: Path) -> Iterator[Path]:
    return folder.glob(f"*/{seal_name(1)}")


def _stamp_path(seal: Path, authority: str) -> Path:
    return seal.with_name(f"{seal.stem}.{authority_name(authority)}.tsr")


def _read_seal(path: Path) -> Seal:
    seal = parse_seal(path.read_bytes())
    if seal.name != path.name:
        raise ValueError(f"{path.name} says it is {seal.name}")
    return seal


def _has_record(path: Path) -> bool:
    with path.open("rb") as file, suppress(Fault):
        return next(heads(file), None) is not None
    return False
