"""One city in one round as a WACZ 1.1.1: everything that is sealed of it, in one file (docs/evidence.md, "The bundle").

The same sealed content and the same time of making give the same bytes.
"""

import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from evidence_store import cdxj
from evidence_store.draft import draft_of
from evidence_store.errors import BeingWritten, DigestMismatch, NotFound, StoreFull
from evidence_store.keys import HISTORY, Signer
from evidence_store.models import City
from evidence_store.seal import Fingerprint, Seal, signed
from evidence_store.segment import software, sync_folders
from evidence_store.store import Store
from evidence_store.stored_zip import StoredZip
from evidence_store.verifier import Fault, Record, Tree, canonical, heads
from evidence_store.warc import sha256

BUNDLE_SCHEMA = "losi-bundle/1"
WACZ_VERSION = "1.1.1"
LEDGER = "indexes/ledger.jsonl"
PAGES_HEADER = {"format": "json-pages-1.0", "id": "pages", "title": "Pages and documents"}
DESCRIPTION = (
    "What was captured, found and answered for the Local Online Service Index. It shows what this client recorded "
    "and when, not that the city's server said it to everyone. Check it with: losi verify FILE"
)


def write_wacz(
    store: Store,
    assessment_id: str,
    path: Path,
    *,
    signer: Signer | None,
    results: bytes | None = None,
    made: datetime,
) -> Path:
    """Journals what is said and is not in the archive yet, seals it, packs it. Without a signer it is unsealed.

    Raises NotFound, BeingWritten, DigestMismatch, BrokenChain, NoKey (a strange one too), StoreFull.
    """
    city = store.city(store.assessment(*assessment_id.split("/")).city_id)
    store.journal_statements(assessment_id)
    store.journal_texts(assessment_id)
    if results is not None:
        _journal_results(store, assessment_id, results)
    store.close_journal(assessment_id)
    if signer is not None:
        store.seal(assessment_id, signer)
        store.check_key(signer)
    if busy := store.being_written(assessment_id):
        raise BeingWritten(assessment_id, busy[0])
    with replaced(path) as file, _Tables(path.parent) as tables:
        _Bundle(store, assessment_id, city, StoredZip(file), tables, signer, made).write()
    return path


def _journal_results(store: Store, assessment_id: str, results: bytes) -> None:
    known = [capture.digest for capture in store.captures(assessment_id, kind="results")]
    if known[-1:] != [sha256(results)]:
        store.journal(assessment_id, "results", f"urn:losi:results:{assessment_id}", results)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """The new file takes its place whole and durable, or what was there stays. Raises StoreFull."""
    draft = draft_of(path)
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        sync_folders(path.parent, path.parent)
    except OSError as error:
        raise StoreFull(str(path), error.strerror or str(error)) from error
    finally:
        draft.unlink(missing_ok=True)


