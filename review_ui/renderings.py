"""What was recorded of one visit: the page as it was sent, as the browser built it, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from evidence_store import Capture, NotFound, Store

PICTURES = ("screenshot", "phone")
BUILT = ("dom", *PICTURES)


@dataclass(frozen=True, slots=True)
class Renderings:
    sent: Capture | None
    built: Capture | None  # the browser's frozen DOM
    pictures: tuple[Capture, ...]


def renderings(store: Store, assessment_id: str, capture: Capture) -> Renderings:
    """From whichever of them one comes."""
    name = (capture.refers_to or "") if capture.kind in BUILT else capture.record_id
    found = [one for one in store.captures(assessment_id, kind=BUILT) if name and one.refers_to == name]
    found = found or ([capture] if capture.kind in BUILT else [])
    return Renderings(
        sent=_sent(store, assessment_id, name) if capture.kind in BUILT else capture,
        built=next((one for one in found if one.kind == "dom"), None),
        pictures=tuple(sorted((one for one in found if one.kind in PICTURES), key=_wide_first)),
    )


def _wide_first(capture: Capture) -> int:
    return PICTURES.index(capture.kind)


def _sent(store: Store, assessment_id: str, record_id: str) -> Capture | None:
    try:
        found = store.capture(record_id)
    except NotFound:
        return None
    return found if found.assessment_id == assessment_id else None
