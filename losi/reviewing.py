"""The review, until Ctrl-C: ending it is what one does with it, not an interruption."""

import os
import sys
import webbrowser
from contextlib import suppress
from typing import Any

import click

from evidence_store import Store


def review(store: Store, **where: Any) -> None:
    """Blocks; `where` is host and port. Raises PortInUse."""
    import review_ui

    with suppress(KeyboardInterrupt):
        review_ui.serve(store, on_ready=_tell, **where)


def _tell(url: str) -> None:
    click.echo(
        f"\nThe review, for a browser on this machine:\n\n  {url}\n\nCtrl-C ends it; nothing is lost.",
        err=True,
    )
    if sys.stdout.isatty() and (
        sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    ):
        webbrowser.open(url)
