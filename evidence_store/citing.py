"""Evidence under a finding or an answer: what is cited must be stored."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence_store.errors import NotFound, Unsupported
from evidence_store.exchange import NewEvidence
from evidence_store.models import OUTCOMES, Capture, Evidence


def check_outcome(test: str, outcome: str) -> None:
    if outcome not in OUTCOMES:
        raise Unsupported(f"{test}: outcome {outcome!r} is none of {', '.join(OUTCOMES)}")


def check_cited(session: Session, cited: Iterable[NewEvidence]) -> None:
    """Raises NotFound for the first record that is not stored."""
    wanted = sorted({evidence.capture_id for evidence in cited})
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        known = set(session.scalars(select(Capture.record_id).where(Capture.record_id.in_(some))))
        for record_id in some:
            if record_id not in known:
                raise NotFound("capture", record_id, "evidence cites what is stored")


def rows(cited: Iterable[NewEvidence]) -> list[Evidence]:
    return [
        Evidence(
            capture_id=one.capture_id,
            stance=one.stance,
            selector=one.selector,
            exact=one.exact,
            prefix=one.prefix,
            suffix=one.suffix,
            rule=one.rule,
            language=one.language,
        )
        for one in cited
    ]
