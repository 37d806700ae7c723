"""`losi replay`: one file, no network: the rules again on the bytes it holds, beside what is recorded in it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from checks.replay import Recheck, recheck
from evidence_store import BadBundle, unbundled
from losi.offline import offline

SCHEMA = "losi-replay/1"
MAX_QUOTES = 2


def replay_file(file: Path, *, rules: str, as_json: bool) -> bool:
    """Whether the findings are those recorded. An altered file is refused: false, and nothing is replayed.

    With today's rules there is nothing to be the same as: true. Raises NotFound, BadData, UnknownEdition, OSError.
    """
    file.stat()  # a file that is not there is another matter than one that was altered
    try:
        with offline() as tried, unbundled(file) as (store, of):
            found = recheck(store, of, current=rules == "current")
    except BadBundle as refused:
        click.echo(f"losi: {refused}; not replayed", err=True)
        return False
    if as_json:
        click.echo(json.dumps(_document(found, rules, tried), ensure_ascii=False, indent=1))
    else:
        for line in (*_head(found, tried), *(_changed(found) if rules == "current" else _compared(found))):
            click.echo(line)
    return found.same and not tried


def _head(found: Recheck, tried: Sequence[str]) -> Iterator[str]:
    yield f"{found.assessment_id}: findings of {found.time:%Y-%m-%d %H:%M} UTC, {found.record_id}"
    yield f"recorded by {found.recorded_by}, replayed by {found.replayed_by}" + (
        ": another version" if found.other_software else ""
    )
    yield f"edition {found.edition} {found.edition_digest}"
    yield f"rules {found.rules_digest}"
    yield "network: blocked" + (
        f", and asked for: {', '.join(sorted(set(tried)))}" if tried else ", not asked for"
    )
    for record in found.redacted:
        yield f"taken out since: {record}"
    for fault in found.faults:
        yield f"our fault: {fault}"


def _compared(found: Recheck) -> Iterator[str]:
    if not found.differences:
        yield f"{found.count} findings compared: identical"
        return
    gone = [one for one in found.differences if one.redacted]
    other = [one for one in found.differences if not one.redacted]
    told = f"{len(other)} not as recorded" if other else "the others are identical"
    apart = f", {len(gone)} cannot be checked any more" if gone else ""
    yield f"{found.count} findings compared{apart}: {told}"
    yield from map(str, (*other, *gone))


def _changed(found: Recheck) -> Iterator[str]:
    """Not a comparison of equals: what would come out today, and why."""
    now = found.score_now or found.score_then
    yield f"score of proposals as recorded: {_range(found.score_then)}; with today's rules: {_range(now)}"
    many = len(found.changes)
    yield f"{many} proposal{'s' * (many != 1)} would be another"
    for one in found.changes:
        yield str(one)
        for quote, url in one.quotes[:MAX_QUOTES]:
            yield f"    “{quote}” {url}"


def _range(score: Any) -> str:
    return f"{score.low} to {score.high}" if score.low != score.high else str(score.low)


def _document(found: Recheck, rules: str, tried: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "assessment": found.assessment_id,
        "record": found.record_id,
        "time": found.time.isoformat(),
        "edition": found.edition,
        "edition_digest": found.edition_digest,
        "rules": rules,
        "rules_digest": found.rules_digest,
        "recorded_by": found.recorded_by,
        "replayed_by": found.replayed_by,
        "other_software": found.other_software,
        "findings": found.count,
        "identical": found.same if rules == "recorded" else None,
        "differences": [asdict(one) | {"says": str(one)} for one in found.differences],
        "changes": [asdict(one) | {"says": str(one)} for one in found.changes],
        "score_recorded": found.score_then.as_dict(),
        "score_now": found.score_now.as_dict() if found.score_now else None,
        "redacted": list(found.redacted),
        "network": sorted(set(tried)),
        "faults": list(found.faults),
    }
