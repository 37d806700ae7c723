"""Programs of others, run as they are run by anybody, on bundles of ours."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_store import Signer, Store
from evidence_store.wacz import write_wacz
from tests.interop.odd_city import record_odd_city

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
FOLDER = Path(sys.prefix) / ".interop"
MADE = datetime(2026, 11, 24, tzinfo=UTC)
# Set where their absence is a failure.
MUST = "LOSI_INTEROP"
REPLAYWEB = "replaywebpage@2.5.3"


@dataclass(frozen=True)
class Tools:
    """An environment with the programs of requirements.txt."""

    folder: Path

    def run(self, *command: object, stdin: str | None = None, cwd: Path | None = None) -> str:
        """Its standard output; a failure fails the test with all that was said."""
        program, *arguments = map(str, command)
        ran = subprocess.run(
            [self.folder / "bin" / program, *arguments],
            input=stdin, capture_output=True, text=True, timeout=300, check=False, cwd=cwd,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONUTF8": "1"},
        )  # fmt: skip
        assert ran.returncode == 0, f"{program}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}"
        return ran.stdout


@dataclass(frozen=True)
class Bundle:
    file: Path
    unpacked: Path

    @classmethod
    def of(cls, file: Path) -> "Bundle":
        unpacked = file.with_suffix("")
        with zipfile.ZipFile(file) as archive:
            archive.extractall(unpacked)
        return cls(file, unpacked)

    @property
    def segments(self) -> list[Path]:
        return sorted((self.unpacked / "archive").iterdir())

    @property
    def index(self) -> str:
        return (self.unpacked / "indexes/index.cdx").read_text(encoding="utf-8")


def make_environment(folder: Path) -> None:
    """One process at a time. Raises CalledProcessError."""
    with folder.with_name(".interop-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_environment(folder)


def _make_environment(folder: Path) -> None:
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "losi-stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"\ninstalling the programs of {REQUIREMENTS.name} into {folder}", file=sys.__stderr__)
    for command in (
        [sys.executable, "-m", "venv", "--clear", folder],
        [
            folder / "bin/python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "-r",
            REQUIREMENTS,
        ],
    ):
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    stamp.write_text(wanted)


def missing(why: str) -> None:
    if os.environ.get(MUST):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def tools() -> Tools:
    try:
        make_environment(FOLDER)
    except subprocess.CalledProcessError as error:
        missing(f"the programs of others cannot be installed: {(error.stderr or error.stdout)[-300:]}")
    return Tools(FOLDER)


@pytest.fixture(scope="session")
def replayweb(tools: Tools) -> Path:
    """ReplayWeb.page's two files (AGPL, never part of this repository)."""
    folder = tools.folder / REPLAYWEB.replace("@", "-")
    if not (folder / "package/sw.js").exists():
        npm = shutil.which("npm")
        if npm is None:
            missing("npm is not installed: ReplayWeb.page cannot be fetched")
        folder.mkdir(exist_ok=True)
        command = [str(npm), "pack", "--silent", REPLAYWEB]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if ran.returncode:
            missing(f"npm cannot fetch {REPLAYWEB}: {ran.stderr[-300:]}")
        shutil.unpack_archive(next(folder.glob("*.tgz")), folder, filter="data")
    return folder / "package"


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Small, with everything that indexers and readers are known to differ on."""
    folder = tmp_path_factory.mktemp("odd")
    with Store.open(folder / "workspace") as store:
        record_odd_city(store)
        signer = Signer.open(folder / "keys")
        return Bundle.of(
            write_wacz(store, "r/odd", folder / "odd.wacz", signer=signer, results=b"{}", made=MADE)
        )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bundle]]:
    """The cities of the demo, bundled as a person does it."""
    folder = tmp_path_factory.mktemp("demo")
    cities = ("marsa-noor", "navjyotipur", "vila-serena")
    losi = [sys.executable, "-m", "losi", "--workspace", str(folder / "workspace")]
    keys = {**os.environ, "LOSI_KEYS": str(folder / "keys")}
    for verb in (
        ["demo", "--no-review"],
        *(["bundle", "demo", city, "--out", str(folder / f"{city}.wacz")] for city in cities),
    ):
        ran = subprocess.run(
            [*losi, *verb], env=keys, capture_output=True, text=True, timeout=600, check=False
        )
        assert ran.returncode == 0, ran.stderr
    yield [Bundle.of(folder / f"{city}.wacz") for city in cities]
    shutil.rmtree(folder)
