"""What a person reads on the terminal. Data goes to standard output, the way there to standard error."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import checks
from checks import Edition
from evidence_store import Assessment, BrokenChain, City, Store
from losi.doctor import Finding
from losi.fleet import Outcome

WORDS = {
    "passed": "yes",
    "failed": "no",
    "cantTell": "cannot tell",
    "inapplicable": "not applicable",
    "untested": "a person's task",
}
PLAIN_LINE_EVERY = 25


def console(*, stderr: bool = False) -> Console:
    # Piped output is data for somebody: never wrapped, never coloured.
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 200, highlight=False)


@contextmanager
def progress() -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """A bar a city on a terminal, a plain line every so many pages elsewhere."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield _plain_line
        return
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
    )
    with bars:
        yield _Bars(bars)


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, Any] = {}

    def __call__(self, crawl_id: str, now: Mapping[str, Any]) -> None:
        if crawl_id not in self.tasks:
            self.tasks[crawl_id] = self.bars.add_task(_city_of(crawl_id, now), total=now.get("budget"))
        pages, task = now.get("pages", 0), self.tasks[crawl_id]
        if now.get("stopped"):
            self.bars.update(
                task, completed=pages, total=pages, description=f"{_city_of(crawl_id, now)} done"
            )
        else:
            self.bars.update(task, completed=pages)


def _plain_line(crawl_id: str, now: Mapping[str, Any]) -> None:
    stopped = now.get("stopped", "")
    if stopped or now.get("pages", 0) % PLAIN_LINE_EVERY == 1:
        click.echo(f"{_city_of(crawl_id, now)}: {now['pages']} pages{stopped and ', ' + stopped}", err=True)


def _city_of(crawl_id: str, now: Mapping[str, Any]) -> str:
    return str(now.get("city") or crawl_id)


def outcomes(ended: Sequence[Outcome]) -> None:
    for one in ended:
        if not one.fault:
            click.echo(f"{one.city_id}: {one.stopped}")


def cities(known: Sequence[City], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {key: getattr(c, key) for key in ("id", "name", "country", "languages", "portal_url")}
            for c in known
        ]
        click.echo(json.dumps({"cities": rows}, ensure_ascii=False, indent=1))
        return
    table = Table("id", "name", "country", "languages", "portal", box=None)
    for city in known:
        table.add_row(city.id, city.name, city.country, " ".join(city.languages), city.portal_url)
    console().print(table)


def proposals(document: Mapping[str, Any]) -> None:
    """Each indicator of each city: proposal and the quote that carries it."""
    for city in document["cities"]:
        table = Table("code", "indicator", "proposal", "because", title=_title(city), title_justify="left")
        table.columns[3].ratio = 1
        for indicator in city["indicators"]:
            table.add_row(
                indicator["code"], indicator["name"], WORDS[indicator["proposal"]], _because(indicator)
            )
        console().print(table)
    scores(document)
    click.echo("Proposals of rules on a paraphrase of the questions: not an official LOSI value.")
    click.echo("Confirm them with: losi review")


def _because(indicator: Mapping[str, Any]) -> str:
    proving = [one for one in indicator["evidence"] if one["stance"] == "for"]
    if indicator["proposal"] == "passed" and proving:
        return f"“{proving[0]['quote']}” {proving[0]['url']}"
    return str(indicator["message"])


def scores(document: Mapping[str, Any]) -> None:
    table = Table("city", "stopped", "pages", "requests", "yes", "no", "open", "score", box=None)
    for city in document["cities"]:
        score = city["score"]
        value = score["value"] or f"{score['low']} to {score['high']}"
        table.add_row(
            city["id"],
            city["stopped"] or "",
            *(str(city[key]) for key in ("pages", "requests")),
            *(str(score[key]) for key in ("yes", "no", "open")),
            value,
        )
    console().print(table)


def _title(city: Mapping[str, Any]) -> str:
    return f"{city['name']} {city['portal_url']}"


