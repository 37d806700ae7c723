"""The sample archives in the source packages of other tools: each is read or refused, in words."""

import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.evidence_store.judging import judged
from tests.interop.conftest import Tools, missing

pytestmark = pytest.mark.interop

# pywb is GPL: its samples are fetched, never kept here.
PACKAGES = ("pywb==2.10.0", "warcbench==0.1.0")
ARCHIVES = (".warc", ".warc.gz", ".arc", ".arc.gz", ".wacz")


@pytest.fixture(scope="module")
def samples(tools: Tools) -> Path:
    folder = tools.folder / "samples"
    stamp = folder / "complete"
    if not stamp.exists():
        fetch = "-m pip download -q --disable-pip-version-check --no-deps --no-binary :all: -d".split()
        command = [tools.folder / "bin/python", *fetch, folder, *PACKAGES]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        except subprocess.CalledProcessError as error:
            missing(f"the samples of others cannot be fetched: {error.stderr[-300:]}")
        for package in folder.glob("*.tar.gz"):
            with tarfile.open(package) as archive:
                archive.extractall(folder, filter="data")
        stamp.touch()
    return folder


def test_it_works(samples: Path) -> None:
    found = sorted(path for path in samples.rglob("*") if path.name.endswith(ARCHIVES))
    verdicts = {path.name: judged(path).verdict for path in found}
    assert len(found) >= 20
    assert set(verdicts.values()) <= {"foreign", "unreadable"}
    assert list(verdicts.values()).count("foreign") > 15
