"""Taking bytes out: said in the journal first, then done; what a crash left half done is finished."""

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from sqlalchemy import select

from evidence_store.errors import BeingWritten, DigestMismatch, NotFound, Unsupported
from evidence_store.models import Answer, Capture, Evidence, Finding
from evidence_store.redaction import ADDRESS, REDACTED, Redaction, leaves, place_rows, put_in_place, take_out
from evidence_store.sealing import Sealing
from evidence_store.warc import sha256

SAID = frozenset(
    {"assessment", "edition", "rules", "trail", "findings", "answers", "acts", "results", "redaction"}
)
NOTHING = sha256(b"")


@dataclass(frozen=True)
class Redacting:
    """What came of it: the captures taken out, codes whose quotes cite them, captures elsewhere of the same bytes."""

    captures: tuple[Capture, ...]
    cited_by: tuple[str, ...]
    elsewhere: tuple[Capture, ...]


class Redactions(Sealing):
    def redact(self, assessment_id: str, record_id: str, *, by: str, reason: str) -> Redacting:
        """With it goes whatever holds the same bytes in this assessment, and what was made of them.

        Its request stays: that is our own words and the address, which the head has too. Raises NotFound, Redacted,
        Unsupported, BeingWritten, DigestMismatch, StoreFull.
        """
        self.finish_redactions(assessment_id)
        capture = self._redactable(assessment_id, record_id, by, reason)
        chosen = [one for one in self.alike(capture) if one.type != REDACTED]
        with self._held(one.filename for one in chosen):
            self._say(assessment_id, chosen, by, reason)
            self._take_out(chosen)
        return Redacting(tuple(chosen), self._cited_by(chosen), self._elsewhere(chosen))

    def finish_redactions(self, assessment_id: str) -> list[Capture]:
        """Those that were said and not done. Raises BeingWritten, DigestMismatch, StoreFull."""
        told = select(Capture.refers_to).where(
            Capture.assessment_id == assessment_id, Capture.kind == "redaction"
        )
        undone = select(Capture).where(Capture.record_id.in_(told), Capture.type != REDACTED)
        with self.reading() as session:
            chosen = list(session.scalars(undone.order_by(Capture.id)))
        with self._held(one.filename for one in chosen):
            self._take_out(chosen)
        return chosen

    def alike(self, capture: Capture) -> list[Capture]:
        """It, those with the same bytes in its assessment, and what was made of any of them (DOM, pictures)."""
        seen = [one for one in self.captures(capture.assessment_id or "") if _is_seen(one)]
        found = {one.record_id: one for one in seen if _same_bytes(one, capture)}
        derived = {one.record_id: one for one in seen if one.refers_to in found}
        return list((found | derived).values())

    def _redactable(self, assessment_id: str, record_id: str, by: str, reason: str) -> Capture:
        capture = self.capture(record_id)
        if capture.assessment_id != assessment_id:
            raise NotFound(f"capture of {assessment_id}", record_id)
        if not _is_seen(capture):
            raise Unsupported(
                f"{record_id} is a statement ({capture.kind}); only what was seen can be taken out"
            )
        if not by.strip() or not reason.strip():
            raise Unsupported("a redaction without a person and a reason")
        if capture.type == REDACTED:
            raise self._redacted(capture)
        return capture

    @contextmanager
    def _held(self, filenames: Iterable[str]) -> Iterator[None]:
        """So that nobody writes, seals or redacts these segments meanwhile."""
        with ExitStack() as stack:
            for filename in sorted(set(filenames)):
                file = stack.enter_context((self.archive / filename).open("rb"))
                if not self._is_ours(file, filename):
                    raise BeingWritten(*filename.rsplit("/", 1))
            yield

    def _is_ours(self, file: BinaryIO, filename: str) -> bool:
        """Held by us, and not replaced between our opening and our holding it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        same = os.path.samestat(os.fstat(file.fileno()), (self.archive / filename).stat())
        return same and not self._is_written(filename)

    def _say(self, assessment_id: str, chosen: Sequence[Capture], by: str, reason: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        known = self._leaves(chosen)
        for one in chosen:
            if one.record_id not in known:
                raise DigestMismatch(one.record_id, f"archive/{one.filename}", "it cannot be found there")
        for one in chosen:
            said = Redaction(one.record_id, known[one.record_id], by, at, reason)
            self.journal(
                assessment_id,
                "redaction",
                ADDRESS + one.record_id,
                said.document(),
                refers_to=one.record_id,
            )

    def _leaves(self, chosen: Iterable[Capture]) -> dict[str, str]:
        found: dict[str, str] = {}
        for filename, records in _by_file(chosen).items():
            found |= leaves(self.archive / filename, records)
        return found

    def _take_out(self, chosen: Iterable[Capture]) -> None:
        """A crash between file and rows is seen by whoever reads there next."""
        for filename, records in _by_file(chosen).items():
            path = self.archive / filename
            draft = take_out(path, records)
            with self.writing() as session:
                put_in_place(draft, path)
                place_rows(session, self.archive, filename)

    def _cited_by(self, chosen: Sequence[Capture]) -> tuple[str, ...]:
        names = [one.record_id for one in chosen]
        codes: set[str] = set()
        with self.reading() as session:
            for owner, key in ((Finding, Evidence.finding_id), (Answer, Evidence.answer_id)):
                cited = select(owner.test).join(Evidence, key == owner.id)
                codes.update(session.scalars(cited.where(Evidence.capture_id.in_(names))))
        return tuple(sorted(code for code in codes if not code.startswith("rule:")))

    def _elsewhere(self, chosen: Sequence[Capture]) -> tuple[Capture, ...]:
        digests = {one.digest for one in chosen} - {NOTHING}
        found = select(Capture).where(Capture.digest.in_(digests), Capture.type != REDACTED)
        with self.reading() as session:
            rows = session.scalars(found.order_by(Capture.filename, Capture.offset)).all()
        return tuple(one for one in rows if _is_seen(one))


def _is_seen(capture: Capture) -> bool:
    return capture.crawl_id is not None and capture.kind not in SAID


def _same_bytes(one: Capture, capture: Capture) -> bool:
    return one.record_id == capture.record_id or (one.digest == capture.digest != NOTHING)


def _by_file(chosen: Iterable[Capture]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in chosen:
        found[one.filename].add(one.record_id)
    return found
