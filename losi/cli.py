"""The command line: each verb parses, makes one call and prints. What it promises stands in the README."""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

import checks
from evidence_store import Assessment, DatabaseBehind, Store
from losi import __version__, custody, fleet, reviewing, show
from losi.cities import city_of, read_cities, refuse_namesakes, refuse_private
from losi.failure import Verbs, fail
from losi.sealing import Sealer
from losi.workspace import Workspace, checked_id

pass_workspace = click.make_pass_decorator(Workspace)
with_json = click.option("as_json", "--json", is_flag=True, help="Print one JSON document.")
with_private = click.option(
    "--allow-private", is_flag=True, help="Admit the named hosts though they are private or on this machine."
)


def _finite(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number of seconds")
    return value


def with_pace(verb: Callable[..., Any]) -> Callable[..., Any]:
    verb = click.option(
        "--delay", type=click.FloatRange(0), callback=_finite, help="Seconds between requests, at least."
    )(verb)
    return click.option(
        "--max-pages", type=click.IntRange(1), default=fleet.DEFAULT_BUDGET, show_default=True
    )(verb)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LOSI_WORKSPACE",
    default="losi-workspace",
    show_default=True,
    help="The folder to work in; made when missing.",
)
@click.version_option(__version__)
@click.pass_context
def main(ctx: click.Context, workspace: Path) -> None:
    """A crawler and assessor's assistant for the Local Online Service Index. Not an official UN product."""
    ctx.obj = Workspace(workspace)


@main.command()
@click.option("--no-review", is_flag=True, help="Stop after the scores.")
@click.option("--again", is_flag=True, help="Crawl anew what is finished.")
@with_json
@pass_workspace
def demo(workspace: Workspace, no_review: bool, again: bool, as_json: bool) -> None:
    """Fictitious cities, from crawl to scores, set against the true answers; then the review."""
    from losi.demo import run_demo

    faults = run_demo(workspace, review=not no_review, again=again, as_json=as_json)
    custody.exit_with(faults)


@main.command("demo-city")
@click.option("--port", type=click.IntRange(0, 65000), default=0, help="The first of the ports to use.")
@click.option("--notes", is_flag=True, help="Say on each page which indicator it meets, and how.")
def demo_city(port: int, notes: bool) -> None:
    """Serve the fictitious cities, to look at and to practise on."""
    from losi.demo import serve_only

    serve_only(port=port, notes=notes)


@main.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@click.option("--edition", default="losi-2024", show_default=True)
@with_pace
@click.option("--country", default="", help="ISO 3166-1 alpha-3.")
@click.option("--language", "languages", multiple=True, help="BCP 47; may be given several times.")
@with_private
@click.option("--again", is_flag=True, help="Crawl anew what is finished.")
@with_json
@pass_workspace
def assess(
    workspace: Workspace,
    urls: Sequence[str],
    edition: str,
    max_pages: int,
    delay: float | None,
    country: str,
    languages: Sequence[str],
    allow_private: bool,
    again: bool,
    as_json: bool,
) -> None:
    """One city, start to finish: crawl, check, print the proposals."""
    named = [city_of(url, country=country, languages=languages) for url in urls]
    refuse_namesakes(named, named)
    cities = {city.id: city for city in named}
    if not allow_private:
        refuse_private(cities.values())
    order = fleet.Order(max_pages=max_pages, delay=delay, allow_private=allow_private, again=again)
    with workspace.open_store() as store:
        refuse_namesakes(cities.values(), store.cities())
        _refuse_another_edition(store, edition)
        store.add_cities(cities.values())
        fleet.open_round(store, "assess", edition=edition, city_ids=cities, advice={"A": "before"})
        assessments = [store.assessment("assess", city_id) for city_id in cities]
        faults = _crawl_and_check(workspace, store, assessments, order)
        document = checks.results(store, "assess", list(cities))
        if as_json:
            click.echo(as_json_text(document))
        else:
            show.proposals(document)
    custody.exit_with(faults)


@main.group()
def cities() -> None:
    """The cities of this workspace."""


@cities.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@pass_workspace
def cities_add(workspace: Workspace, file: Path) -> None:
    """Add or update cities from a CSV or JSON file."""
    read = read_cities(file)
    with workspace.open_store() as store:
        store.add_cities(read)
    click.echo(f"{len(read)} cities")


