"""What a power cut leaves of the newest file: a tail torn anywhere, or nothing but zeros; and an old database."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete

import checks
from evidence_store import Capture, Crawl, DigestMismatch, Signer, Store
from evidence_store.verifier import heads, verify_folder
from tests.checks.city import PAGES, exchange, make_city

OF = "r/example"


@dataclass(frozen=True)
class Cut:
    """A workspace whose crawler died at work; `places` are where the newest segment's records begin, and its end."""

    folder: Path
    filename: str
    crawl_id: str
    places: list[int]


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """One crawl is over and sealed; of a second, four pages are stored."""
    folder = tmp_path_factory.mktemp("cut")
    with make_city(folder / "alive") as store:
        checks.run(store, OF)
        store.seal(OF, Signer.open(folder / "keys"))
        crawl = store.plan_crawl(OF, budget=9, again=True)
        lease = store.claim(crawl.id, worker="victim")
        for path, body in PAGES.items():
            store.record(lease, exchange(path, body + b" and more")).result()
        store.record(lease, exchange("last", b"<p>the last one")).result()
        shutil.copytree(folder / "alive", folder / "dead")
    with (folder / "dead" / "archive" / lease.filename).open("rb") as file:
        places = [0, *(one.offset + one.length for one in heads(file))]
    return Cut(folder / "dead", lease.filename, crawl.id, places)


@contextmanager
def after(cut: Cut, folder: Path, at: int, *, known: int, zeros: bool = False) -> Iterator[Store]:
    """The newest file ends at `at`, or is zeros from there; rows of what stood behind `known` never came to be."""
    shutil.copytree(cut.folder, folder)
    path = folder / "archive" / cut.filename
    size = path.stat().st_size
    os.truncate(path, at)
    if zeros:
        os.truncate(path, size)
    with Store.open(folder) as store:
        with store.writing() as session:
            lost = (Capture.filename == cut.filename, Capture.offset >= known)
            session.execute(delete(Capture).where(*lost))
            session.get_one(Crawl, cut.crawl_id).process = None
            session.get_one(Crawl, cut.crawl_id).lease_until = None
        yield store


def go_on(store: Store, cut: Cut) -> None:
    lease = store.claim(cut.crawl_id, worker="heir")
    store.record(lease, exchange("more", b"<p>what the heir saw")).result()
    store.finish(lease, stopped="exhausted", requests=5)


def verdict(store: Store) -> str:
    report = verify_folder(store.archive / OF, store.archive / "keys.jsonl", of=OF)
    assert report.verdict != "altered", report.problems
    return report.verdict


def survives(cut: Cut, folder: Path, at: int, zeros: bool) -> None:
    known = cut.places[-3]
    with after(cut, folder / "ws", at, known=known, zeros=zeros) as store:
        assert verdict(store) == "unsealed"
        go_on(store, cut)
        found = [one for one in store.captures(OF) if one.filename == cut.filename]
        for capture in store.captures(OF):
            store.read(capture)
        assert len(found) >= 3, "what had rows"
        same = 3 * zeros  # a member may itself end in as many zeros
        assert all(one.offset + one.length <= at + same for one in found), "and whole records that had none"
        store.seal(OF, Signer.open(cut.folder.parent / "keys"))
        assert verdict(store) == "sound"
        report = store.reindex()
        assert (report.faults, sum(report.made.values())) == ([], 0)
        assert bool(report.notes) == (at not in cut.places or (zeros and at < cut.places[-1]))
    shutil.rmtree(folder / "ws")


def test_it_works(cut: Cut, tmp_path: Path) -> None:
    """The last two records, cut at some of their bytes."""
    first, middle, end = cut.places[-3:]
    chance = random.Random(3)
    for at in [first, first + 1, middle, end - 1, end, *chance.sample(range(first, end), 3)]:
        survives(cut, tmp_path, at, zeros=False)
    for at in [first, middle, chance.randrange(first, end)]:
        survives(cut, tmp_path, at, zeros=True)


@pytest.mark.soak
@pytest.mark.parametrize("zeros", [False, True])
def test_every_byte(cut: Cut, tmp_path: Path, zeros: bool) -> None:
    # What is lost to a power cut is a sector, never less than a member's trailer.
    for at in range(cut.places[-3], cut.places[-1] + 1 - 8 * zeros):
        survives(cut, tmp_path, at, zeros)


def test_nothing_of_a_begun_file(cut: Cut, tmp_path: Path) -> None:
    for number, at in enumerate((0, 1, cut.places[1] - 1, cut.places[1])):
        with after(cut, tmp_path / str(number), at, known=0) as store:
            go_on(store, cut)
            store.seal(OF, Signer.open(cut.folder.parent / "keys"))
            assert verdict(store) == "sound"
            assert store.reindex().faults == []


def test_what_was_acknowledged_and_is_gone_is_named(cut: Cut, tmp_path: Path) -> None:
    """No power cut does that, but a disk may: the rest goes on, and what is lost is said."""
    at = cut.places[-3] + 5
    with after(cut, tmp_path / "ws", at, known=1 << 40) as store:
        go_on(store, cut)
        with pytest.raises(DigestMismatch, match=cut.filename):
            store.seal(OF, Signer.open(cut.folder.parent / "keys"))
        assert verdict(store) == "unsealed"
        assert store.unsealed(OF) == [cut.filename.rpartition("/")[2]]
        (fault,) = store.reindex().faults
    assert "last" in fault
    assert "in the database, not in the archive; restore the file from a copy" in fault
