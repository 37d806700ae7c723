import hashlib
import io
import json
import os
import shutil
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence_store import DigestMismatch, NotFound, Signer, Store, StoreFull, wacz
from evidence_store.errors import BeingWritten, StrangeKey
from evidence_store.keys import verifies
from evidence_store.stored_zip import StoredZip
from evidence_store.verifier import Tree, heads, verify
from evidence_store.wacz import write_wacz

MADE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
RESULTS = b'{"schema":"losi-results/1"}'


@pytest.fixture
def store(prepared, tmp_path):
    """SQLite alone: nothing here depends on the database."""
    shutil.copytree(prepared, tmp_path / "workspace")
    with Store.open(tmp_path / "workspace") as store:
        yield store


@pytest.fixture
def signer(tmp_path):
    return Signer.open(tmp_path / "keys")


@pytest.fixture
def crawled(store, lease, page):
    """Two pages, a redirect, a failure and a picture of `lima`."""
    exchanges = [
        page("/"),
        page("/Notícias?b=2&a=1", body=b"<p>2</p>"),
        page("/old", status=301, reason="Moved", headers=(("Location", "/"),), body=b""),
        page("/gone", status=404, reason="Not Found"),
        page("/down", type="metadata", status=None, headers=(), body=b"", error="timeout"),
        page("/", type="resource", kind="screenshot", url="urn:view:http://lima.test/", mime="image/png"),
    ]
    for exchange in exchanges:
        store.record(lease, exchange).result()
    store.finish(lease, stopped="settled")
    return store


@dataclass
class Read:
    files: dict[str, bytes]

    @classmethod
    def of(cls, path: Path) -> "Read":
        with zipfile.ZipFile(path) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.files[name].splitlines()]

    def named(self, folder: str, ending: str = "") -> list[str]:
        return [name for name in self.files if name.startswith(folder) and name.endswith(ending)]


def packed(store, signer, path, **changed):
    options = {"signer": signer, "results": RESULTS, "made": MADE} | changed
    return Read.of(write_wacz(store, "r/lima", path, **options))


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def test_it_works(crawled, signer, tmp_path):
    read = packed(crawled, signer, tmp_path / "lima.wacz")
    assert list(read.files)[-2:] == ["datapackage.json", "datapackage-digest.json"]
    kinds = {line["kind"] for line in read.lines(wacz.LEDGER)}
    assert kinds >= {"page", "screenshot", "edition", "rules", "assessment", "results"}
    archived = list(read.files)
    assert len(read.named("archive/")) == len(read.named("seals/seal-", ".json"))
    assert "seals/keys.jsonl" in archived
    assert "indexes/index.cdx" in archived


def test_the_verifier_finds_it_sound(crawled, signer, tmp_path):
    packed(crawled, signer, tmp_path / "lima.wacz")
    report = verify(tmp_path / "lima.wacz", key=signer.key)
    assert (report.ok, report.verdict, report.problems) == (True, "sound", [])
    packed(crawled, None, tmp_path / "unsigned.wacz")
    assert not verify(tmp_path / "unsigned.wacz", key=signer.key).ok


def test_the_manifest_names_every_file(crawled, signer, tmp_path):
    read = packed(crawled, signer, tmp_path / "lima.wacz")
    manifest = read.json("datapackage.json")
    named = {one["path"]: (one["hash"], one["bytes"]) for one in manifest["resources"]}
    others = {
        name: (digest(data), len(data)) for name, data in read.files.items() if "datapackage" not in name
    }
    assert named == others
    assert len({one["name"] for one in manifest["resources"]}) == len(named)
    assert manifest["profile"] == "data-package"
    assert (manifest["wacz_version"], manifest["created"]) == ("1.1.1", "2026-11-24T08:00:00Z")
    assert (manifest["mainPageURL"], manifest["mainPageDate"]) == (
        "http://lima.test/",
        "2026-11-23T12:00:00Z",
    )
    assert manifest["title"] == "Lima, round r"


def test_our_signature_stands_on_the_manifest(crawled, signer, tmp_path):
    read = packed(crawled, signer, tmp_path / "lima.wacz")
    said = read.json("datapackage-digest.json")
    bundle = said["losi"]["bundle"]
    assert (said["path"], said["hash"]) == ("datapackage.json", digest(read.files["datapackage.json"]))
    last = read.named("seals/seal-", ".json")[-1]
    assert (bundle["manifest"], bundle["head"]) == (said["hash"], digest(read.files[last]))
    assert (bundle["of"], bundle["seals"], bundle["key"]) == ("r/lima", 2, signer.key)
    assert verifies(signer.key, said["losi"]["signature"], bundle)


def test_the_ledger_has_the_leaves_of_the_seals(crawled, signer, tmp_path):
    read = packed(crawled, signer, tmp_path / "lima.wacz")
    for name in read.named("seals/seal-", ".json"):
        seal = read.json(name)["seal"]
        lines = [line for line in read.lines(wacz.LEDGER) if line["segment"] == seal["segment"]]
        tree = Tree()
        for line in lines:
            tree.add(bytes.fromhex(line["leaf"].removeprefix("sha256:")))
        assert (tree.count, "sha256:" + tree.root().hex()) == (seal["records"], seal["root"])
        whole = read.files[f"archive/{seal['segment']}"]
        assert [(one.offset, one.length) for one in heads(io.BytesIO(whole))] == [
            (line["offset"], line["length"]) for line in lines
        ]


def test_pages_are_what_can_be_looked_at(crawled, signer, tmp_path):
    head, *pages = packed(crawled, signer, tmp_path / "lima.wacz").lines("pages/pages.jsonl")
    assert head["format"] == "json-pages-1.0"
    assert [page["url"] for page in pages] == [
        "http://lima.test/",
        "http://lima.test/Notícias?b=2&a=1",
        "http://lima.test/gone",
    ]
    assert {page["ts"] for page in pages} == {"2026-11-23T12:00:00Z"}


