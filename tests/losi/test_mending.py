"""A database that is gone, broken or behind is made again; what another workspace sent is taken in."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import checks
from evidence_store import ArchiveDiffers, NewAnswer, NewEvidence, Redacted, Signer, Store
from evidence_store.wacz import write_wacz
from losi.errors import LosiError
from losi.mending import import_file
from losi.workspace import Workspace
from tests.checks.city import make_city
from tests.losi.test_cli import losi

OF = "r/example"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A checked city with three answers, one locked person, and its bundle."""
    folder = tmp_path_factory.mktemp("made")
    with make_city(folder / "ws") as store:
        assert checks.run(store, OF).faults == []
        run = store.latest_run(OF)
        assert run is not None
        proposed = [one for one in store.findings(run.id) if one.outcome == "passed" and ":" not in one.test]
        for finding in proposed[:3]:
            cited = tuple(NewEvidence(capture_id=one.capture_id, exact=one.exact) for one in finding.evidence)
            new = NewAnswer(
                test=finding.test, outcome="passed", mode="semiAuto", finding_id=finding.id, evidence=cited
            )
            store.answer(OF, new, "Ana")
        store.act(OF, "lock", "Ana")
        results = checks.results(store, "r")
        signer, document = Signer.open(folder / "keys"), json.dumps(results).encode()
        bundle = write_wacz(
            store, OF, folder / "x.wacz", signer=signer, results=document, made=datetime.now(UTC)
        )
    return {"workspace": folder / "ws", "results": results, "bundle": bundle}


