"""Every cheat is found, by the product and by the stand-alone verifier as a program; no clean bundle is accused."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence_store import verifier
from evidence_store.verifier import verify
from losi.cli import main
from tests.custody.cheat import DEPTHS, Cheat, covered
from tests.custody.cities import Bundles, make_bundles
from tests.custody.operators import OPERATORS
from tests.custody.package import Package

SAMPLE, SEEDS = 2, 50
DRAWS = 4  # as many draws may be made for one that applies
NAMES = [cheat.name for cheat in OPERATORS]
# The file by itself, isolated; several bundles in one process to save its start.
ALONE = """
import contextlib, io, json, runpy, sys
main, found = runpy.run_path(sys.argv[1])["main"], {}
for path in sys.argv[4:]:
    with contextlib.redirect_stdout(io.StringIO()):
        found[path] = main([path, *(["--key", sys.argv[2]] if sys.argv[2] else []),
                            *(["--fingerprint", sys.argv[3]] if sys.argv[3] else [])])
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Given:
    """What the auditor has from elsewhere."""

    key: str = ""
    fingerprint: str = ""

    @classmethod
    def needed(cls, cheat: Cheat, bundles: Bundles) -> "Given":
        return cls(
            bundles.key if cheat.needs == "key" else "",
            bundles.fingerprint if cheat.needs == "fingerprint" else "",
        )


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    made = make_bundles(tmp_path_factory.mktemp("bundles"))
    (made.folder / "key").write_text(made.key)
    return made


def test_it_works(bundles: Bundles) -> None:
    said = _losi(bundles, bundles.whole, Given(bundles.key, bundles.fingerprint))
    assert (said["verdict"], said["ok"], said["signer"]) == ("sound", True, "key matches")
    assert said["problems"] == []
    assert any("redacted" in line for line in said["not_proven"])


def test_there_are_cheats_enough() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 30
    assert all(cheat.run.__doc__ for cheat in OPERATORS)


def test_no_clean_bundle_is_accused(bundles: Bundles) -> None:
    assert len(bundles.clean) >= 6
    for path in bundles.clean:
        assert _problems(path, Given(bundles.key)) == []
        assert _losi(bundles, path, Given(bundles.key))["ok"], path.name
    assert set(_alone(bundles, bundles.clean, Given(bundles.key)).values()) == {0}


def test_unsealed_is_unsealed(bundles: Bundles) -> None:
    report = verify(bundles.unsealed)
    assert (report.verdict, report.problems, report.ok) == ("unsealed", [], False)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_cheat_who_changes_nothing_is_believed(bundles: Bundles, tmp_path: Path, depth: int) -> None:
    """What is found below is found for the change, not for how the file was put together again."""
    covered(Package.read(bundles.whole), bundles.whole, tmp_path / "same.wacz", depth)
    assert _problems(tmp_path / "same.wacz", Given(bundles.key, bundles.fingerprint)) == []
    assert (tmp_path / "same.wacz").read_bytes() == bundles.whole.read_bytes()


@pytest.mark.parametrize("cheat", OPERATORS, ids=NAMES)
def test_found(cheat: Cheat, bundles: Bundles, tmp_path: Path) -> None:
    forged = list(_forged(cheat, bundles, tmp_path, SAMPLE))
    assert _missed(cheat, bundles, forged) == []
    if cheat.needs == "losi":
        assert not _losi(bundles, forged[0], Given())["ok"]
    else:
        assert _alone(bundles, forged[:1], Given.needed(cheat, bundles)) == {str(forged[0]): 1}


@pytest.mark.soak
@pytest.mark.parametrize("cheat", OPERATORS, ids=NAMES)
def test_all_found(cheat: Cheat, bundles: Bundles, tmp_path: Path) -> None:
    given, forged = Given.needed(cheat, bundles), list(_forged(cheat, bundles, tmp_path, SEEDS))
    assert _missed(cheat, bundles, forged) == []
    believed = [path.name for path in forged if _losi(bundles, path, given)["ok"]]
    if cheat.needs != "losi":
        believed += [path for path, code in _alone(bundles, forged, given).items() if code != 1]
    assert believed == []


@pytest.mark.parametrize("cheat", [cheat for cheat in OPERATORS if cheat.needs], ids=lambda cheat: cheat.name)
def test_what_is_believed_is_called_unproven(cheat: Cheat, bundles: Bundles, tmp_path: Path) -> None:
    """Where nothing is given that would tell, the verdict names what is open."""
    for path in _forged(cheat, bundles, tmp_path, SAMPLE):
        report = verify(path)
        assert report.signer == "signer unproven"
        assert report.time == "self-attested"
        assert any("give the signer's public key" in line for line in report.not_proven)


def _forged(cheat: Cheat, bundles: Bundles, folder: Path, wanted: int) -> Iterator[Path]:
    """Fails where a cheat finds nothing to do, unless no authority could be made."""
    made, true = 0, bundles.whole.read_bytes()
    for seed in range(wanted * DRAWS):
        path = folder / f"{cheat.name}-{seed}.wacz"
        if cheat(bundles.whole, path, random.Random(f"{cheat.name} {seed}")) is None:
            continue
        if path.read_bytes() == true:
            continue
        made += 1
        yield path
        if made == wanted:
            return
    if not list(bundles.folder.glob("authority")) and "timestamp" in cheat.name:
        pytest.skip("no openssl on this machine to be a timestamp authority")
    assert made == wanted, f"{cheat.name}: it could be tried {made} times only"


def _missed(cheat: Cheat, bundles: Bundles, forged: list[Path]) -> list[str]:
    """Those that pass, by the product as a library."""
    if cheat.needs == "losi":
        return []
    given = Given.needed(cheat, bundles)
    return [
        path.name
        for path in forged
        if verify(path, key=given.key or None, fingerprint=given.fingerprint or None).ok
    ]


def _problems(path: Path, given: Given) -> list[dict[str, str]]:
    report = verify(path, key=given.key or None)
    assert report.ok or report.problems
    return report.problems


def _losi(bundles: Bundles, path: Path, given: Given) -> dict[str, object]:
    words = ["verify", str(path), "--json"]
    words += ["--key", str(bundles.folder / "key")] if given.key else []
    words += ["--fingerprint", given.fingerprint] if given.fingerprint else []
    done = CliRunner().invoke(main, words)
    assert done.exit_code in (0, 1), done.output
    said: dict[str, object] = json.loads(done.stdout)
    assert said["ok"] == (done.exit_code == 0)
    return said


def _alone(bundles: Bundles, paths: list[Path], given: Given) -> dict[str, int]:
    """Exit codes by path; no product, no site-packages, nothing of the environment."""
    key = str(bundles.folder / "key") if given.key else ""
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        ALONE,
        verifier.__file__,
        key,
        given.fingerprint,
        *map(str, paths),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, cwd=bundles.folder)
    return {str(path): code for path, code in json.loads(ran.stdout).items()}
