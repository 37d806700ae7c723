"""Why an indicator came out as it did: what rules said, on which bytes; and what became of an address."""

from __future__ import annotations

from collections.abc import Iterator

from checks.archive import PAGES, Archive
from checks.context import page_key
from checks.edition import parse_edition
from checks.roles import barred, is_news
from checks.rulebook import Rulebook
from checks.run import archived_rulebook
from checks.sighting import _Look, page_topics, signals
from evidence_store import Capture, Store


def why(store: Store, round_id: str, city_id: str, code: str, url: str | None = None) -> list[str]:
    """Lines to print. Raises UnknownIndicator for the code, NotFound for the round or the city."""
    round_ = store.round(round_id)
    store.assessment(round_id, city_id)
    edition = parse_edition(store.archived_text(round_.edition_digest))
    indicator = edition.indicator(code)
    lines = [f"{code} {indicator.name}: {indicator.question}"]
    lines += _findings(store, f"{round_id}/{city_id}", [code, *(f"rule:{one}" for one in indicator.rules)])
    if url:
        book = archived_rulebook(store, round_.rules_digest)
        archive = Archive(store, f"{round_id}/{city_id}", store.city(city_id), book)
        lines += _address(archive, book, list(indicator.rules), url)
    return lines


def _findings(store: Store, assessment_id: str, tests: list[str]) -> Iterator[str]:
    run = store.latest_run(assessment_id)
    if run is None:
        yield "not checked yet: run `losi check`"
        return
    found = {one.test: one for one in store.findings(run.id)}
    captures = {capture.record_id: capture for capture in store.captures(assessment_id)}
    for test in tests:
        finding = found.get(test)
        if finding is None:
            continue
        sure = f", estimated {finding.confidence:.2f}" if finding.confidence is not None else ""
        info = finding.info
        yield f"{test}: {finding.outcome} ({info.get('reason', '')}{sure}): {info.get('message', '')}"
        for one in finding.evidence:
            capture = captures.get(one.capture_id)
            where = (
                f"{capture.url} [{capture.filename}@{capture.offset} {capture.digest[:19]}]"
                if capture
                else "?"
            )
            yield f"  {one.stance}: “{one.exact}” in {where}"
        searched = finding.info.get("searched") or {}
        if finding.outcome != "passed" and searched:
            skipped = ", ".join(
                f"{reason} {count}" for reason, count in searched.get("not_visited", {}).items()
            )
            languages = ", ".join(searched.get("languages", []))
            pages = searched.get("pages", 0)
            yield f"  looked at {pages} pages in {languages}; not visited: {skipped or 'none'}"


def _address(archive: Archive, book: Rulebook, rules: list[str], url: str) -> Iterator[str]:
    key = page_key(url)
    stored = [one for one in archive.captures if one.kind in PAGES and page_key(one.url) == key]
    if stored:
        for capture in stored:
            yield from _stored(archive, book, rules, capture)
        return
    skipped = [item for item in archive.trail.get("skipped", ()) if page_key(str(item.get("url", ""))) == key]
    for item in skipped:
        yield f"{url}: skipped ({item.get('reason')}), linked on {item.get('found_on') or 'no page'}"
    if not skipped:
        yield f"{url}: never linked from a page that was visited"


def _stored(archive: Archive, book: Rulebook, rules: list[str], capture: Capture) -> Iterator[str]:
    if capture.error:
        yield f"{capture.url}: tried on {capture.timestamp:%Y-%m-%d %H:%M} UTC, {capture.error}"
        return
    page = archive.page(capture)
    when = f"{capture.timestamp:%Y-%m-%d %H:%M} UTC"
    yield f"{capture.url}: seen on {when}, status {capture.status}, {capture.record_id}"
    if page is None:
        yield "  its stored bytes cannot be read"
        return
    context = archive.context()
    reason = archive.barred.get(capture.record_id) or barred(page, context)
    if reason:
        yield f"  it may prove nothing: {reason}"
        return
    if not context.is_home(page.url):
        page.leave_out(context.boilerplate)
    topics = page_topics(page, context)
    news = is_news(page, context)
    for rule_id in rules:
        rule = book.rules.get(rule_id)
        if rule is None:
            continue
        if news and not rule.news:
            yield f"  {rule_id}: a news item proves nothing here"
            continue
        look = _Look(page, rule, context, topics)
        for name, spec in rule.signals.items():
            fired = look.fired(name)
            veto = " (veto)" if name in rule.unless else ""
            quote = f": “{fired[0].quote}”" if fired else ""
            yield f"  {rule_id}: {name} {spec.kind}{veto} {'seen' if fired else 'not seen'}{quote}"
        for seen in signals(page, [rule], context):
            if seen.title != page.title:
                yield f"  {rule_id}: {seen.outcome} in “{seen.title}”"