class _Tables(ExitStack):
    """What is listed of every record while it goes by; on the disk, for there may be millions."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.ledger, self.pages = self._file(), self._file()
        self.index = self.enter_context(cdxj.SortedLines(folder))
        self.main: tuple[str, str] | None = None
        self.pages.write(_line(PAGES_HEADER))

    def see(self, file: BinaryIO, record: Record, segment: str, portal: str) -> None:
        fields = cdxj.header_fields(record.head)
        http = cdxj.peek(_chunks(file, record), len(record.head)) if cdxj.has_http(fields) else b""
        self.ledger.write(_ledger_line(fields, record, segment))
        if line := cdxj.cdxj_line(fields, http, segment, record.offset, record.length):
            self.index.add(line)
        if _is_page(fields, http):
            self._page(fields, portal)

    def sorted_index(self) -> BinaryIO:
        file = self._file()
        file.writelines(self.index)
        return file

    def _file(self) -> BinaryIO:
        return self.enter_context(tempfile.TemporaryFile(dir=self._folder))

    def _page(self, fields: cdxj.Pairs, portal: str) -> None:
        url, record_id = _value(fields, "WARC-Target-URI"), _value(fields, "WARC-Record-ID").strip("<>")
        at = _value(fields, "WARC-Date")[:19] + "Z"
        if self.main is None or (url == portal and self.main[0] != portal):
            self.main = (url, at)
        self.pages.write(_line({"id": record_id, "url": url, "ts": at}))


@dataclass
class _Bundle:
    store: Store
    of: str
    city: City
    zip: StoredZip
    tables: _Tables
    signer: Signer | None
    made: datetime

    def write(self) -> None:
        seals = self.store.seals(self.of)
        for seal in seals:
            self._add_segment(seal.segment, seal)
        for name in self.store.unsealed(self.of):
            self._add_segment(name, None)
        for path in self._proofs(seals):
            self._add_bytes(f"seals/{path.name}", path.read_bytes())
        self._add_file("indexes/index.cdx", self.tables.sorted_index())
        self._add_file(LEDGER, self.tables.ledger)
        self._add_file("pages/pages.jsonl", self.tables.pages)
        manifest = canonical(self._manifest())
        self._add_bytes("datapackage.json", manifest)
        self._add_bytes("datapackage-digest.json", self._digest(manifest, seals))
        self.zip.finish()

    def _add_segment(self, name: str, seal: Seal | None) -> None:
        where = f"archive/{self.of}/{name}"
        try:
            with (self.store.archive / self.of / name).open("rb") as file:
                end = self._list(file, name, seal)
                file.seek(0)
                self.zip.add(f"archive/{name}", file, end)
        except FileNotFoundError as error:
            raise NotFound("file", where, "restore it from a copy of the workspace") from error
        except (Fault, EOFError) as error:
            raise DigestMismatch("a record", where, str(error)) from error

    def _list(self, file: BinaryIO, name: str, seal: Seal | None) -> int:
        """Where the last record ends that is evidence. Raises Fault when it is not what was sealed."""
        tree, end = Tree(), 0
        for record in _sealed(file, seal):
            tree.add(record.leaf)
            self.tables.see(file, record, name, self.city.portal_url)
            end = record.offset + record.length
        if seal and (tree.count, "sha256:" + tree.root().hex()) != (seal.records, seal.root):
            raise Fault(f"not what {seal.name} says")
        return end

    def _proofs(self, seals: list[Seal]) -> Iterator[Path]:
        """Each seal with its timestamps, the keys' history, the fingerprints that name this city."""
        folder = self.store.archive / self.of
        for seal in seals:
            yield folder / seal.name
            yield from sorted(folder.glob(f"{Path(seal.name).stem}.*.tsr"))
        if seals:
            yield self.store.archive / HISTORY
        for path in sorted(folder.parent.glob("fingerprint-*.json")):
            if self.city.id in Fingerprint.parse(path.read_bytes(), path.name).heads:
                yield path

    def _manifest(self) -> dict[str, object]:
        url, at = self.tables.main or ("", "")
        main = {"mainPageURL": url, "mainPageDate": at} if url else {}
        return {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": f"{self.city.name}, round {self.of.partition('/')[0]}",
            "description": DESCRIPTION,
            "created": _rfc3339(self.made),
            "software": _software(),
            "resources": [
                {
                    "name": entry.name.rpartition("/")[2].lower(),
                    "path": entry.name,
                    "hash": entry.digest,
                    "bytes": entry.size,
                }
                for entry in self.zip.entries
            ],
            **main,
        }

    def _digest(self, manifest: bytes, seals: list[Seal]) -> bytes:
        document: dict[str, object] = {"path": "datapackage.json", "hash": sha256(manifest)}
        if self.signer is not None:
            bundle = {
                "schema": BUNDLE_SCHEMA,
                "of": self.of,
                "manifest": sha256(manifest),
                "seals": len(seals),
                "head": seals[-1].digest if seals else "",
                "made": _rfc3339(self.made),
                "software": _software(),
                "key": self.signer.key,
            }
            document["losi"] = json.loads(signed("bundle", bundle, self.signer))
        return canonical(document)

    def _add_bytes(self, name: str, data: bytes) -> None:
        self.zip.add(name, io.BytesIO(data), len(data))

    def _add_file(self, name: str, file: BinaryIO) -> None:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.zip.add(name, file, size)


def _sealed(file: BinaryIO, seal: Seal | None) -> Iterator[Record]:
    """The records that a seal counts; without one, those that are whole."""
    if seal is not None:
        yield from islice(heads(file), seal.records)
        return
    try:
        yield from heads(file)
    except Fault:
        return


def _chunks(file: BinaryIO, record: Record) -> Iterator[bytes]:
    """Of the record's member, without moving the file's place."""
    end = record.offset + record.length
    for start in range(record.offset, end, cdxj.CHUNK):
        yield os.pread(file.fileno(), min(cdxj.CHUNK, end - start), start)


def _ledger_line(fields: cdxj.Pairs, record: Record, segment: str) -> bytes:
    kind = _value(fields, "LOSI-Kind")
    line = {
        "segment": segment,
        "offset": record.offset,
        "length": record.length,
        "record": _value(fields, "WARC-Record-ID").strip("<>"),
        "type": _value(fields, "WARC-Type"),
        "kind": kind,
        "url": _value(fields, "WARC-Target-URI"),
        "leaf": "sha256:" + record.leaf.hex(),
    }
    return _line(line | {"redacted": True} if kind == "redacted" else line)


def _is_page(fields: cdxj.Pairs, http: bytes) -> bool:
    """Refusals and errors are pages too: what a city answered is evidence; only redirects show nothing."""
    if not http or _value(fields, "LOSI-Kind") not in ("page", "document"):
        return False
    return not cdxj.http_head(http)[0].startswith("3")


def _value(fields: cdxj.Pairs, name: str) -> str:
    return cdxj.value(fields, name) or ""


def _line(said: object) -> bytes:
    return canonical(said) + b"\n"


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _software() -> str:
    return software().replace("/", " ")