@pytest.fixture
def workspace(made: dict[str, Any], tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    shutil.copytree(made["workspace"], tmp_path / "ws")
    return tmp_path / "ws"


def results_of(workspace: Path) -> dict[str, Any]:
    with Store.open(workspace) as store:
        return checks.results(store, "r")


def test_it_works(made: dict[str, Any], workspace: Path) -> None:
    """The database is deleted: same captures, same proposals, same answers."""
    with Store.open(workspace) as store:
        before = [(one.record_id, one.filename, one.offset) for one in store.captures(OF)]
    (workspace / "losi.sqlite").unlink()
    ran = losi(workspace, "repair")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "3 answers, 1 act" in ran.stdout
    assert ran.stdout.endswith("all is well\n")
    assert results_of(workspace) == made["results"]
    with Store.open(workspace) as store:
        assert [(one.record_id, one.filename, one.offset) for one in store.captures(OF)] == before


def test_nothing_to_do(workspace: Path) -> None:
    ran = losi(workspace, "repair", "--json")
    said = json.loads(ran.stdout)
    assert (ran.returncode, said["made"], said["faults"], said["set_aside"]) == (0, {}, [], None)
    assert said["records"] >= 12


@pytest.mark.parametrize("spoil", ["overwritten", "cut"])
def test_a_broken_database_is_set_aside(made: dict[str, Any], workspace: Path, spoil: str) -> None:
    path = workspace / "losi.sqlite"
    data = path.read_bytes()
    path.write_bytes(b"no database" * 1000 if spoil == "overwritten" else data[: len(data) // 3])
    spoiled = path.read_bytes()
    ran = losi(workspace, "repair")
    assert ran.returncode == 0, ran.stderr
    assert "a new one was made" in ran.stdout
    (aside,) = workspace.glob("losi-broken-*.sqlite")
    assert aside.read_bytes() == spoiled
    assert results_of(workspace) == made["results"]


def test_what_was_begun_is_finished(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redaction that was said and not done, and the drafts of a process that is gone."""
    with Store.open(workspace) as store:
        page = next(store.captures(OF, kind="page"))
        path = store.archive / page.filename
        monkeypatch.setattr(Store, "_take_out", lambda *_: None)
        store.redact(OF, page.record_id, by="Ana", reason="a name")
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        mine, dead = (path.with_name(f".seal-0009.json.{pid}.0123abcd") for pid in (os.getpid(), gone.pid))
        mine.touch(), dead.touch()
    monkeypatch.undo()
    ran = losi(workspace, "repair")
    assert ran.returncode == 0, ran.stderr
    assert f"brought forward: {page.record_id}: taken out, as was said before" in ran.stdout
    assert "1 half-written files of dead processes: deleted" in ran.stdout
    assert (mine.exists(), dead.exists()) == (True, False)
    with Store.open(workspace) as store, pytest.raises(Redacted):
        store.read(store.capture(page.record_id))


def test_damage_is_listed(workspace: Path) -> None:
    with Store.open(workspace) as store:
        capture = next(store.captures(OF, kind="page"))
        path = store.archive / capture.filename
    data = bytearray(path.read_bytes())
    data[capture.offset + capture.length // 2] ^= 255
    path.write_bytes(data)
    ran = losi(workspace, "repair")
    assert ran.returncode == 1
    assert capture.url in ran.stderr
    assert "restore the file from a copy" in ran.stderr
    assert path.read_bytes() == data


def test_a_bundle_is_taken_in_once(made: dict[str, Any], tmp_path: Path) -> None:
    for told in ("12 captures", "all of it was here already"):
        ran = losi(tmp_path / "other", "import", str(made["bundle"]))
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.startswith("r/example: ")
        assert told in ran.stdout or told == "12 captures"
    assert results_of(tmp_path / "other") == made["results"]


def test_answers_come_back_from_a_bundle(made: dict[str, Any], workspace: Path) -> None:
    """Journals and database are gone, the crawl's own segment is there."""
    for path in (workspace / "archive" / "r" / "example").iterdir():
        if path.name.startswith(("journal-", "seal-")):
            path.unlink()
    (workspace / "losi.sqlite").unlink()
    assert losi(workspace, "repair").returncode == 0
    with Store.open(workspace) as store:
        assert store.answers(OF, viewer=None) == []
    ran = losi(workspace, "import", str(made["bundle"]))
    assert ran.returncode == 0, ran.stderr
    assert results_of(workspace) == made["results"]


def test_an_altered_bundle_is_refused(made: dict[str, Any], tmp_path: Path) -> None:
    data = bytearray(made["bundle"].read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "x.wacz").write_bytes(data)
    ran = losi(tmp_path / "other", "import", str(tmp_path / "x.wacz"))
    assert ran.returncode == 1
    assert "is not taken: it is altered" in ran.stderr
    assert not (tmp_path / "other" / "archive").exists()


def test_another_round_of_that_name_is_refused(made: dict[str, Any], tmp_path: Path) -> None:
    make_city(tmp_path / "ws", rules=checks.rules_text().replace("\n", "\n ", 1) + "\n").close()
    ran = losi(tmp_path / "ws", "import", str(made["bundle"]))
    assert ran.returncode == 1
    assert "round r was opened with another set of rules" in ran.stderr


def test_another_chain_is_refused(made: dict[str, Any], workspace: Path) -> None:
    seal = workspace / "archive" / "r" / "example" / "seal-0001.json"
    seal.write_bytes(seal.read_bytes() + b" ")
    ran = losi(workspace, "import", str(made["bundle"]))
    assert ran.returncode == 1
    assert str(ArchiveDiffers(seal)) in ran.stderr


def test_a_results_file(made: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(made["results"]))
    ran = losi(tmp_path / "other", "import", str(file))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "round r: 3 answers of 1 cities taken in\n95 proposals are left out" in ran.stdout
    with Store.open(tmp_path / "other") as store:
        answers = store.answers(OF, viewer=None)
        assert {one.asserted_by for one in answers} == {"Ana"}
        assert {one.mode for one in answers} == {"semiAuto"}
        assert all(one.info["imported"].startswith("sha256:") for one in answers)
        assert store.latest_run(OF) is None
    again = losi(tmp_path / "other", "import", str(file))
    assert "0 answers of 1 cities taken in, 3 were answered here already and stay" in again.stdout


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schema": "x"}, "schema losi-results/1 expected"),
        ({"edition": None}, "edition is missing"),
        ({"round": "../r"}, "cannot be a name"),
        ({"rules_digest": "sha256:0"}, "is not known here"),
        ({"cities": [{"id": "x"}]}, "cities is missing or of another form"),
        ({"cities": [{"id": "X Y", "portal_url": "http://a.test/", "indicators": []}]}, "city 'X Y'"),
        ({"cities": [{"id": "x", "portal_url": "file:///x", "indicators": []}]}, "city 'x'"),
    ],
)
def test_a_results_file_is_checked(
    made: dict[str, Any], tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps({**made["results"], **change}))
    with pytest.raises(LosiError, match=re.escape(why)):
        import_file(Workspace(tmp_path / "other"), file)
    with Store.open(tmp_path / "other") as store:
        assert store.rounds() == []


@pytest.mark.parametrize(
    "change", [{"mode": "automatic"}, {"by": ""}, {"at": "yesterday"}, {"outcome": "untested"}]
)
def test_an_answer_by_nobody(made: dict[str, Any], tmp_path: Path, change: dict[str, Any]) -> None:
    document = json.loads(json.dumps(made["results"]))
    answered = next(one for one in document["cities"][0]["indicators"] if "answer" in one)
    answered["answer"] |= change
    file = tmp_path / "results.json"
    file.write_text(json.dumps(document))
    with pytest.raises(LosiError, match="its answer is of another form"):
        import_file(Workspace(tmp_path / "other"), file)


def test_neither(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x00\xff")
    ran = losi(tmp_path / "other", "import", str(tmp_path / "x"))
    assert ran.returncode == 2
    assert "neither a bundle nor JSON (nothing was taken in)" in ran.stderr