def status(store: Store, round_ids: Sequence[str], *, as_json: bool) -> None:
    rounds = {one: [_city_status(store, a) for a in store.assessments(one)] for one in round_ids}
    if as_json:
        document = {
            "rounds": [
                {"id": one, "cities": found, "unsealed": _unsealed(store, one)}
                for one, found in rounds.items()
            ]
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    columns = ("id", "stage", "pages", "open", "blocked", "failed", "unsealed")
    for round_id, found in rounds.items():
        table = Table("city", *columns[1:], title=round_id, title_justify="left", box=None)
        for city in found:
            table.add_row(*(str(city[key]) for key in columns[:-1]), _alarm(city["unsealed"]))
        console().print(table)


def _alarm(unsealed: int | None) -> str:
    if unsealed == 0:
        return "0"
    return "[bold red]chain broken[/]" if unsealed is None else f"[bold red]{unsealed}[/]"


def _unsealed(store: Store, folder: str) -> int | None:
    """Segments that no seal names; None where the seals themselves do not hold together."""
    try:
        return len(store.unsealed(folder))
    except BrokenChain as error:
        click.echo(f"losi: {error}", err=True)
        return None


def _city_status(store: Store, assessment: Assessment) -> dict[str, Any]:
    """`open`: questions without an answer; `blocked` and `failed`: exchanges that came to nothing.

    `unsealed`: segments, one still being written among them.
    """
    edition = checks.parse_edition(store.archived_text(store.round(assessment.round_id).edition_digest))
    answered = store.current_answers(assessment.id, viewer=None)
    settled = sum(a.outcome in ("passed", "failed", "inapplicable") for a in answered.values())
    kinds: Counter[str] = Counter()
    for capture in store.captures(assessment.id, kind=("page", "document")):
        kinds["blocked"] += capture.status in (401, 403, 429)
        kinds["failed"] += capture.type == "metadata"
        kinds["pages"] += capture.type in ("response", "revisit") and capture.status == 200
    crawls = store.crawls(assessment.id)
    last = crawls[-1] if crawls else None
    return {
        "id": assessment.city_id,
        "stage": _stage(store, assessment, last.state if last else "", settled, len(edition.indicators)),
        "stopped": last.stopped if last else None,
        "pages": kinds["pages"],
        "open": len(edition.indicators) - settled,
        "blocked": kinds["blocked"],
        "failed": kinds["failed"],
        "unsealed": _unsealed(store, assessment.id),
    }


def _stage(store: Store, assessment: Assessment, state: str, settled: int, of: int) -> str:
    if settled:
        return "answered" if settled == of else "in review"
    if store.latest_run(assessment.id):
        return "checked"
    return {"": "waiting", "waiting": "waiting", "claimed": "crawling", "closed": "crawled"}.get(state, state)


def rules(edition: Edition, code: str | None) -> None:
    known = dict(checks.load_rules())
    languages = " ".join(checks.lexicon_languages())
    chosen = [edition.indicator(code)] if code else list(edition.indicators)
    table = Table("code", "indicator", "method", "rules", "languages", box=None)
    for indicator in chosen:
        table.add_row(
            indicator.code,
            indicator.name,
            indicator.method,
            ", ".join(indicator.rules) or "none",
            languages if indicator.rules else "",
        )
    console().print(table)
    if code:
        for rule_id in chosen[0].rules:
            click.echo(f"{rule_id}: {known[rule_id].title}")
    else:
        served = sum(bool(indicator.rules) for indicator in chosen)
        click.echo(f"{served} of {len(chosen)} indicators have rules")


def inventory() -> str:
    """What `losi validate` read, when nothing was wrong."""
    return (
        f"{len(checks.edition_ids())} editions, {len(checks.load_rules())} rules, "
        f"{len(checks.lexicon_languages())} lexicons: no fault"
    )


def findings(found: Sequence[Finding]) -> None:
    for one in found:
        click.echo(f"{'–' if one.missing else '✓'} {one.thing}: {one.found}")
        if one.missing:
            click.echo(f"    {one.remedy}")
