"""Every closed segment gets one seal, whoever dies or comes second; nothing else gets one."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import update

from evidence_store import (
    BrokenChain,
    DigestMismatch,
    KeyRevoked,
    NotFound,
    Signer,
    Store,
    StoreFull,
    StrangeKey,
)
from evidence_store.keys import verifies
from evidence_store.models import Crawl
from evidence_store.segment import Segment
from evidence_store.verifier import heads, leaf
from tests.evidence_store.test_seal import mth

ROOT = str(Path(__file__).parents[2])
# Forks its victims, so that twenty deaths cost one start of the interpreter.
EXECUTIONER = """
import os, random, sys, time
from pathlib import Path
from evidence_store import Signer, Store

folder, keys, deaths = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
chance = random.Random(11)
for number in range(deaths):
    begun = os.pipe()
    victims = []
    for sealer in range(2):
        victim = os.fork()
        if victim == 0:
            store, signer = Store.open(folder), Signer.open(keys)
            os.write(begun[1], b"x")
            store.seal("r/lima", signer)
            time.sleep(60)
        victims.append(victim)
    os.read(begun[0], 1)
    time.sleep(chance.uniform(0, 0.008))
    for victim in victims:
        os.kill(victim, 9)
    for victim in victims:
        os.waitpid(victim, 0)
    os.close(begun[0])
    os.close(begun[1])
"""


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.open(tmp_path / "keys")


@pytest.fixture
def crawled(store: Store, page: Callable) -> Callable[..., str]:
    """A closed segment of so many pages in r/lima: its file's name."""

    def crawl(pages: int = 2) -> str:
        lease = store.claim(store.plan_crawl("r/lima", budget=9, again=True).id, worker="test")
        for number in range(pages):
            store.record(lease, page(f"/{number}", b"body %d" % number * 50)).result()
        store.finish(lease, stopped="exhausted")
        return lease.filename.rpartition("/")[2]

    return crawl


def folder(store: Store) -> Path:
    return store.archive / "r" / "lima"


def heads_by_hand(path: Path) -> list[bytes]:
    """By lengths, from the unpacked file: nothing of ours is used."""
    data, found = gzip.decompress(path.read_bytes()), []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        length = next(
            int(line.split()[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")
        )
        assert rest[length : length + 4] == b"\r\n\r\n"
        found.append(head + b"\r\n\r\n")
        data = rest[length + 4 :]
    return found


def check_chain(store: Store, of: str = "r/lima") -> list[str]:
    """The sealed segments, each seal followed by hand."""
    previous, segments = "", []
    for number, path in enumerate(sorted((store.archive / of).glob("seal-*.json")), 1):
        data = path.read_bytes()
        read = json.loads(data)
        seal = read["seal"]
        assert path.name == f"seal-{number:04d}.json"
        assert data == rfc8785.dumps(read)
        assert (seal["of"], seal["number"], seal["previous"]) == (of, number, previous)
        heads = heads_by_hand(path.with_name(seal["segment"]))
        assert (seal["records"], seal["root"]) == (len(heads), "sha256:" + mth(heads).hex())
        assert verifies(seal["key"], read["signature"], seal)
        previous = "sha256:" + hashlib.sha256(data).hexdigest()
        segments.append(seal["segment"])
    assert len(segments) == len(set(segments))
    return segments


def test_it_works(store, crawled, signer):
    first = crawled(3)
    (seal,) = store.seal("r/lima", signer)
    assert (seal.segment, seal.number) == (first, 1)
    assert seal.records == len(heads_by_hand(folder(store) / first)) > 3
    second = crawled()
    assert store.unsealed("r/lima") == [second]
    (seal,) = store.seal("r/lima", signer)
    assert (seal.segment, seal.number) == (second, 2)
    assert check_chain(store) == [first, second]
    assert store.seal("r/lima", signer) == []
    assert store.unsealed("r/lima") == []
    assert [one.segment for one in store.seals("r/lima")] == [first, second]
    assert (store.archive / "keys.jsonl").read_bytes() == signer.statements()


@pytest.mark.parametrize("most", [1, 2, 3, 5, 64, 1000])
def test_leaves_are_the_same_however_little_is_read_at_a_time(store, crawled, most):
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size, most) if size and size > 0 else most)

    path = folder(store) / crawled()
    expected = [leaf(head) for head in heads_by_hand(path)]
    assert [one.leaf for one in heads(Dribble(path.read_bytes()))] == expected


