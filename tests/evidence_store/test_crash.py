"""kill -9 at any moment: what was acknowledged is there and readable, and the next claimant goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_store import Store

# Forks its victims, so that twenty deaths cost one start of the interpreter.
EXECUTIONER = """
import os, random, sys, time
from datetime import datetime, UTC
from pathlib import Path
from evidence_store import Exchange, Store

folder, crawl_id, told, deaths = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
chance = random.Random(7)

def page(url):
    # Two of five are the same in every step, so that victims name what their predecessors stored.
    body, now = random.Random(url[-1] if url[-1] in "01" else url).randbytes(5000), datetime.now(UTC)
    return Exchange(url=url, kind="page", requested_by="spider", time=now, status=200, body=body)

def work(number):
    acknowledged = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    store = Store.open(folder)
    lease = store.claim(crawl_id, worker=f"victim {number}")
    os.write(begun[1], b"x")
    for step in range(10**6):
        urls = [f"http://lima.test/{number}/{step}/{part}" for part in range(5)]
        for url, future in [(url, store.record(lease, page(url))) for url in urls]:
            future.result()
            os.write(acknowledged, url.encode() + b"\\n")

for number in range(deaths):
    begun = os.pipe()
    victim = os.fork()
    if victim == 0:
        work(number)
    if number % 3:  # else it may die while it opens or claims
        os.read(begun[0], 1)
    time.sleep(chance.uniform(0, 0.05))
    os.kill(victim, 9)
    os.waitpid(victim, 0)
    os.close(begun[0])
    os.close(begun[1])
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("deaths", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_nothing_acknowledged_is_lost(store: Store, tmp_path: Path, deaths: int) -> None:
    crawl = store.plan_crawl("r/lima", budget=1)
    told = tmp_path / "told"
    command = [sys.executable, "-c", EXECUTIONER, str(store.folder), crawl.id, str(told), str(deaths)]
    root = str(Path(__file__).parents[2])
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": root})
    lease = store.claim(crawl.id, worker="heir")
    acknowledged = told.read_text().split() if told.exists() else []
    stored = [capture.url for capture in store.captures("r/lima")]
    assert acknowledged
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert lease.token > deaths / 2
    for capture in store.captures("r/lima"):
        store.read(capture)
    whole = [capture for capture in store.captures("r/lima", kind="page") if capture.url[-1] in "01"]
    assert [capture.type for capture in whole].count("response") <= 2
