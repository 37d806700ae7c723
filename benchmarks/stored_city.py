"""A stored city of a few hundred pages, as a crawl would have left it: made from a fixed seed, served by nobody."""

import json
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import checks
from evidence_store import Capture, City, Exchange, Lease, Store

PORTAL = "http://bench.example/"
SUBJECTS = (
    "privacy policy,contact us,council meetings,budget,tenders,open data,waste and recycling,building permit,"
    "business licence,pay your bill,parking,libraries,schools,health centre,housing,events,news,jobs,site map,"
    "accessibility,public transport,road works,emergency,air quality,participatory budget,consultation,complaints"
).split(",")
WORDS = (
    "the city council offers residents a service of the department for public works and every office is open from "
    "monday to friday an application needs a form a fee and documents which are checked within ten working days "
    "please read the guidance before you write to us about streets parks water lighting taxes and permits"
).split()


def page(number: int, random_: random.Random) -> str:
    """About 37 kB with 150 links, as a middling portal's page is."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    menu = "".join(f'<li><a href="/p/{n}">{SUBJECTS[n % len(SUBJECTS)]} {n}</a></li>' for n in range(60))
    links = "".join(
        f'<li><a href="/p/{random_.randrange(2000)}">{random_.choice(SUBJECTS)} {random_.randrange(99)}</a></li>'
        for _ in range(90)
    )
    text = "".join(f"<p>{' '.join(random_.choices(WORDS, k=110))}.</p>" for _ in range(40))
    return (
        f'<!doctype html><html lang="en"><head><title>{subject.title()} {number}</title></head><body>'
        f"<header><nav><ul>{menu}</ul></nav></header><main><h1>{subject.title()}</h1>{text}<ul>{links}</ul></main>"
        "<footer><p>© Bench City</p></footer></body></html>"
    )


@contextmanager
def stored_city(pages: int) -> Iterator[Store]:
    """Round `bench`, city `bench`, one closed crawl."""
    random_ = random.Random(2024)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder), migrate=True) as store:
        store.add_cities(
            [City(id="bench", name="Bench City", country="GBR", languages=["en"], portal_url=PORTAL)]
        )
        rules = checks.rules_text()
        store.open_round(
            "bench",
            edition="losi-2024",
            edition_text=checks.edition_text("losi-2024"),
            rules_text=rules,
            city_ids=["bench"],
            advice={"A": "before"},
        )
        crawl = store.plan_crawl(
            store.assessment("bench", "bench").id,
            budget=pages,
            rules_digest=store.round("bench").rules_digest,
        )
        lease = store.claim(crawl.id, worker="bench", rules_digest=crawl.rules_digest)
        kept = [_record(store, lease, number, page(number, random_)) for number in range(pages)]
        for future in kept:
            future.result()
        _record_trail(store, lease, pages)
        store.finish(lease, stopped="exhausted", requests=pages)
        yield store


def _record(store: Store, lease: Lease, number: int, html: str) -> Future[Capture]:
    return store.record(
        lease,
        Exchange(
            url=f"{PORTAL}p/{number}" if number else PORTAL,
            kind="page",
            requested_by="spider",
            time=datetime.now(UTC),
            status=200,
            headers=(("Content-Type", "text/html; charset=utf-8"),),
            body=html.encode(),
        ),
    )


def _record_trail(store: Store, lease: Lease, pages: int) -> None:
    trail = {
        "schema": "losi-trail/1",
        "crawl": lease.crawl_id,
        "portal": PORTAL,
        "stopped": "exhausted",
        "requests": pages,
        "pages": pages,
        "visited": [],
        "skipped": [],
        "hosts": {},
        "soft_404": False,
        "languages": ["en"],
        "seconds": 1.0,
    }
    store.record(
        lease,
        Exchange(
            url=f"urn:losi:trail:{lease.crawl_id}",
            kind="trail",
            type="resource",
            requested_by="spider",
            time=datetime.now(UTC),
            mime="application/json",
            body=json.dumps(trail).encode(),
        ),
    ).result()
