import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store import ArchiveDiffers, BadBundle, Exchange, Signer, Store, restore, unbundled
from evidence_store.restore import check
from evidence_store.wacz import write_wacz
from tests.evidence_store.test_reindex import everything, fill

Page = Callable[..., Exchange]
MADE = datetime(2026, 11, 24, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def bundle(store: Store, page: Page, tmp_path: Path) -> Path:
    fill(store, page)
    signer = Signer.open(tmp_path / "keys")
    return write_wacz(store, "r/lima", tmp_path / "lima.wacz", signer=signer, made=MADE)


def test_it_works(store: Store, bundle: Path) -> None:
    with unbundled(bundle) as (theirs, of):
        assert of == "r/lima"
        folder = theirs.folder
        mine, found = everything(store), everything(theirs)
        for table in ("crawl", "run", "finding", "answer", "act", "round"):
            assert found[table] == mine[table], table
        lima = [one for one in mine["capture"] if one["assessment_id"] == "r/lima"]
        assert found["capture"] == lima
        assert [one["id"] for one in found["city"]] == ["lima"]
        assert theirs.archived_text(theirs.round("r").rules_digest) == "rules"
    assert not folder.exists()


def test_what_was_altered_is_not_taken(bundle: Path, tmp_path: Path) -> None:
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    other = tmp_path / "other.wacz"
    other.write_bytes(data)
    with (
        pytest.raises(BadBundle, match=r"other.wacz is not taken: it is altered .*losi verify"),
        unbundled(other),
    ):
        pass
    other.write_bytes(data[:1000])
    with pytest.raises(BadBundle, match="it is unreadable"):
        check(other)


def test_what_nobody_signed_is_taken(store: Store, page: Page, tmp_path: Path) -> None:
    fill(store, page)
    bundle = write_wacz(store, "r/lima", tmp_path / "lima.wacz", signer=None, made=MADE)
    assert check(bundle).verdict == "unsealed"
    with unbundled(bundle) as (theirs, of):
        assert of == "r/lima"
        assert len(theirs.answers(of, viewer=None)) == 2


def test_twice_is_once(bundle: Path, tmp_path: Path) -> None:
    archive = tmp_path / "b" / "archive"
    assert restore(bundle, archive) == "r/lima"
    before = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}
    assert restore(bundle, archive) == "r/lima"
    assert {path: path.stat().st_mtime_ns for path in archive.rglob("*")} == before
    names = sorted(path.name for path in (archive / "r" / "lima").iterdir())
    assert names[-3:] == ["seal-0001.json", "seal-0002.json", "seal-0003.json"]
    assert (archive / "keys.jsonl").read_bytes()


def test_a_file_that_was_lost_comes_back(store: Store, bundle: Path) -> None:
    path = store.archive / next(store.captures("r/lima", kind="page")).filename
    data = path.read_bytes()
    path.unlink()
    restore(bundle, store.archive)
    assert path.read_bytes() == data
    assert store.reindex().faults == []


def test_what_is_other_here_stays(store: Store, bundle: Path) -> None:
    path = store.archive / "r" / "lima" / "seal-0001.json"
    path.write_bytes(path.read_bytes().replace(b"losi", b"lose"))
    (store.archive / "r" / "lima" / "seal-0002.json").unlink()
    with pytest.raises(ArchiveDiffers, match=r"seal-0001.json is not what the bundle has"):
        restore(bundle, store.archive)
    assert not (store.archive / "r" / "lima" / "seal-0002.json").exists()


@pytest.mark.parametrize(
    "name",
    [
        "archive/../x.warc.gz",
        "archive/a/b.warc.gz",
        "seals/../../x.json",
        "archive//x.warc.gz",
        "seals/seal-1.json",
    ],
)
def test_no_name_leads_elsewhere(database_url: None, tmp_path: Path, name: str) -> None:
    """Though the verifier would not have let it through."""
    bundle = tmp_path / "x.wacz"
    with zipfile.ZipFile(bundle, "w") as packed:
        packed.writestr("datapackage-digest.json", json.dumps({"losi": {"bundle": {"of": "r/lima"}}}))
        packed.writestr(name, b"x")
    with pytest.raises(BadBundle, match="is no name that a bundle of ours has"):
        restore(bundle, tmp_path / "archive")
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("of", ["../..", "r", "r/Lima", "r/lima/x", "", 7, {"a": 1}])
def test_no_city_leads_elsewhere(database_url: None, tmp_path: Path, of: object) -> None:
    bundle = tmp_path / "x.wacz"
    with zipfile.ZipFile(bundle, "w") as packed:
        packed.writestr("datapackage-digest.json", json.dumps({"losi": {"bundle": {"of": of}}}))
        packed.writestr("indexes/ledger.jsonl", "")
    with pytest.raises(BadBundle, match="does not say of which city"):
        restore(bundle, tmp_path / "archive")
