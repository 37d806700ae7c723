import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store import (
    CrawlFinished,
    CrawlTaken,
    Exchange,
    Lease,
    Locked,
    LostLease,
    NotFound,
    RulesDiffer,
    Store,
)

Page = Callable[..., Exchange]
Opener = Callable[..., Store]
COPIED = ("kind", "type", "status", "mime", "digest", "timestamp", "error", "channel", "refers_to")


def test_it_works(store: Store, page: Page) -> None:
    crawl = store.plan_crawl("r/lima", budget=10)
    assert (crawl.state, crawl.token) == ("waiting", 0)
    lease = store.claim(crawl.id, worker="me")
    store.record(lease, page()).result()
    store.renew(lease)
    store.finish(lease, stopped="settled", requests=3)
    done = store.crawls("r/lima")[0]
    assert (done.state, done.stopped, done.token, done.requests, done.lease_until) == (
        "closed",
        "settled",
        1,
        3,
        None,
    )
    assert done.opened is not None
    assert done.closed is not None
    assert done.closed >= done.opened
    assert done.seconds > 0


def test_a_plan_is_made_once(store: Store) -> None:
    first = store.plan_crawl("r/lima", budget=10)
    assert store.plan_crawl("r/lima", budget=20).id == first.id
    assert store.crawl(first.id).budget == 20
    lease = store.claim(first.id, worker="me")
    store.finish(lease, stopped="budget")
    assert store.plan_crawl("r/lima", budget=10).id == first.id
    again = store.plan_crawl("r/lima", budget=10, again=True)
    assert [crawl.id for crawl in store.crawls("r/lima")] == [first.id, again.id]


def test_a_page_a_person_asked_for_is_another_crawl(store: Store) -> None:
    one, two, same = (
        store.plan_crawl("r/lima", purpose="person", url=url, budget=1)
        for url in ("http://a", "http://b", "http://a")
    )
    assert len({one.id, two.id, same.id, store.plan_crawl("r/lima", budget=1).id}) == 3


def test_no_plan_for_nobody(store: Store) -> None:
    with pytest.raises(NotFound, match="r/atlantis"):
        store.plan_crawl("r/atlantis", budget=1)
    with pytest.raises(NotFound, match="crawl 'x'"):
        store.claim("x", worker="me")


def test_two_crawlers_on_one_city(store: Store, lease: Lease) -> None:
    with pytest.raises(CrawlTaken, match=r"worked on by test .*until 20") as taken:
        store.claim(lease.crawl_id, worker="other")
    assert taken.value.until > datetime.now(UTC)


