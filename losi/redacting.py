"""The verb `losi redact`: what was taken out, what still quotes it, where else its bytes are."""

from collections.abc import Iterator

import click

from evidence_store import Redacting, Store
from losi.sealing import seal_folders
from losi.workspace import Workspace, checked_id


def redact_capture(
    workspace: Workspace, store: Store, round_id: str, city_id: str, record: str, *, by: str, reason: str
) -> list[str]:
    """Sealed before, so that the seal speaks of the bytes; and after, so that the redaction is under one."""
    assessment_id = store.assessment(checked_id(round_id), checked_id(city_id)).id
    faults = seal_folders(workspace, store, [assessment_id])
    done = store.redact(assessment_id, full_name(record), by=by, reason=reason)
    faults += seal_folders(workspace, store, [assessment_id])
    for line in _told(done):
        click.echo(line)
    return list(dict.fromkeys(faults))


def full_name(record: str) -> str:
    return "urn:uuid:" + record.strip(" <>").lower().removeprefix("urn:uuid:")


def _told(done: Redacting) -> Iterator[str]:
    for one in done.captures:
        yield f"taken out: {one.record_id} {one.kind} {one.url}"
    if done.cited_by:
        yield (
            f"quotes of it stay in findings or answers of {', '.join(done.cited_by)}: "
            "they can no longer be checked against the page; where a quote must go too, answer again without it"
        )
    for one in done.elsewhere:
        folder, _, _ = one.filename.rpartition("/")
        yield f"the same bytes are in {folder}: losi redact {folder.replace('/', ' ')} {one.record_id}"
    yield "bundles and copies made before still hold it"
