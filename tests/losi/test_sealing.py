"""`losi seal` and `losi key`, and that a crawl's files are sealed when its city is done."""

import json
import re
import shutil
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence_store import City
from evidence_store.timestamps import time_in
from losi import sealing
from losi.cli import main
from losi.workspace import Workspace
from tests.authority import Authority
from tests.crawler.test_timestamp import answering
from tests.losi.test_fleet import OPTIONS, a_round, begun, hamlet, until

pytestmark = pytest.mark.usefixtures("_without_a_browser")
KEY = re.compile(r"ed25519:[0-9a-f]{64}")


@pytest.fixture
def _without_a_browser(monkeypatch):
    monkeypatch.setenv("LOSI_BROWSER", "/nowhere")


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> Path:
    """A round `r` of two cities of which something was said, nothing sealed."""
    folder = tmp_path_factory.mktemp("said")
    with Workspace(folder).open_store() as store:
        store.add_cities(
            City(id=name, name=name, country="PRT", languages=["pt"], portal_url="http://127.0.0.1:1/")
            for name in ("lima", "porto")
        )
        texts = {"edition": "losi-2024", "edition_text": "edition", "rules_text": "rules"}
        store.open_round("r", **texts, city_ids=["lima", "porto"])
        for name in ("lima", "porto"):
            store.journal(f"r/{name}", "answers", f"urn:losi:answers:r/{name}", b"{}")
    return folder


@pytest.fixture
def workspace(said, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "keys"))
    return Path(shutil.copytree(said, tmp_path / "workspace"))


def losi(workspace, *arguments):
    return CliRunner().invoke(main, ["--workspace", str(workspace), *arguments])


def seals(workspace: Path, of: str) -> list[str]:
    return sorted(path.name for path in (workspace / "archive" / of).glob("seal-*.json"))


def test_it_works(workspace):
    ran = losi(workspace, "seal")
    assert ran.exit_code == 0, ran.stderr
    for of in ("r", "r/lima", "r/porto"):
        assert "seal-0001.json" in seals(workspace, of)
    assert "publish it where you cannot change it later" in ran.stdout
    assert "unsealed" not in ran.stdout
    (printed,) = re.findall(r"sha256:[0-9a-f]{64}", ran.stdout)
    again = losi(workspace, "seal", "r")
    assert again.stdout.startswith("r: 0 segments sealed now")
    assert printed in again.stdout
    assert len(list((workspace / "archive" / "r").glob("fingerprint-*"))) == 1


def test_the_key_alone_is_on_standard_output(workspace, tmp_path):
    ran = losi(workspace, "key")
    assert KEY.fullmatch(ran.stdout.strip())
    assert ran.stdout.count("\n") == 1
    assert str(tmp_path / "keys") in ran.stderr
    assert losi(workspace, "key").stdout == ran.stdout


def test_where_keys_are_kept(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "said"))
    assert sealing.keys_folder(workspace) == tmp_path / "said"
    (tmp_path / "losi.toml").write_text('[seal]\nkeys = "beside"\n')
    assert sealing.keys_folder(workspace) == tmp_path / "beside"
    (tmp_path / "losi.toml").unlink()
    monkeypatch.delenv("LOSI_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert sealing.keys_folder(workspace) == tmp_path / "config" / "losi" / "keys"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert sealing.keys_folder(workspace) == tmp_path / "home" / ".config" / "losi" / "keys"


def test_a_revoked_key_until_another_follows(workspace):
    losi(workspace, "seal", "r")
    first = losi(workspace, "key").stdout
    revoked = losi(workspace, "key", "--revoke", "stolen")
    assert revoked.exit_code == 0
    assert "revoked" in revoked.stderr
    assert b'"revoked"' in (workspace / "archive" / "keys.jsonl").read_bytes()
    ran = losi(workspace, "seal")
    assert ran.exit_code == 1
    assert "losi key --rotate" in ran.stderr
    new = losi(workspace, "key", "--rotate")
    assert KEY.fullmatch(new.stdout.strip())
    assert new.stdout != first
    assert losi(workspace, "seal").exit_code == 0


def test_without_a_key_what_is_there_stays_and_is_said_to_be_unsealed(workspace, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "file" / "keys"))
    ran = losi(workspace, "seal")
    assert ran.exit_code == 1
    assert "unsealed: r/lima/journal-" in ran.stdout
    assert "no fingerprint" in ran.stdout
    assert ran.stderr.count("\n") == 1
    assert "unsealed: the signing key in" in ran.stderr
    assert sealing.signer(Workspace(workspace)) is None
    monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "keys"))
    assert losi(workspace, "seal").exit_code == 0


