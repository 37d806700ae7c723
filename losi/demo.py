"""The whole way on fictitious cities: served here, crawled, checked, and set against what is true of them."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import click
from rich.table import Table

import checks
import demo_city
from evidence_store import City, Store
from losi import fleet, reviewing, show
from losi.errors import LosiError
from losi.sealing import Sealer
from losi.workspace import Workspace

ROUND = "demo"
EDITION = "losi-2024"
# Fixed, so that a second demo finds its cities where the first one archived them.
FIRST_PORT = 8470


@dataclass(frozen=True)
class Tally:
    """Proposals set against the truth; `traps` are those proven by a page that only looks like proof."""

    right: int
    wrong: int
    left_open: int
    traps: int
    yes_right: int
    yes_wrong: int
    yes_missed: int


def run_demo(workspace: Workspace, *, review: bool, again: bool, as_json: bool) -> list[str]:
    """Returns our own faults, one line each; the review, when wanted, is served until Ctrl-C."""
    with _served() as served, workspace.open_store() as store:
        again = again or _moved(store, served)
        store.add_cities(map(_city, served))
        fleet.open_round(
            store, ROUND, edition=EDITION, city_ids=[city.id for city in served], advice={"A": "before"}
        )
        faults = _crawl_and_check(workspace, store, served, again=again)
        document = checks.results(store, ROUND, [city.id for city in served])
        if as_json:
            click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        else:
            _show(document, served)
        if review:
            reviewing.review(store)
    return faults


@contextmanager
def _served() -> Iterator[list[demo_city.Served]]:
    """At the usual ports, else at any: another demo on this machine is no reason to stop."""
    with ExitStack() as stack:
        try:
            served = stack.enter_context(demo_city.serve(port=FIRST_PORT))
        except demo_city.PortTaken:
            served = stack.enter_context(demo_city.serve())
        yield served


def _moved(store: Store, served: Sequence[demo_city.Served]) -> bool:
    """Whether what is archived stood at other addresses than now."""
    known = {city.id: city.portal_url for city in store.cities()}
    return any(known.get(city.id, city.portal_url) != city.portal_url for city in served)


def serve_only(*, port: int, notes: bool) -> None:
    """Until Ctrl-C; raises LosiError when the port is taken."""
    try:
        with suppress(KeyboardInterrupt), demo_city.serve(notes=notes, port=port) as served:
            for city in served:
                click.echo(f"{city.portal_url}  {city.name} ({', '.join(city.languages)})")
            click.echo("Ctrl-C ends it.", err=True)
            while True:
                time.sleep(3600)
    except demo_city.DemoCityError as error:
        raise LosiError(str(error)) from error


def tally(city: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> Tally:
    """One city of a results document against its answers.yaml."""
    pairs = [(one, answers[one["code"]]) for one in city["indicators"]]
    decided = [(p["proposal"], a["answer"]) for p, a in pairs if p["proposal"] in ("passed", "failed")]
    rules = {indicator.code: indicator.rules for indicator in checks.load_edition(EDITION).indicators}
    return Tally(
        right=sum(said == true for said, true in decided),
        wrong=sum(said != true for said, true in decided),
        left_open=len(pairs) - len(decided),
        traps=sum(_took_trap(p, a) for p, a in pairs),
        yes_right=sum(pair == ("passed", "passed") for pair in decided),
        yes_wrong=sum(said == "passed" != true for said, true in decided),
        yes_missed=sum(p["proposal"] != "passed" == a["answer"] and bool(rules[p["code"]]) for p, a in pairs),
    )


def _took_trap(proposal: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """A yes whose every proving page is a declared trap."""
    proving = {one["url"].split("?")[0] for one in proposal["evidence"] if one["stance"] == "for"}
    return proposal["proposal"] == "passed" and bool(proving) and proving <= set(answer.get("traps", ()))


def _city(served: demo_city.Served) -> City:
    return City(
        id=served.id,
        name=served.name,
        country=served.country,
        languages=list(served.languages),
        portal_url=served.portal_url,
        settlement=served.settlement,
    )


def _crawl_and_check(
    workspace: Workspace, store: Store, served: Sequence[demo_city.Served], *, again: bool
) -> list[str]:
    hosts = tuple(host for city in served for host in city.hosts)
    order = fleet.Order(allow_private=True, private_hosts=hosts, again=again)
    assessments = [store.assessment(ROUND, city.id) for city in served]
    sealer = Sealer(workspace, store)
    with show.progress() as progress:
        outcomes = fleet.crawl(workspace, store, assessments, order, progress, sealer.seal)
    faults = [f"{one.city_id}: {one.fault}" for one in outcomes if one.fault]
    faults += fleet.check(store, assessments, sealer.seal)
    sealer.finish(one.id for one in assessments)
    return faults + sealer.faults


def _show(document: Mapping[str, Any], served: Sequence[demo_city.Served]) -> None:
    answers = {city.id: city.answers for city in served}
    table = Table(
        "city", "pages", "requests", "seconds", "right", "wrong", "left open", "score of proposals", box=None
    )
    for city in document["cities"]:
        found, score = tally(city, answers[city["id"]]), city["score"]
        table.add_row(
            city["name"],
            str(city["pages"]),
            str(city["requests"]),
            f"{city['seconds']:.1f}",
            *(str(number) for number in (found.right, found.wrong, found.left_open)),
            f"{score['low']} to {score['high']}",
        )
    show.console().print(table)
    click.echo("Set against the true answers of the fictitious cities; open questions wait for a person.")