@cities.command("list")
@with_json
@pass_workspace
def cities_list(workspace: Workspace, as_json: bool) -> None:
    """List the cities."""
    with workspace.open_store() as store:
        show.cities(store.cities(), as_json=as_json)


@main.command("open-round")
@click.argument("round_id", metavar="ROUND")
@click.option("--edition", required=True)
@click.option("--cities", "file", type=click.Path(path_type=Path), help="CSV or JSON; default: all cities.")
@click.option("--protocol", type=click.Choice(["single", "double"]), default="single", show_default=True)
@click.option("--advice", help="What each role sees: A=after,B=hidden (before, after, hidden, search).")
@pass_workspace
def open_round(
    workspace: Workspace, round_id: str, edition: str, file: Path | None, protocol: str, advice: str | None
) -> None:
    """Open a round: cities, an edition and a protocol."""
    checks.load_edition(edition)
    seen = parse_advice(advice, protocol)
    read = read_cities(file) if file else []
    with workspace.open_store() as store:
        store.add_cities(read)
        chosen = [city.id for city in read or store.cities()]
        if not chosen:
            fail("no city yet; add some with: losi cities add FILE", 2)
        fleet.open_round(
            store, checked_id(round_id), edition=edition, city_ids=chosen, protocol=protocol, advice=seen
        )
    click.echo(f"round {round_id}: {len(chosen)} cities, {edition}, {protocol}")


@main.command()
@click.argument("round_id", metavar="ROUND")
@click.argument("city_ids", nargs=-1, metavar="[CITY…]")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--cluster", help="Address of a Dask scheduler.")
@with_pace
@with_private
@click.option("--no-seal", is_flag=True, hidden=True, help="On the machines of a cluster: they hold no key.")
@pass_workspace
def crawl(
    workspace: Workspace,
    round_id: str,
    city_ids: Sequence[str],
    jobs: int,
    cluster: str | None,
    max_pages: int,
    delay: float | None,
    allow_private: bool,
    no_seal: bool,
) -> None:
    """Visit the portals; goes on where it was interrupted."""
    order = fleet.Order(max_pages=max_pages, delay=delay, allow_private=allow_private)
    with workspace.open_store() as store:
        assessments = _assessments(store, round_id, city_ids)
        if not allow_private:  # before a crawl is spent on it
            refuse_private(store.city(a.city_id) for a in assessments)
        sealer, options = Sealer(workspace, store, off=no_seal), _options(order)
        if cluster:
            outcomes = fleet.crawl_on_cluster(workspace, store, assessments, options, cluster, sealer.seal)
        elif jobs > 1 or len(assessments) > fleet.AT_ONCE:
            options += sealer.options
            outcomes = fleet.crawl_in_processes(workspace, store, assessments, options, jobs)
        else:
            with show.progress() as progress:
                outcomes = fleet.crawl(workspace, store, assessments, order, progress, sealer.seal)
        sealer.finish(one.id for one in assessments)
    show.outcomes(outcomes)
    faults = [f"{one.city_id}: {one.fault}" for one in outcomes if one.fault]
    custody.exit_with(faults + sealer.faults)


@main.command()
@click.argument("round_id", metavar="ROUND")
@click.argument("city_ids", nargs=-1, metavar="[CITY…]")
@pass_workspace
def check(workspace: Workspace, round_id: str, city_ids: Sequence[str]) -> None:
    """Run the rules over what is stored; never touches the network."""
    with workspace.open_store() as store:
        assessments = _assessments(store, round_id, city_ids)
        sealer = Sealer(workspace, store)
        faults = fleet.check(store, assessments, sealer.seal)
        sealer.finish(one.id for one in assessments)
        show.scores(checks.results(store, round_id, [a.city_id for a in assessments]))
    custody.exit_with(faults + sealer.faults)


@main.command()
@click.argument("round_id", metavar="[ROUND]", required=False)
@with_json
@pass_workspace
def status(workspace: Workspace, round_id: str | None, as_json: bool) -> None:
    """What is done and what is left, city by city."""
    with workspace.open_store() as store:
        rounds = [store.round(round_id)] if round_id else store.rounds()
        show.status(store, [one.id for one in rounds], as_json=as_json)
        if unindexed := store.unindexed():
            click.echo(f"losi: {DatabaseBehind(unindexed)}", err=True)


