"""`losi verify`: the stand-alone verifier, and what it leaves to others: an outside clock's signature, every quote."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from checks.errors import ChecksError
from checks.quoting import Quotes, bundle_quotes, stored_quotes
from evidence_store import Store
from evidence_store.errors import BadTimestamp, EvidenceStoreError
from evidence_store.foreign import read_foreign
from evidence_store.keys import HISTORY
from evidence_store.timestamps import time_by, time_in
from evidence_store.verifier import (
    NO_PRINT,
    NOT_THAT,
    Fault,
    Report,
    columns,
    given_fingerprint,
    given_key,
    verify,
    verify_folder,
    words,
)
from losi.failure import fail
from losi.workspace import checked_id

WORST_FIRST = ("unreadable", "foreign", "altered", "unsealed", "misquoted", "sound")


def verify_file(
    file: Path, *, key_file: Path | None, fingerprint: str | None, authorities: Path | None, as_json: bool
) -> bool:
    key, roots, fingerprint = _key(key_file), _roots(authorities), _fingerprint(fingerprint)
    if not file.is_file():
        fail(f"{file}: there is no such file", 2)
    report = verify(file, key=key, fingerprint=fingerprint)
    if report.verdict == "unreadable":
        read_foreign(report, file)
    else:
        _attest(report, roots)
        if report.verdict in ("sound", "unsealed", "misquoted"):
            _check_quotes(report, lambda: bundle_quotes(file))
    _tell(report, as_json)
    return report.ok


def verify_round(
    store: Store,
    round_id: str,
    *,
    key_file: Path | None,
    fingerprint: str | None,
    authorities: Path | None,
    as_json: bool,
) -> bool:
    """The round's own folder and each city's."""
    key, roots, fingerprint = _key(key_file), _roots(authorities), _fingerprint(fingerprint)
    top = store.archive / checked_id(round_id)
    if not top.is_dir():
        fail(f"archive/{round_id}: nothing is kept of such a round", 2)
    folders = [top, *sorted(path for path in top.iterdir() if path.is_dir())]
    reports = [_folder(store, folder, key, fingerprint, roots) for folder in folders]
    whole = _together(top.relative_to(store.archive.parent).as_posix(), reports, fingerprint)
    _tell(whole, as_json)
    return whole.ok


def _folder(
    store: Store, folder: Path, key: str | None, fingerprint: str | None, roots: Sequence[bytes]
) -> Report:
    of = folder.relative_to(store.archive).as_posix()
    report = verify_folder(folder, store.archive / HISTORY, of=of, key=key, fingerprint=fingerprint)
    report.file = f"archive/{of}"
    _attest(report, roots)
    if "/" in of and report.verdict in ("sound", "unsealed", "misquoted"):
        _check_quotes(report, lambda: stored_quotes(store, of))
    return report


def _together(name: str, reports: Sequence[Report], fingerprint: str | None) -> Report:
    whole = Report(name, verdict=min((one.verdict for one in reports), key=WORST_FIRST.index))
    whole.signer = _one_of({one.signer for one in reports}, "another key")
    matches = [one.time for one in reports if one.time.startswith("fingerprint")]
    whole.time = matches[0] if matches else _one_of({one.time for one in reports}, "self-attested")
    for one in reports:
        whole.proven += [f"{one.file}: {line}" for line in one.proven]
        for line in one.not_proven:
            told = f"{one.file}: {line}" if line == NO_PRINT and matches else line
            whole.not_proven += [told] if told not in whole.not_proven else []
        for problem in one.problems:
            whole.fault(f"{one.file}/{problem['where']}", problem["what"])
    if fingerprint and not matches:
        whole.time = NOT_THAT
    whole.ok = all(one.ok for one in reports) and whole.verdict == "sound"
    return whole


def _one_of(said: set[str], worst: str) -> str:
    return worst if worst in said else min(said)


def _attest(report: Report, roots: Sequence[bytes]) -> None:
    """An authority's time counts once its signature holds, and proves something once a root that was given vouches."""
    proven: list[tuple[str, str, str]] = []
    claimed: list[tuple[str, str, str]] = []
    for reply, seal, authority, at in report.timestamps:
        try:
            said = (at, authority, time_by(reply, seal))
        except BadTimestamp as error:
            report.fault(f"{authority} {at}", f"the timestamp does not hold: {error}")
            report.verdict, report.ok = "altered", False
            report.proven.clear()
            continue
        (proven if roots and _vouched(reply, seal, roots) else claimed).append(said)
    for at, authority, certificate in sorted(claimed)[-1:]:
        report.not_proven.append(
            f"That the seal was there at {at}, as the timestamp of {authority} ({certificate}) says: "
            f"give --authorities, the certificates that {authority} publishes."
        )
    for at, authority, certificate in sorted(proven)[-1:]:
        report.proven.append(f"The seal was there at {at}, by the timestamp of {authority} ({certificate}).")
        if report.time == "self-attested":
            report.time = f"attested by {authority} at {at}"


def _vouched(reply: bytes, seal: bytes, roots: Sequence[bytes]) -> bool:
    try:
        time_in(reply, seal, roots)
    except BadTimestamp:
        return False
    return True


def _check_quotes(report: Report, check: Callable[[], Quotes]) -> None:
    """As the product reads pages and documents, where the stand-alone verifier knows HTML and text alone."""
    try:
        quotes = check()
    except (ChecksError, EvidenceStoreError, OSError) as error:
        report.fault("quotes", f"cannot be checked: {error}")
        quotes = Quotes()
    for one in quotes.false:
        report.fault(one.test, one)
    if quotes.checked:
        report.not_proven = [line for line in report.not_proven if "that this file does not read" not in line]
        report.proven = [line for line in report.proven if "quotes of findings and answers" not in line]
    if quotes.held:
        report.proven.append(
            f"{quotes.held} different quotes stand in their captures, each at its place, as `losi` reads those."
        )
    if report.count:
        report.verdict = "misquoted" if report.verdict == "sound" else report.verdict
        report.ok = False


def _key(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return given_key(str(file))
    except Fault as error:
        fail(str(error), 2)


def _fingerprint(said: str | None) -> str | None:
    try:
        return given_fingerprint(said) if said is not None else None
    except Fault as error:
        fail(str(error), 2)


def _roots(file: Path | None) -> list[bytes]:
    if file is None:
        return []
    try:
        read = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}; give a file of PEM certificates", 2)
    if b"-----BEGIN CERTIFICATE-----" not in read:
        fail(f"{file}: there is no PEM certificate in it", 2)
    return [read]


def _tell(report: Report, as_json: bool) -> None:
    click.echo(
        json.dumps(report.document(), ensure_ascii=False, indent=1) if as_json else words(report, columns())
    )
