"""`losi repair` and `losi import`: the database follows the archive, ours or what another workspace sent."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from evidence_store import (
    ArchiveDiffers,
    BadBundle,
    Reindexed,
    Round,
    RoundDiffers,
    Store,
    restore,
    unbundled,
)
from evidence_store.broken import set_aside_if_broken
from evidence_store.draft import sweep
from evidence_store.errors import EvidenceStoreError
from evidence_store.restore import check
from losi.results_file import import_results
from losi.workspace import Workspace

TABLES = {
    "city": ("city", "cities"),
    "round": ("round", "rounds"),
    "assessment": ("assessment", "assessments"),
    "crawl": ("crawl", "crawls"),
    "capture": ("capture", "captures"),
    "run": ("run of the rules", "runs of the rules"),
    "finding": ("finding", "findings"),
    "answer": ("answer", "answers"),
    "act": ("act", "acts"),
}
ZIP = b"PK"


def repair_workspace(workspace: Workspace, *, as_json: bool) -> list[str]:
    """What is damaged or lost, one line each; says what was found and done.

    Segments are only read, but for a redaction that was said and not done.
    """
    own = workspace.settings().database_url is None
    aside = set_aside_if_broken(workspace.folder) if own else None
    with workspace.open_store() as store:
        swept = sweep(store.archive, shared=not own)
        report = store.reindex()
        _finish_redactions(store, report)
    if swept:
        report.notes.append(f"{len(swept)} half-written files of dead processes: deleted")
    if as_json:
        click.echo(json.dumps(_document(report, aside), ensure_ascii=False, indent=1))
    else:
        for line in _lines(report, aside):
            click.echo(line)
    return report.faults


def _finish_redactions(store: Store, report: Reindexed) -> None:
    """What was said to be taken out, and is there still: whoever did it died in between."""
    for round_ in store.rounds():
        for assessment in store.assessments(round_.id):
            try:
                done = store.finish_redactions(assessment.id)
            except (EvidenceStoreError, OSError) as error:
                report.faults.append(
                    f"{assessment.id}: a redaction that was begun cannot be finished: {error}"
                )
                continue
            report.moved += (f"{one.record_id}: taken out, as was said before" for one in done)


def import_file(workspace: Workspace, file: Path) -> list[str]:
    """A bundle or a results file; our faults, one line each."""
    with file.open("rb") as opened:
        packed = opened.read(2) == ZIP
    with workspace.open_store() as store:
        return _import_bundle(store, file) if packed else import_results(store, file)


def _import_bundle(store: Store, file: Path) -> list[str]:
    """Nothing is taken in of what was altered, or contradicts what is here."""
    try:
        sealed = check(file).verdict == "sound"
        with unbundled(file) as (theirs, of):
            _refuse_other_round(store, theirs.round(of.partition("/")[0]))
        restore(file, store.archive)
    except (BadBundle, ArchiveDiffers, RoundDiffers) as error:
        return [str(error)]
    report = store.reindex(of)
    if not sealed:
        report.notes.insert(0, f"{file.name} is unsealed: nobody vouches for it")
    for note in report.notes:
        click.echo(note)
    click.echo(f"{of}: {_made(report) or 'all of it was here already'}")
    return report.faults


def _refuse_other_round(store: Store, theirs: Round) -> None:
    """Raises RoundDiffers: answers to other questions, or findings of other rules, are another round's."""
    for known in store.rounds():
        if known.id != theirs.id:
            continue
        if known.edition_digest != theirs.edition_digest:
            raise RoundDiffers(known.id, f"edition ({known.edition})")
        if known.rules_digest != theirs.rules_digest:
            raise RoundDiffers(known.id, "set of rules")
        if known.protocol != theirs.protocol:
            raise RoundDiffers(known.id, f"protocol ({known.protocol})")


def _lines(report: Reindexed, aside: tuple[Path, str] | None) -> Iterable[str]:
    if aside:
        yield f"database: it could not be read ({aside[1]}); it is kept as {aside[0].name}, and a new one was made"
    yield f"archive: {report.segments} segments, {report.records} records; every digest was checked"
    yield f"made again: {_made(report) or 'nothing, no row was missing'}"
    yield from (f"brought forward: {one}" for one in report.moved)
    yield from (f"passed over, somebody is writing it: archive/{one}" for one in report.written)
    yield from report.notes
    damaged = len(report.faults)
    yield f"{damaged} things are damaged or lost; they are listed" if damaged else "all is well"


def _made(report: Reindexed) -> str:
    named = [(report.made[table], words) for table, words in TABLES.items() if report.made[table]]
    return ", ".join(f"{count} {words[count != 1]}" for count, words in named)


def _document(report: Reindexed, aside: tuple[Path, str] | None) -> Mapping[str, object]:
    return {
        "schema": "losi-repair/1",
        "set_aside": aside[0].name if aside else None,
        "segments": report.segments,
        "records": report.records,
        "made": dict(+report.made),
        "brought_forward": report.moved,
        "being_written": report.written,
        "notes": report.notes,
        "faults": report.faults,
    }
