"""How one record hangs together with its seal, and what to type to find the same by hand."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from evidence_store import Capture, Record, Seal
from review_ui.desk import Case, Desk, page_url


@dataclass(frozen=True, slots=True)
class Neighbour:
    url: str
    address: str


@dataclass(frozen=True, slots=True)
class Proof:
    block_digest: str
    leaf: str
    number: int
    seal: Seal | None
    authorities: tuple[str, ...]  # whose timestamps of the seal are kept
    previous: Neighbour | None
    next: Neighbour | None
    command: str


def proof(desk: Desk, case: Case, capture: Capture, record: Record | None) -> Proof:
    custody = desk.custodian.of(capture)
    chain = desk.custodian.chain(capture.filename.rpartition("/")[0])
    rows = list(desk.store.captures(case.assessment.id))
    at = next((place for place, row in enumerate(rows) if row.record_id == capture.record_id), None)
    return Proof(
        block_digest=record.headers.get("WARC-Block-Digest", "") if record else "",
        leaf=custody.leaf,
        number=custody.number,
        seal=custody.seal,
        authorities=chain.authorities.get(custody.seal.number, ()) if custody.seal else (),
        previous=_neighbour(case, rows, at - 1) if at else None,
        next=_neighbour(case, rows, at + 1) if at is not None else None,
        command=_command(capture),
    )


def _neighbour(case: Case, rows: list[Capture], at: int) -> Neighbour | None:
    if at >= len(rows):
        return None
    return Neighbour(f"{case.path}/c/{quote(rows[at].record_id)}?tab=proof", page_url(rows[at].url))


def _command(capture: Capture) -> str:
    """Prints the block's digest and the leaf, with Python alone."""
    return "\n".join(
        [
            "python3 - <<'END'",
            "import gzip, hashlib",
            f"file = open({'archive/' + capture.filename!r}, 'rb')",
            f"file.seek({capture.offset})",
            f"record = gzip.decompress(file.read({capture.length}))",
            r"head, block = record[:-4].split(b'\r\n\r\n', 1)",
            "print('block', hashlib.sha256(block).hexdigest())",
            r"print('leaf ', hashlib.sha256(b'\0' + head + b'\r\n\r\n').hexdigest())",
            "END",
        ]
    )