def test_index_lines_are_in_byte_order(crawled, signer, tmp_path):
    lines = packed(crawled, signer, tmp_path / "lima.wacz").files["indexes/index.cdx"].splitlines()
    assert lines == sorted(lines)
    assert b"down" not in b"".join(lines)


def test_the_same_content_gives_the_same_bytes(crawled, signer, tmp_path):
    first = write_wacz(crawled, "r/lima", tmp_path / "1.wacz", signer=signer, results=RESULTS, made=MADE)
    held = sorted(path.name for path in (crawled.archive / "r/lima").iterdir())
    second = write_wacz(crawled, "r/lima", tmp_path / "2.wacz", signer=signer, results=RESULTS, made=MADE)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in (crawled.archive / "r/lima").iterdir()) == held


def test_new_results_are_kept_beside_the_old(crawled, signer, tmp_path):
    packed(crawled, signer, tmp_path / "1.wacz")
    read = packed(crawled, signer, tmp_path / "2.wacz", results=b"{}")
    assert [line["kind"] for line in read.lines(wacz.LEDGER)].count("results") == 2
    assert read.json("datapackage-digest.json")["losi"]["bundle"]["seals"] == 3


def test_a_torn_tail_is_left_out(crawled, signer, tmp_path):
    (segment,) = (crawled.archive / "r/lima").glob("*-1.warc.gz")
    whole = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(b"\x1f\x8b\x08torn")
    read = packed(crawled, signer, tmp_path / "lima.wacz")
    assert len(read.files[f"archive/{segment.name}"]) == whole


def test_fingerprints_that_name_the_city(crawled, signer, tmp_path):
    crawled.seal("r/lima", signer)
    crawled.fingerprint("r")
    (crawled.archive / "r/fingerprint-2026-01-01.json").write_bytes(
        b'{"day":"2026-01-01","heads":{"porto":{"number":1,"seal":"sha256:00"}},"round":"r","schema":"losi-fingerprint/1"}'
    )
    (name,) = packed(crawled, signer, tmp_path / "lima.wacz").named("seals/fingerprint-")
    assert "2026-01-01" not in name


def test_without_a_key_it_is_unsealed_and_whole(crawled, tmp_path):
    read = packed(crawled, None, tmp_path / "lima.wacz")
    assert not read.named("seals/")
    assert set(read.json("datapackage-digest.json")) == {"path", "hash"}
    assert {line["kind"] for line in read.lines(wacz.LEDGER)} >= {"page", "results"}


def test_no_bundle_with_half_a_crawl(store, lease, page, signer, tmp_path):
    store.record(lease, page()).result()
    with pytest.raises(BeingWritten, match=r"r/lima is being written by a crawl .*; wait until it has ended"):
        packed(store, signer, tmp_path / "lima.wacz")
    assert not (tmp_path / "lima.wacz").exists()


def test_another_key_than_the_archives(crawled, signer, tmp_path):
    packed(crawled, signer, tmp_path / "lima.wacz")
    with pytest.raises(StrangeKey):
        packed(crawled, Signer.open(tmp_path / "strange"), tmp_path / "other.wacz")
    assert not (tmp_path / "other.wacz").exists()


def test_a_segment_changed_after_its_seal(crawled, signer, tmp_path):
    crawled.seal("r/lima", signer)
    segment = next((crawled.archive / "r/lima").glob("*-1.warc.gz"))
    members = [(one.offset, one.length) for one in heads(io.BytesIO(segment.read_bytes()))]
    data = segment.read_bytes()
    swapped = [data[offset : offset + length] for offset, length in members]
    swapped[1:3] = reversed(swapped[1:3])
    segment.write_bytes(b"".join(swapped))
    with pytest.raises(DigestMismatch, match=r"not what seal-0001\.json says"):
        packed(crawled, signer, tmp_path / "lima.wacz")


def test_a_segment_that_is_gone(crawled, signer, tmp_path):
    crawled.seal("r/lima", signer)
    next((crawled.archive / "r/lima").glob("*-1.warc.gz")).unlink()
    with pytest.raises(NotFound, match="restore it from a copy"):
        packed(crawled, signer, tmp_path / "lima.wacz")


def test_no_such_city(store, signer, tmp_path):
    with pytest.raises(NotFound):
        write_wacz(store, "r/nowhere", tmp_path / "a.wacz", signer=signer, made=MADE)


@contextmanager
def unchanged(path: Path):
    """What stood there still stands there, and nothing lies beside it."""
    path.write_bytes(b"before")
    beside = set(path.parent.iterdir())
    yield
    assert path.read_bytes() == b"before"
    assert set(path.parent.iterdir()) == beside


def test_a_full_disk_leaves_what_was_there(crawled, signer, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, os.strerror(28))

    write_wacz(crawled, "r/lima", tmp_path / "first.wacz", signer=signer, made=MADE)
    with unchanged(tmp_path / "lima.wacz"), monkeypatch.context() as patch:
        patch.setattr(wacz.os, "fsync", full)
        with pytest.raises(StoreFull, match="make room"):
            write_wacz(crawled, "r/lima", tmp_path / "lima.wacz", signer=signer, made=MADE)


def test_an_interruption_leaves_what_was_there(crawled, signer, tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(StoredZip, "finish", interrupted)
    with unchanged(tmp_path / "lima.wacz"), pytest.raises(KeyboardInterrupt):
        write_wacz(crawled, "r/lima", tmp_path / "lima.wacz", signer=signer, made=MADE)
