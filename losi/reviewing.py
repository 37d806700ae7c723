"""The review, until Ctrl-C: ending it is what one does with it, not an interruption."""

import json
import os
import sys
import webbrowser
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from evidence_store import Store, unbundled
from losi.failure import fail


def review(store: Store, *, read_only: bool = False, bundle: Path | None = None, **where: Any) -> None:
    """Blocks; `where` is host and port. `bundle`: the file that the store was made of. Raises PortInUse."""
    import review_ui

    about = _about(store, bundle) if bundle else None
    with suppress(KeyboardInterrupt):
        review_ui.serve(store, on_ready=_tell, read_only=read_only, bundle=about, **where)


@contextmanager
def bundled(file: Path) -> Iterator[Store]:
    """A bundle as a workspace, for as long as it is looked at. Raises BadBundle for what was altered."""
    if not file.is_file():
        fail(f"there is no file {file}; name a bundle made by `losi bundle`", 2)
    with unbundled(file) as (store, _):
        yield store


def _about(store: Store, file: Path) -> Any:
    from review_ui import Bundle

    (round_,) = store.rounds()
    (assessment,) = store.assessments(round_.id)
    seals = store.seals(assessment.id)
    last = seals[-1] if seals else None
    stem = last.name.removesuffix("json") if last else ""
    replies = (store.archive / assessment.id).glob(f"{stem}*.tsr") if last else ()
    return Bundle(
        name=file.name,
        assessment_id=assessment.id,
        signer=last.key if last else "",
        made=_made(file),
        sealed=last.sealed if last else "",
        authorities=tuple(sorted(path.name.removeprefix(stem).removesuffix(".tsr") for path in replies)),
    )


def _made(file: Path) -> str:
    """As its signature says; empty where it has none."""
    with zipfile.ZipFile(file) as packed:
        said = json.loads(packed.read("datapackage-digest.json"))
    return str(said.get("losi", {}).get("bundle", {}).get("made", ""))


def _tell(url: str) -> None:
    click.echo(
        f"\nThe review, for a browser on this machine:\n\n  {url}\n\nCtrl-C ends it; nothing is lost.",
        err=True,
    )
    if sys.stdout.isatty() and (
        sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    ):
        webbrowser.open(url)
