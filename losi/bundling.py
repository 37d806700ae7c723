"""`losi bundle`: one city's evidence, findings and answers in one file that needs nothing else."""

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

import checks
from evidence_store import NoKey, Signer, Store
from evidence_store.wacz import replaced, write_wacz
from losi import sealing
from losi.errors import BadPlace
from losi.workspace import Workspace, checked_id


def make_bundle(
    workspace: Workspace,
    store: Store,
    round_id: str,
    city_id: str,
    out: Path,
    *,
    html: bool,
    language: str = "en",
) -> list[str]:
    """Writes FILE, and FILE.html beside it if wanted; our faults, one line each. Without a key it is unsealed.

    `language` is that of the page.
    """
    of = store.assessment(checked_id(round_id), checked_id(city_id)).id
    if not out.parent.is_dir():
        raise BadPlace(f"{out.parent} is no folder: make it, or write the bundle elsewhere")
    if html and out.suffix == ".html":
        raise BadPlace(f"{out} would be the page and the bundle: name the bundle {out.stem}.wacz")
    document = checks.results(store, round_id, [city_id])
    faults = _write(store, of, out, document, sealing.signer(workspace))
    _tell(store, of, out)
    if store.is_blind(of):
        click.echo(f"losi: {out} holds answers that are not locked yet: keep it from the assessors", err=True)
    if html:
        _write_page(store, of, out, document, language)
    return faults


def _write_page(store: Store, of: str, out: Path, document: Mapping[str, Any], language: str) -> None:
    """Beside the bundle that it is a copy of for reading."""
    from review_ui.dossier import dossier

    page = out.with_suffix(".html")
    with replaced(page) as file:
        for piece in dossier(store, of, results=document, bundle=out, language=language):
            file.write(piece.encode())
    click.echo(f"{page}: {_size(page.stat().st_size)}, for any browser")


def _write(store: Store, of: str, out: Path, document: Mapping[str, Any], signer: Signer | None) -> list[str]:
    results = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    made = datetime.now(UTC)
    why = "no key"
    if signer is not None:
        try:
            write_wacz(store, of, out, signer=signer, results=results, made=made)
            return []
        except NoKey as error:
            why = str(error)
    write_wacz(store, of, out, signer=None, results=results, made=made)
    return [f"{out} is unsealed, nobody vouches for it ({why}); see to the key, then make it again"]


def _tell(store: Store, of: str, out: Path) -> None:
    seals = store.seals(of)
    count = sum(seal.records for seal in seals)
    size, told = _size(out.stat().st_size), f"{count:,} records under {len(seals)} seals"
    click.echo(f"{out}: {size}, {told}; check it with: losi verify {shlex.quote(str(out))}")


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"