def test_many_claim_and_one_gets_it(open_store: Opener, store: Store) -> None:
    crawl = store.plan_crawl("r/lima", budget=1)
    leases: list[Lease] = []
    refused: list[Exception] = []

    def claim(own: Store) -> None:
        try:
            leases.append(own.claim(crawl.id, worker="me"))
        except CrawlTaken as error:
            refused.append(error)

    threads = [threading.Thread(target=claim, args=(open_store(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(leases), len(refused)) == (1, 3)


def test_what_is_finished_is_finished(store: Store, lease: Lease) -> None:
    store.finish(lease, stopped="budget")
    with pytest.raises(CrawlFinished, match="budget"):
        store.claim(lease.crawl_id, worker="other")


def test_what_failed_goes_on(store: Store, lease: Lease, page: Page) -> None:
    store.record(lease, page()).result()
    store.finish(lease, stopped="our-error", state="failed")
    assert store.plan_crawl("r/lima", budget=1).id == lease.crawl_id
    second = store.claim(lease.crawl_id, worker="other")
    assert second.filename.endswith("-2.warc.gz")
    assert store.crawl(lease.crawl_id).seconds >= second.seconds > 0


def test_a_lease_that_ran_out_is_taken_over(store: Store, open_store: Opener, page: Page) -> None:
    other = open_store(lease_seconds=0)
    first = other.claim(store.plan_crawl("r/lima", budget=1).id, worker="slow")
    kept = other.record(first, page("/kept")).result()
    second = store.claim(first.crawl_id, worker="quick")
    assert (first.token, second.token) == (1, 2)
    with pytest.raises(LostLease, match="token 1"):
        other.record(first, page("/lost")).result()
    with pytest.raises(LostLease):
        other.renew(first)
    with pytest.raises(LostLease):
        other.finish(first, stopped="settled")
    own = store.record(second, page("/own")).result()
    assert [one.record_id for one in store.captures("r/lima")] == [kept.record_id, own.record_id]


def test_every_commit_renews(store: Store, lease: Lease, page: Page) -> None:
    store.record(lease, page()).result()
    renewed = store.crawl(lease.crawl_id).lease_until
    assert renewed is not None
    assert renewed > lease.until


DIES = """
import os, sys
from pathlib import Path
from datetime import datetime, UTC
from evidence_store import Exchange, Store
store = Store.open(Path(sys.argv[1]), database_url=sys.argv[3] or None)
lease = store.claim(sys.argv[2], worker="doomed")
url, now = "http://lima.test/acknowledged", datetime.now(UTC)
store.record(lease, Exchange(url=url, kind="page", requested_by="spider", time=now, status=200)).result()
store.take_turn("lima.test", "doomed")
os.kill(os.getpid(), 9)
"""


def test_a_dead_process_is_not_waited_for(store: Store, database_url: str | None) -> None:
    crawl = store.plan_crawl("r/lima", budget=1)
    command = [sys.executable, "-c", DIES, str(store.folder), crawl.id, database_url or ""]
    root = str(Path(__file__).parents[2])
    # Left unreaped while we look: a corpse holds nothing either.
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": root}) as dead:
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
        else:
            dead.wait()
        lease = store.claim(crawl.id, worker="heir")
        waits = store.take_turn("lima.test", "heir")
    assert lease.token == 2
    assert [capture.url for capture in store.captures("r/lima")] == ["http://lima.test/acknowledged"]
    assert waits == 3.0  # the pause the host would have had, not the minute of the turn


def tail_of(lease: Lease, store: Store, *exchanges: Exchange) -> bytes:
    from evidence_store.warc import encode

    data = b"".join(member for one in exchanges for member in encode(one).members)
    with (store.archive / lease.filename).open("ab") as file:
        file.write(data)
    return data


def test_whole_records_without_rows_get_them(open_store: Opener, store: Store, page: Page) -> None:
    other = open_store(lease_seconds=0)
    first = other.claim(store.plan_crawl("r/lima", budget=1).id, worker="slow")
    known = other.record(first, page("/known", request_headers=(("A", "b"),))).result()
    orphans = [
        page("/a", channel="phone", headers=(("content-type", "Text/HTML; charset=x"),)),
        page("/b", type="metadata", status=None, body=b"", error="dns", request_headers=(("A", "b"),)),
        page(
            "/c", type="resource", status=None, mime="application/json", refers_to="urn:uuid:x", kind="trail"
        ),
    ]
    tail_of(first, other, *orphans)
    second = store.claim(first.crawl_id, worker="heir")
    adopted = list(store.captures("r/lima"))[1:]
    assert [capture.url for capture in adopted] == [f"http://lima.test/{name}" for name in "abc"]
    for exchange, capture in zip(orphans, adopted, strict=True):
        written = store.record(second, exchange).result()
        for name in COPIED:
            assert getattr(capture, name) == getattr(written, name), name
        assert store.read(capture).body == store.read(written).body
    assert store.read(known).headers["WARC-Target-URI"].endswith("/known")


@pytest.mark.parametrize("cut", [1, 50, -1])
def test_a_torn_record_stays_outside(open_store: Opener, store: Store, page: Page, cut: int) -> None:
    other = open_store(lease_seconds=0)
    first = other.claim(store.plan_crawl("r/lima", budget=1).id, worker="slow")
    whole = tail_of(first, other, page("/whole"))
    torn = tail_of(first, other, page("/torn", type="resource", status=None))
    path = store.archive / first.filename
    path.write_bytes(path.read_bytes()[: cut - len(torn) if cut > 0 else cut])
    before = path.read_bytes()
    store.claim(first.crawl_id, worker="heir")
    assert len(whole) > 50
    assert {capture.url for capture in store.captures("r/lima")} == {"http://lima.test/whole"}
    assert path.read_bytes() == before


def test_a_file_of_a_higher_token_is_passed_over(store: Store) -> None:
    """After the database came back from an older copy, the archive knows of claims that it does not."""
    crawl = store.plan_crawl("r/lima", budget=1)
    (store.archive / "r/lima").mkdir(parents=True, exist_ok=True)
    (store.archive / f"r/lima/{crawl.id}-7.warc.gz").write_bytes(b"")
    assert store.claim(crawl.id, worker="me").token == 8


def test_other_rules_may_not_claim(store: Store) -> None:
    crawl = store.plan_crawl("r/lima", budget=1, rules_digest="sha256:a")
    with pytest.raises(RulesDiffer):
        store.claim(crawl.id, worker="me", rules_digest="sha256:b")
    store.claim(crawl.id, worker="me", rules_digest="sha256:a")


def test_a_closed_round_is_not_crawled(store: Store) -> None:
    crawl = store.plan_crawl("r/lima", budget=1)
    store.close_round("r", set())
    with pytest.raises(Locked, match="round r is closed"):
        store.claim(crawl.id, worker="me")


def test_closing_a_round_shuts_crawlers_out(store: Store, lease: Lease, page: Page) -> None:
    store.close_round("r", set())
    with pytest.raises(LostLease):
        store.record(lease, page()).result()


def test_closing_the_store_lets_go(store: Store, open_store: Opener, page: Page) -> None:
    other = open_store()
    first = other.claim(store.plan_crawl("r/lima", budget=1).id, worker="interrupted")
    waiting = other.record(first, page())
    other.close()
    assert waiting.result().url == "http://lima.test/"
    assert store.crawl(first.crawl_id).state == "waiting"
    assert store.claim(first.crawl_id, worker="next").token == 2