@main.command()
@click.argument("round_id", metavar="ROUND")
@click.argument("city_id", metavar="CITY")
@click.argument("code")
@click.argument("url", required=False)
@pass_workspace
def why(workspace: Workspace, round_id: str, city_id: str, code: str, url: str | None) -> None:
    """What the rules said of an indicator, on which bytes; of a URL: seen, skipped (why), or never linked."""
    with workspace.open_store() as store:
        for line in checks.why(store, round_id, city_id, code, url):
            click.echo(line)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free one.")
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.wacz",
    help="Read one bundle, without a workspace; nothing can be answered there.",
)
@pass_workspace
def review(workspace: Workspace, host: str, port: int, bundle: Path | None) -> None:
    """Open the review in a browser of yours, by the address that is printed."""
    with reviewing.bundled(bundle) if bundle else workspace.open_store() as store:
        try:
            reviewing.review(store, host=host, port=port, read_only=bundle is not None, bundle=bundle)
        except OSError as error:
            fail(f"--host {host}: {error.strerror}; give a name or address of this machine", 2)


@main.command()
@click.argument("round_id", metavar="ROUND")
@click.option("--format", "kind", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output.")
@pass_workspace
def export(workspace: Workspace, round_id: str, kind: str, out: Path | None) -> None:
    """The round's results."""
    from review_ui.exports import results_csv

    with workspace.open_store() as store:
        document = checks.results(store, round_id)
    text = results_csv(round_id, document) if kind == "csv" else as_json_text(document) + "\n"
    if out:
        out.write_text(text, encoding="utf-8", newline="")
    else:
        click.echo(text, nl=False)


@main.command()
def validate() -> None:
    """Read every edition, rule, lexicon, fingerprint and country file; list all faults."""
    faults = checks.validate()
    for fault in faults:
        click.echo(str(fault), err=True)
    click.echo(f"{len(faults)} faults" if faults else show.inventory())
    sys.exit(1 if faults else 0)


@main.command()
@click.argument("code", required=False)
@click.option("--edition", default="losi-2024", show_default=True)
def rules(code: str | None, edition: str) -> None:
    """Which rules serve which indicator, in which languages."""
    show.rules(checks.load_edition(edition), code)


@main.command()
@click.option("--get-browser", is_flag=True, help="Fetch a browser when there is none.")
@pass_workspace
def doctor(workspace: Workspace, get_browser: bool) -> None:
    """Browser, fonts, database, optional tools: found or not, and how to get them."""
    from losi.doctor import examine

    findings = examine(workspace, get_browser=get_browser)
    show.findings(findings)
    sys.exit(1 if any(one.needed and one.missing for one in findings) else 0)


def as_json_text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)


def parse_advice(text: str | None, protocol: str) -> dict[str, str]:
    """`A=after,B=hidden` as a mapping; the defaults of the protocol when not given."""
    if not text:
        return {"A": "before"} if protocol == "single" else {"A": "after", "B": "hidden"}
    seen = dict(part.partition("=")[::2] for part in text.replace(" ", "").split(","))
    if set(seen) - {"A", "B"} or set(seen.values()) - {"before", "after", "hidden", "search"}:
        fail(f"advice {text!r}: write it as A=after,B=hidden (before, after, hidden or search)", 2)
    return seen


def _refuse_another_edition(store: Store, edition: str) -> None:
    checks.load_edition(edition)
    known = {round_.id: round_.edition for round_ in store.rounds()}.get("assess", edition)
    if known != edition:
        fail(f"this workspace assesses by {known}: give --workspace another folder for {edition}", 2)


def _assessments(store: Store, round_id: str, city_ids: Sequence[str]) -> list[Assessment]:
    if city_ids:
        return [store.assessment(round_id, city_id) for city_id in city_ids]
    return store.assessments(store.round(round_id).id)


def _crawl_and_check(
    workspace: Workspace, store: Store, assessments: Sequence[Assessment], order: fleet.Order
) -> list[str]:
    sealer = Sealer(workspace, store)
    with show.progress() as progress:
        outcomes = fleet.crawl(workspace, store, assessments, order, progress, sealer.seal)
    faults = [f"{one.city_id}: {one.fault}" for one in outcomes if one.fault]
    faults += fleet.check(store, assessments, sealer.seal)
    sealer.finish(one.id for one in assessments)
    return faults + sealer.faults


def _options(order: fleet.Order) -> list[str]:
    options = ["--max-pages", str(order.max_pages)]
    if order.delay is not None:
        options += ["--delay", str(order.delay)]
    return options + ["--allow-private"] * order.allow_private


for _verb in custody.VERBS:
    main.add_command(_verb)
