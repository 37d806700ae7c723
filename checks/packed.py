"""Single records of a bundle, read where its ledger says that they stand."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from checks.errors import BadData
from evidence_store import Record
from evidence_store.verifier import LEDGER
from evidence_store.warc import BadRecord, content_type, decode, mime_of

MAX_RECORD = 200_000_000  # bytes, inflated; the crawler keeps no body of a quarter of that
_LOCAL = 30  # bytes of a ZIP entry's own header before its name


@dataclass(frozen=True, slots=True)
class Place:
    segment: str
    offset: int
    length: int
    record: str
    kind: str
    url: str
    redacted: bool


class Packed:
    """Raises BadData for what is no bundle, or not where the ledger says."""

    def __init__(self, bundle: Path) -> None:
        self.bundle = bundle
        self._file = bundle.open("rb")
        try:
            self._zip = ZipFile(self._file)
        except (BadZipFile, ValueError, NotImplementedError) as problem:
            self._file.close()
            raise BadData(f"{bundle.name}: no bundle ({problem})") from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def places(self) -> Iterator[Place]:
        """In the order of the archive."""
        try:
            with self._zip.open(self._info(LEDGER)) as ledger:
                for line in ledger:
                    yield _place(json.loads(line))
        except (ValueError, KeyError, TypeError, BadZipFile) as problem:
            raise BadData(f"{self.bundle.name}: its ledger cannot be read ({problem})") from problem

    def record(self, place: Place) -> Record:
        """A revisit with the body of the record it refers to."""
        record = self._read(place)
        if record.headers.get("WARC-Type") != "revisit":
            return record
        wanted = record.headers.get("WARC-Refers-To", "").strip("<>")
        original = next((one for one in self.places() if one.record == wanted), None)
        if original is None:
            raise BadData(f"{self.bundle.name}: {place.record} refers to {wanted}, which is not there")
        return replace(record, body=self._read(original).body)

    @staticmethod
    def mime(record: Record) -> str:
        """As the index row has it: of the answer, not of the record that holds it."""
        is_http = record.http_status is not None
        return mime_of(
            content_type(record.http_headers) if is_http else record.headers.get("Content-Type", "")
        )

    def taken_out(self, place: Place) -> str:
        """The record that a stub stands for."""
        return self._read(place).headers.get("WARC-Refers-To", "").strip("<>")

    def _read(self, place: Place) -> Record:
        info = self._info(f"archive/{place.segment}")
        self._file.seek(info.header_offset + 26)
        lengths = self._file.read(4)
        begin = _LOCAL + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        self._file.seek(info.header_offset + begin + place.offset)
        member = self._file.read(min(place.length, MAX_RECORD))
        try:
            if not _is_small(member):
                raise BadRecord("too large")
            record, _ = decode(member)
        except (BadRecord, zlib.error) as problem:
            where = f"{place.record} in {place.segment}"
            raise BadData(f"{self.bundle.name}: {where} cannot be read ({problem})") from problem
        return record

    def _info(self, name: str) -> ZipInfo:
        try:
            info = self._zip.getinfo(name)
        except KeyError as problem:
            raise BadData(f"{self.bundle.name}: {name} is not there; get a whole copy") from problem
        if info.compress_type != ZIP_STORED:
            raise BadData(f"{self.bundle.name}: {name} is compressed, which no bundle of ours is")
        return info


def _is_small(member: bytes) -> bool:
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    size = len(inflate.decompress(member, 1 << 20))
    while inflate.unconsumed_tail and size <= MAX_RECORD:
        size += len(inflate.decompress(inflate.unconsumed_tail, 1 << 20))
    return size <= MAX_RECORD


def _place(said: dict[str, Any]) -> Place:
    return Place(
        segment=str(said["segment"]),
        offset=int(said["offset"]),
        length=int(said["length"]),
        record=str(said["record"]).strip("<>"),
        kind=str(said.get("kind", "")),
        url=str(said.get("url", "")),
        redacted=bool(said.get("redacted")),
    )