def test_folders_of_one_city(workspace):
    with Workspace(workspace).open_store() as store:
        assert sealing.seal_folders(Workspace(workspace), store, ["r/lima"]) == []
        assert store.unsealed("r/porto")
    assert seals(workspace, "r/lima")
    assert not seals(workspace, "r/porto")


def test_damage_is_a_fault_and_stops_nothing_else(workspace):
    (journal,) = (workspace / "archive" / "r" / "lima").glob("journal-*")
    journal.write_bytes(journal.read_bytes()[:-50])
    ran = losi(workspace, "seal")
    assert ran.exit_code == 1
    assert journal.name in ran.stderr
    assert f"unsealed: r/lima/{journal.name}" in ran.stdout
    assert seals(workspace, "r/porto")


def test_a_broken_chain_is_said(workspace):
    losi(workspace, "seal")
    (workspace / "archive" / "r" / "lima" / "seal-0001.json").write_bytes(b"{}")
    ran = losi(workspace, "seal")
    assert ran.exit_code == 1
    assert "archive/r/lima" in ran.stderr
    assert "no fingerprint" in ran.stdout


def test_timestamps_stay_due_until_an_authority_answers(workspace, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to be a timestamp authority")
    (tmp_path / "tsa").mkdir()
    authority = Authority(tmp_path / "tsa")
    toml = workspace / "losi.toml"
    toml.write_text('[seal]\nauthorities = ["http://127.0.0.1:1/", "http://127.0.0.1:2/"]\n')
    ran = losi(workspace, "seal")
    assert ran.exit_code == 1
    assert ran.stderr.count("\n") == 2  # each asked once, though three seals are due
    assert "timestamps: 0 received, 6 due" in ran.stdout
    with answering(reply=authority.reply) as (url, asked):
        toml.write_text(f'[seal]\nauthorities = ["{url}"]\n')
        ran = losi(workspace, "seal")
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert "timestamps: 3 received, 0 due" in ran.stdout
        assert "timestamps: 0 received, 0 due" in losi(workspace, "seal").stdout
    assert len(asked) == 3
    for kept in workspace.glob("archive/**/*.tsr"):
        seal = kept.with_name(kept.name.split(".")[0] + ".json")
        assert time_in(kept.read_bytes(), seal.read_bytes(), [authority.root])
    assert len(list(workspace.glob("archive/**/*.tsr"))) == 3


def test_a_reply_that_is_none_is_not_kept(workspace):
    with answering(b"<html>") as (url, _):
        (workspace / "losi.toml").write_text(f'[seal]\nauthorities = ["{url}"]\n')
        ran = losi(workspace, "seal")
    assert ran.exit_code == 1
    assert "not a timestamp reply" in ran.stderr
    assert list(workspace.glob("archive/**/*.tsr")) == []


def test_a_city_is_sealed_when_its_crawl_ends(tmp_path):
    """The other one is still crawled meanwhile; told to stop, what it has stays unsealed until the next verb."""
    with a_round(tmp_path, hamlet(), hamlet(latency=0.2, pages=25)) as (_, store, _):
        with begun(tmp_path) as ran:
            until(lambda: seals(tmp_path, "r/c0") != [])
            assert seals(tmp_path, "r/c1") == []
            assert ran.poll() is None
            ran.send_signal(signal.SIGINT)
        (round_,) = json.loads(losi(tmp_path, "status", "--json").stdout)["rounds"]
        assert round_["cities"][0]["unsealed"] == 0
        assert round_["cities"][1]["unsealed"] > 0
        before = len(store.seals("r/c0"))
        assert losi(tmp_path, "check", "r").exit_code == 0
        assert len(store.seals("r/c0")) > before
        assert [store.unsealed(of) for of in ("r/c0", "r/c1")] == [[], []]


def test_a_crawl_without_a_key_goes_on(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "file" / "keys"))
    with a_round(tmp_path / "w", hamlet()) as (workspace, store, _):
        with begun(tmp_path / "w") as ran:
            told = ran.stderr.read()
        assert ran.returncode == 0
        assert told.count("losi: unsealed: ") == 1
        assert store.unsealed("r/c0")
        assert sealing.Sealer(workspace, store).options == ["--no-seal"]
        assert "c0" in losi(tmp_path / "w", "status").stdout
        monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "keys"))
        assert losi(tmp_path / "w", "crawl", "r", *OPTIONS, "--no-seal").exit_code == 0
        assert not store.seals("r/c0")
        assert losi(tmp_path / "w", "crawl", "r", *OPTIONS).exit_code == 0
        assert store.seals("r/c0")
        assert sealing.Sealer(workspace, store).options == []
