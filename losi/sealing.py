"""Who signs, what is sealed when, and what is said of it: the verbs `losi seal` and `losi key`."""

import os
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import click

import crawler
from crawler import NoTimestamp
from evidence_store import BadTimestamp, BrokenChain, Due, NoKey, NotFound, Signer, Store
from evidence_store.errors import EvidenceStoreError
from evidence_store.keys import HISTORY
from losi.workspace import Workspace

VARIABLE = "LOSI_KEYS"
PUBLISH = "publish it where you cannot change it later"


class Sealer:
    """Seals folder by folder while others work, from any thread; what went wrong is kept, each once.

    `unsealed` is why nothing could be signed: nothing is lost by it. `faults` are damage, or a full disk.
    """

    def __init__(self, workspace: Workspace, store: Store, *, off: bool = False) -> None:
        self.store, self.unsealed, self.faults = store, list[str](), list[str]()
        self._lock = threading.Lock()
        self._signer: Signer | None = None
        try:
            self._signer = None if off else usable_signer(workspace)
        except NoKey as error:
            self.unsealed.append(f"unsealed: {error}")

    @property
    def options(self) -> list[str]:
        """For a `losi crawl` that does a part of the work: what cannot be signed here is said here, once."""
        return [] if self._signer else ["--no-seal"]

    def seal(self, folder: str) -> int:
        """How many segments of "<round>/<city>" or "<round>"."""
        if self._signer is None:
            return 0
        try:
            return len(self.store.seal(folder, self._signer))
        except NoKey as error:
            self._note(self.unsealed, f"unsealed: {error}")
        except (EvidenceStoreError, OSError) as error:
            self._note(self.faults, f"unsealed: {error}")
        return 0

    def finish(self, folders: Iterable[str]) -> None:
        """Seals what is left, the rounds' own texts too, and says on standard error what is not for want of a key."""
        folders = list(folders)
        for folder in [*dict.fromkeys(one.partition("/")[0] for one in folders), *folders]:
            self.seal(folder)
        for line in self.unsealed:
            click.echo(f"losi: {line}", err=True)

    def _note(self, lines: list[str], line: str) -> None:
        with self._lock:
            if line not in lines:
                lines.append(line)


def keys_folder(workspace: Workspace) -> Path:
    """Outside the workspace by default: who copies that must not copy the key."""
    if said := workspace.settings().keys or os.environ.get(VARIABLE, ""):
        return (workspace.folder / Path(said).expanduser()).resolve()
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "losi" / "keys"


def usable_signer(workspace: Workspace) -> Signer:
    """Raises NoKey, for a revoked one too."""
    found = Signer.open(keys_folder(workspace))
    found.check()
    return found


def signer(workspace: Workspace) -> Signer | None:
    """None after one line on standard error that says what is unsealed and what to do."""
    try:
        return usable_signer(workspace)
    except NoKey as error:
        click.echo(f"losi: unsealed: {error}", err=True)
        return None


def seal_folders(workspace: Workspace, store: Store, folders: Iterable[str]) -> list[str]:
    """Seals what is closed in each, "<round>/<city>" or "<round>"; why something is not, one line each."""
    sealer = Sealer(workspace, store)
    for folder in folders:
        sealer.seal(folder)
    return [*sealer.faults, *sealer.unsealed]


def seal_rounds(workspace: Workspace, store: Store, round_ids: Sequence[str] | None) -> list[str]:
    """All that is closed in these rounds, or in every one; returns what is left to do, one line each."""
    sealer, clock = Sealer(workspace, store), _Clock(workspace, store)
    rounds = [store.round(one).id for one in round_ids] if round_ids else [one.id for one in store.rounds()]
    _admit(workspace, store)
    for round_id in rounds:
        assessments = [one.id for one in store.assessments(round_id)]
        for assessment_id in assessments:
            store.journal_statements(assessment_id)
        folders = [round_id, *assessments]
        now = sum(map(sealer.seal, folders))
        click.echo(f"{round_id}: {now} segments sealed now, {_sealed(store, folders)} in all")
        _tell_unsealed(store, folders)
        clock.stamp(folders)
        _tell_fingerprint(store, round_id)
    return [*sealer.faults, *sealer.unsealed, *clock.faults]


def show_key(workspace: Workspace, *, rotate: bool, revoke: str | None) -> None:
    """The public key alone on standard output, so that `losi key > team.key` is what `verify --key` reads."""
    found = Signer.open(keys_folder(workspace))
    if revoke:
        found.revoke(revoke)
    if rotate:
        found = found.rotate("a person asked for it")
    if (revoke or rotate) and (workspace.folder / "archive" / HISTORY).exists():
        with workspace.open_store() as store:
            store.admit(found)
    click.echo(found.key)
    state = "" if _is_usable(found) else ", revoked: a new one is made with losi key --rotate"
    if sys.stdout.isatty():
        click.echo("To give it away: losi key > team.key", err=True)
    click.echo(f"The private key is {found.path}{state}; keep a copy of that folder, apart.", err=True)


class _Clock:
    """Asks the authorities for what is due; one that fails is not asked again this time."""

    def __init__(self, workspace: Workspace, store: Store) -> None:
        settings = workspace.settings()
        self._store, self._identity, self._authorities = store, settings.identity, settings.authorities
        self._failed: set[str] = set()
        self.faults: list[str] = []

    def stamp(self, folders: Iterable[str]) -> None:
        if not self._authorities:
            return
        due = [one for folder in folders for one in self._due(folder)]
        received = sum(map(self._ask, due))
        rest = len(due) - received
        again = "; the next `losi seal` asks again" if rest else ""
        click.echo(f"  timestamps: {received} received, {rest} due{again}")

    def _due(self, folder: str) -> list[Due]:
        try:
            return self._store.due(folder, self._authorities)
        except BrokenChain:
            return []  # said by the sealer

    def _ask(self, due: Due) -> bool:
        if due.authority in self._failed:
            return False
        try:
            self._store.keep_timestamp(
                due, crawler.ask(due.authority, due.query.der, identity=self._identity)
            )
        except NoTimestamp as error:
            return self._fail(due, str(error))
        except BadTimestamp as error:
            return self._fail(due, f"{due.authority}: {error}")
        return True

    def _fail(self, due: Due, why: str) -> bool:
        self._failed.add(due.authority)
        self.faults.append(why)
        return False


def _admit(workspace: Workspace, store: Store) -> None:
    """A person who says `losi seal` lets this key sign here, or tells the archive that it was revoked."""
    with suppress(NoKey):  # said by the sealer
        store.admit(Signer.open(keys_folder(workspace)))


def _is_usable(found: Signer) -> bool:
    try:
        found.check()
    except NoKey:
        return False
    return True


def _sealed(store: Store, folders: Iterable[str]) -> int:
    count = 0
    for folder in folders:
        with suppress(BrokenChain):
            count += len(store.seals(folder))
    return count


def _tell_unsealed(store: Store, folders: Iterable[str]) -> None:
    for folder in folders:
        with suppress(BrokenChain):  # said by the sealer
            for name in store.unsealed(folder):
                click.echo(f"  unsealed: {folder}/{name}")


def _tell_fingerprint(store: Store, round_id: str) -> None:
    try:
        made = store.fingerprint(round_id)
    except (NotFound, BrokenChain):
        click.echo("  no fingerprint: nothing is sealed")
        return
    click.echo(f"  fingerprint of {made.day}: {made.digest}\n  {PUBLISH} (archive/{made.filename})")
