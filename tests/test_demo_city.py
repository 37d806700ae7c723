"""The whole way over the fictitious cities, once: crawl, check, quotes, scores against the true answers."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

import checks
import demo_city
from checks import Page
from checks.replay import recheck
from evidence_store import Signer, Store, unbundled, verifier
from evidence_store.wacz import write_wacz
from losi.demo import tally
from losi.sealing import keys_folder
from losi.workspace import Workspace


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The command as a person gives it; its document, its workspace, and what it said on the way."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "losi", "--workspace", str(folder), "demo", "--json", "--no-review"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), folder


@pytest.fixture(scope="module")
def answers():
    with demo_city.serve() as served:
        return {city.id: city.answers for city in served}


@pytest.fixture(scope="module")
def tallies(demo, answers):
    return [tally(city, answers[city["id"]]) for city in demo[0]["cities"]]


def test_it_works(demo):
    document, _ = demo
    assert document["schema"] == "losi-results/1"
    assert len(document["cities"]) == 3
    for city in document["cities"]:
        assert city["stopped"] in ("settled", "exhausted")
        assert len(city["indicators"]) == 95
        assert city["requests"] >= city["pages"] >= 30


def test_enough_indicators_have_rules():
    served = [one for one in checks.load_edition("losi-2024").indicators if one.rules]
    assert len(served) >= 45


def test_a_proposed_yes_is_right(tallies):
    right, wrong = (sum(getattr(t, name) for t in tallies) for name in ("yes_right", "yes_wrong"))
    assert right / (right + wrong) >= 0.95


def test_what_is_there_is_found(tallies):
    right, missed = (sum(getattr(t, name) for t in tallies) for name in ("yes_right", "yes_missed"))
    assert right / (right + missed) >= 0.85


def test_no_trap_is_taken(tallies):
    assert [t.traps for t in tallies] == [0, 0, 0]


def test_every_quote_stands_in_the_capture_it_cites(demo):
    document, folder = demo
    with Store.open(folder) as store:
        quotes = 0
        for city in document["cities"]:
            for indicator in city["indicators"]:
                for evidence in indicator["evidence"]:
                    capture = store.capture(evidence["capture"])
                    assert capture.digest == evidence["digest"]
                    assert stands(evidence["quote"], Page(capture, store.read(capture))), evidence
                    quotes += 1
    assert quotes > 100


def stands(quote: str, page: Page) -> bool:
    """In the text or an attribute; a measurement of markup quotes the source itself."""
    return checks.contains_quote(page, quote) or quote in " ".join(page.source.split())


def test_a_lost_database_is_made_again(demo, tmp_path):
    _, folder = demo
    shutil.copytree(folder / "archive", tmp_path / "archive")
    with Store.open(tmp_path) as store:
        assert store.reindex().faults == []
        now = seen(store)
    with Store.open(folder) as store:
        assert seen(store) == now


def seen(store):
    """Captures and proposals of every city."""
    cities = store.assessments("demo")
    captures = [(one.record_id, one.digest, one.offset) for city in cities for one in store.captures(city.id)]
    return captures, checks.results(store, "demo")


def test_a_bundle_is_sound_and_replays_the_same(demo, tmp_path):
    _, folder = demo
    shutil.copytree(folder, tmp_path / "ws")
    of, file = "demo/navjyotipur", tmp_path / "city.wacz"
    with Store.open(tmp_path / "ws") as store:
        write_wacz(
            store, of, file, signer=Signer.open(keys_folder(Workspace(folder))), made=datetime.now(UTC)
        )
    assert verifier.verify(file).verdict == "sound"
    with unbundled(file) as (store, found):
        assert found == of
        assert recheck(store, of).differences == ()


def test_nothing_left_this_machine(demo):
    _, folder = demo
    with Store.open(folder) as store:
        for assessment in store.assessments("demo"):
            for capture in store.captures(assessment.id):
                assert capture.url.startswith(("http://127.0.0.1:", "urn:")), capture.url


def test_what_is_not_visited_says_why(demo):
    for city in demo[0]["cities"]:
        reasons = {one["reason"] for one in city["skipped"]}
        assert {"robots", "private-network"} <= reasons


def test_a_second_demo_fetches_nothing(demo):
    document, folder = demo
    command = [sys.executable, "-m", "losi", "--workspace", str(folder), "demo", "--json", "--no-review"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    again = json.loads(ran.stdout)
    assert [c["requests"] for c in again["cities"]] == [c["requests"] for c in document["cities"]]
    proposals = [[i["proposal"] for i in c["indicators"]] for c in again["cities"]]
    assert proposals == [[i["proposal"] for i in c["indicators"]] for c in document["cities"]]