def test_what_is_said_is_sealed_and_more_of_it_begins_a_new_file(store, signer):
    for number in range(2):
        store.journal("r/lima", "answers", "urn:losi:answers:r/lima", b'{"n": %d}' % number)
        (seal,) = store.seal("r/lima", signer)
        assert (seal.number, seal.records) == (number + 1, 2)
    assert len(store.seal("r", signer)) == 1
    assert check_chain(store, "r")
    assert len(check_chain(store)) == 2


def test_what_is_being_written_waits(store, lease, page, signer, open_store):
    store.record(lease, page()).result()
    other = open_store()
    assert other.seal("r/lima", signer) == []
    assert other.unsealed("r/lima") == [lease.filename.rpartition("/")[2]]
    other.journal("r/lima", "answers", "urn:x", b"{}")
    assert [one.segment[:8] for one in other.seal("r/lima", signer)] == ["journal-"]
    store.finish(lease, stopped="exhausted")
    assert len(other.seal("r/lima", signer)) == 1
    assert len(check_chain(store)) == 2


def test_a_lease_on_another_machine_is_believed_where_its_lock_cannot_be_seen(store, lease, page, signer):
    store.record(lease, page()).result()
    store._segments[lease].close()
    with store.writing() as session:
        session.execute(update(Crawl).values(process="elsewhere:1:1"))
    assert store.seal("r/lima", signer) == []
    with store.writing() as session:
        session.execute(update(Crawl).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
    assert len(store.seal("r/lima", signer)) == 1


def test_files_without_a_whole_record_are_no_evidence(store, crawled, signer):
    name = crawled()
    whole = (folder(store) / name).read_bytes()
    (folder(store) / "empty-1.warc.gz").write_bytes(b"")
    (folder(store) / "torn-1.warc.gz").write_bytes(whole[:60])
    assert store.unsealed("r/lima") == [name]
    assert [one.segment for one in store.seal("r/lima", signer)] == [name]


@pytest.mark.parametrize("tail", [b"\0" * 500, b"\x1f\x8b\x08", b"torn"])
def test_a_torn_tail_is_outside_the_seal(store, crawled, signer, tail):
    name = crawled()
    records = len(heads_by_hand(folder(store) / name))
    with (folder(store) / name).open("ab") as file:
        file.write(tail)
    (seal,) = store.seal("r/lima", signer)
    assert seal.records == records


def test_what_was_acknowledged_and_cannot_be_read_is_said_and_never_sealed(store, crawled, signer):
    damaged, sound = crawled(), crawled()
    capture = next(one for one in store.captures("r/lima") if one.filename.endswith(damaged))
    with (folder(store) / damaged).open("r+b") as file:
        file.seek(capture.offset + capture.length // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 255]))
    with pytest.raises(DigestMismatch, match=damaged):
        store.seal("r/lima", signer)
    assert check_chain(store) == [sound]
    assert store.unsealed("r/lima") == [damaged]


def test_a_cut_file_is_never_sealed(store, crawled, signer):
    name = crawled()
    path = folder(store) / name
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(DigestMismatch, match=name):
        store.seal("r/lima", signer)
    assert check_chain(store) == []


def test_a_broken_chain_is_not_gone_on_with(store, crawled, signer):
    for _ in range(3):
        crawled()
    store.seal("r/lima", signer)
    crawled()
    (folder(store) / "seal-0002.json").unlink()
    for refused in (
        lambda: store.seal("r/lima", signer),
        lambda: store.seals("r/lima"),
        lambda: store.fingerprint("r"),
    ):
        with pytest.raises(BrokenChain, match="r/lima"):
            refused()
    assert len(list(folder(store).glob("seal-*"))) == 2


def test_a_second_key_signs_only_when_a_person_lets_it(store, crawled, signer, tmp_path):
    crawled()
    store.seal("r/lima", signer)
    crawled()
    other = Signer.open(tmp_path / "other")
    with pytest.raises(StrangeKey, match="losi seal"):
        store.seal("r/lima", other)
    store.admit(other)
    assert [one.key for one in store.seal("r/lima", other)] == [other.key]
    assert (store.archive / "keys.jsonl").read_bytes() == signer.statements() + other.statements()
    assert len(check_chain(store)) == 2


def test_rotation_and_revocation_reach_the_archive(store, crawled, signer):
    crawled()
    store.seal("r/lima", signer)
    signer.revoke("stolen")
    crawled()
    with pytest.raises(KeyRevoked):
        store.seal("r/lima", signer)
    store.admit(signer)
    assert b'"revoked"' in (store.archive / "keys.jsonl").read_bytes()
    new = signer.rotate("after the theft")
    assert [one.key for one in store.seal("r/lima", new)] == [new.key]
    assert (store.archive / "keys.jsonl").read_bytes() == new.statements()


def test_sealers_at_once_make_one_chain(store, crawled, signer, open_store):
    names = sorted(crawled(1) for _ in range(6))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda one: one.seal("r/lima", signer), [open_store() for _ in range(4)]))
    assert sorted(seal.segment for seals in made for seal in seals) == names
    assert sorted(check_chain(store)) == names


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("deaths", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_killed_sealers_leave_no_wrong_seal(store, crawled, signer, tmp_path, deaths):
    names = sorted(crawled(1) for _ in range(deaths))
    command = [sys.executable, "-c", EXECUTIONER, str(store.folder), str(tmp_path / "keys"), str(deaths)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": ROOT})
    assert len(check_chain(store)) <= deaths
    store.seal("r/lima", signer)
    assert sorted(check_chain(store)) == names


@pytest.mark.parametrize("call", ["fsync", "link", "unlink"])
def test_whoever_dies_at_a_seal_leaves_it_whole_or_not_at_all(store, crawled, signer, monkeypatch, call):
    name = crawled()
    store.admit(signer)

    def dies(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, call, dies)
    with pytest.raises(KeyboardInterrupt):
        store.seal("r/lima", signer)
    monkeypatch.undo()
    assert check_chain(store) in ([], [name])
    store.seal("r/lima", signer)
    assert check_chain(store) == [name]


def test_a_full_disk_is_one_line(store, crawled, signer, monkeypatch):
    crawled()
    store.admit(signer)

    def full(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(StoreFull, match="make room"):
        store.seal("r/lima", signer)
    monkeypatch.undo()
    assert list(folder(store).glob(".seal*")) == []
    assert len(store.seal("r/lima", signer)) == 1


def test_a_segment_is_held_by_its_writer(tmp_path, store, signer):
    segment = Segment(store.archive, "r/lima/held-1.warc.gz")
    assert store.seal("r/lima", signer) == []
    segment.close()
    assert len(store.seal("r/lima", signer)) == 1


def test_fingerprints(store, crawled, signer):
    with pytest.raises(NotFound, match="losi seal"):
        store.fingerprint("r")
    crawled()
    store.seal("r/lima", signer)
    first = store.fingerprint("r")
    assert store.fingerprint("r") == first
    data = (store.archive / first.filename).read_bytes()
    assert first.digest == "sha256:" + hashlib.sha256(data).hexdigest()
    assert first.filename == f"r/fingerprint-{first.day}.json"
    assert json.loads(data)["heads"] == {"lima": {"number": 1, "seal": store.seals("r/lima")[-1].digest}}
    store.seal("r", signer)
    second = store.fingerprint("r")
    assert second.filename == f"r/fingerprint-{first.day}-2.json"
    assert second.heads[""].seal == store.seals("r")[-1].digest
    assert store.fingerprint("r") == second
    assert (store.archive / first.filename).read_bytes() == data
