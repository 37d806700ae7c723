"""A record taken out of a segment: a stub with its head stands in its place, so that every seal still holds."""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.draft import draft_of
from evidence_store.errors import DigestMismatch, StoreFull
from evidence_store.models import Capture
from evidence_store.segment import sync_folders
from evidence_store.verifier import Fault, canonical, heads
from evidence_store.verifier import Record as Stored
from evidence_store.warc import HEAD, header_pairs, stub
from evidence_store.writer import row_of

SCHEMA = "losi-redaction/1"
ADDRESS = "urn:losi:redaction:"
REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is kept for good of it; `leaf` is that of the record taken out."""

    record: str
    leaf: str
    by: str
    at: str
    reason: str

    def document(self) -> bytes:
        return canonical({"schema": SCHEMA, **asdict(self)})

    @classmethod
    def of(cls, document: bytes) -> Self:
        """Raises ValueError."""
        said = json.loads(document)
        try:
            return cls(**{name: str(said[name]) for name in cls.__slots__})
        except (KeyError, TypeError) as error:
            raise ValueError("not a redaction") from error


def stub_row(
    head: bytes, *, crawl_id: str | None, assessment_id: str | None, place: tuple[str, int, int]
) -> Capture:
    """The row of a redacted capture from the head in its stub; what its bytes said (status, media type) is gone."""
    headers = dict(header_pairs(head.decode("utf-8", "replace").split("\r\n")[1:-2]))
    row = row_of(
        headers,
        crawl_id=crawl_id,
        assessment_id=assessment_id,
        status=None,
        mime="",
        digest=headers.get("WARC-Payload-Digest", ""),
        place=place,
    )
    row.type = row.error = REDACTED
    return row


def leaves(path: Path, records: Collection[str]) -> dict[str, str]:
    """By record, for those that stand there in whole."""
    with path.open("rb") as file:
        return {name(one): "sha256:" + one.leaf.hex() for one in _whole(file) if name(one) in records}


def take_out(path: Path, records: Collection[str]) -> Path:
    """A draft of the segment beside it, durable, without the bytes of these. Raises DigestMismatch, StoreFull.

    Drafts that a crash has left go: they hold bytes that may have been taken out since.
    """
    for old in path.parent.glob(f".{path.name}.*"):
        old.unlink()
    draft = draft_of(path)
    try:
        with path.open("rb") as source, draft.open("xb") as target:
            _copy(source, target, records)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreFull(str(path), error.strerror or str(error)) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def put_in_place(draft: Path, path: Path) -> None:
    """Raises StoreFull."""
    try:
        os.replace(draft, path)
        sync_folders(path.parent, path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreFull(str(path), error.strerror or str(error)) from error


def place_rows(session: Session, archive: Path, filename: str) -> None:
    """The rows of a segment stand where its records stand now, redacted ones as such; every other is left."""
    rows = {
        row.record_id: row for row in session.scalars(select(Capture).where(Capture.filename == filename))
    }
    with (archive / filename).open("rb") as file:
        for one in _whole(file):
            if (row := rows.get(name(one))) is None:
                continue
            row.offset, row.length = one.offset, one.length
            if is_stub(one) and row.type != REDACTED:
                row.type, row.error, row.status, row.mime = REDACTED, REDACTED, None, ""


def name(one: Stored) -> str:
    """The record's own, or of the record that a stub stands for."""
    return one.fields.get("WARC-Refers-To" if is_stub(one) else "WARC-Record-ID", "").strip("<>")


def is_stub(one: Stored) -> bool:
    return one.fields.get("Content-Type") == HEAD


def _copy(source: BinaryIO, target: BinaryIO, records: Collection[str]) -> None:
    """With what stands behind the last whole record: it is nobody's evidence, and not ours to judge here."""
    done: set[str] = set()
    end = 0
    for one in _whole(source):
        if name(one) in records and not is_stub(one):
            target.write(stub(name(one), one.head))
        else:
            _copy_bytes(source, target, one.offset, one.length)
        done.add(name(one))
        end = one.offset + one.length
    if missing := set(records) - done:
        raise DigestMismatch(min(missing), source.name, "the file is damaged before it, or it is not there")
    _copy_bytes(source, target, end, os.fstat(source.fileno()).st_size - end)


def _copy_bytes(source: BinaryIO, target: BinaryIO, offset: int, length: int) -> None:
    """The reader of `source` is in the middle of it: its place is left as it is."""
    while length > 0 and (chunk := os.pread(source.fileno(), min(length, 1 << 20), offset)):
        target.write(chunk)
        offset, length = offset + len(chunk), length - len(chunk)


def _whole(file: BinaryIO) -> Iterator[Stored]:
    """Up to where the file is torn or damaged."""
    with suppress(Fault):
        yield from heads(file)
