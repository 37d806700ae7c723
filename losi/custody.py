"""The verbs of custody: what was kept is sealed, packed, verified, replayed, mended, taken in, taken out."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from losi.failure import fail
from losi.workspace import Workspace

pass_workspace = click.make_pass_decorator(Workspace)
with_json = click.option("as_json", "--json", is_flag=True, help="Print one JSON document.")
a_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("round_id", metavar="[ROUND]", required=False)
@pass_workspace
def seal(workspace: Workspace, round_id: str | None) -> None:
    """Seal what is closed, ask for timestamps that are due, and print each round's fingerprint to publish."""
    from losi.sealing import seal_rounds

    with workspace.open_store() as store:
        faults = seal_rounds(workspace, store, [round_id] if round_id else None)
    exit_with(faults)


@click.command()
@click.option("--rotate", is_flag=True, help="Make a new key; the old one signs that it follows.")
@click.option("--revoke", metavar="REASON", help="Say that the present key is not to be trusted from now on.")
@pass_workspace
def key(workspace: Workspace, rotate: bool, revoke: str | None) -> None:
    """Show the public key that seals are signed with; made on first use."""
    from losi.sealing import show_key

    show_key(workspace, rotate=rotate, revoke=revoke)


@click.command()
@click.argument("round_id", metavar="ROUND")
@click.argument("city_id", metavar="CITY")
@click.option("--out", type=a_file, required=True, metavar="FILE.wacz")
@click.option("--html", is_flag=True, help="Write also FILE.html, one page that any browser opens.")
@click.option(
    "--language", type=click.Choice(["en", "ar"]), default="en", show_default=True, help="Of that page."
)
@pass_workspace
def bundle(workspace: Workspace, round_id: str, city_id: str, out: Path, html: bool, language: str) -> None:
    """Pack one city's evidence, findings and answers into one self-contained file."""
    from losi.bundling import make_bundle

    with workspace.open_store() as store:
        faults = make_bundle(workspace, store, round_id, city_id, out, html=html, language=language)
    exit_with(faults)


@click.command()
@click.argument("file", type=a_file, metavar="[FILE.wacz]", required=False)
@click.option("--round", "round_id", metavar="ROUND", help="What the workspace keeps of a round.")
@click.option("--key", "key_file", type=a_file, metavar="KEY", help="The signer's public key, or its file.")
@click.option("--fingerprint", help="A published fingerprint of the round, sha256:…")
@click.option("--authorities", type=a_file, help="Certificates (PEM) of the timestamp authorities you trust.")
@with_json
@pass_workspace
def verify(
    workspace: Workspace,
    file: Path | None,
    round_id: str | None,
    key_file: Path | None,
    fingerprint: str | None,
    authorities: Path | None,
    as_json: bool,
) -> None:
    """Check every digest, seal, signature, timestamp and quote, offline."""
    from losi.verifying import verify_file, verify_round

    if (file is None) == (round_id is None):
        fail("name a FILE.wacz or a --round ROUND, one of the two", 2)
    if file is not None:
        sound = verify_file(
            file, key_file=key_file, fingerprint=fingerprint, authorities=authorities, as_json=as_json
        )
    else:
        with workspace.open_store() as store:
            sound = verify_round(
                store,
                round_id or "",
                key_file=key_file,
                fingerprint=fingerprint,
                authorities=authorities,
                as_json=as_json,
            )
    sys.exit(0 if sound else 1)


@click.command()
@click.argument("file", type=a_file, metavar="FILE.wacz")
@click.option(
    "--rules", type=click.Choice(["recorded", "current"]), default="recorded", show_default=True,
    help="current: today's rules, to see what they would change.",
)  # fmt: skip
@with_json
def replay(file: Path, rules: str, as_json: bool) -> None:
    """Run the rules again on the stored bytes, without a network, and compare with the recorded findings."""
    from losi.replaying import replay_file

    same = replay_file(file, rules=rules, as_json=as_json)
    sys.exit(0 if same else 1)


@click.command()
@with_json
@pass_workspace
def repair(workspace: Workspace, as_json: bool) -> None:
    """Make the database agree with the archive again; say what was found and done."""
    from losi.mending import repair_workspace

    exit_with(repair_workspace(workspace, as_json=as_json))


@click.command("import")
@click.argument("file", type=a_file)
@pass_workspace
def take_in(workspace: Workspace, file: Path) -> None:
    """Take in a bundle or a results file from another workspace."""
    from losi.mending import import_file

    exit_with(import_file(workspace, file))


@click.command()
@click.argument("round_id", metavar="ROUND")
@click.argument("city_id", metavar="CITY")
@click.argument("record")
@click.option("--by", required=True, help="Who takes it out.")
@click.option("--reason", required=True, help="Why; it is kept for good.")
@pass_workspace
def redact(workspace: Workspace, round_id: str, city_id: str, record: str, by: str, reason: str) -> None:
    """Take the bytes of one capture out of the archive; its commitment stays, so that seals still verify."""
    from losi.redacting import redact_capture

    with workspace.open_store() as store:
        faults = redact_capture(workspace, store, round_id, city_id, record, by=by, reason=reason)
    exit_with(faults)


def exit_with(faults: Sequence[str]) -> None:
    for fault in faults:
        click.echo("losi: " + fault, err=True)
    if faults:
        sys.exit(1)


VERBS = (seal, key, bundle, verify, replay, repair, take_in, redact)
