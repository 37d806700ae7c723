"""What the verifier says of an archive that is no sound bundle of ours."""

from pathlib import Path

from evidence_store.foreign import read_foreign
from evidence_store.verifier import Report, verify


def judged(path: Path) -> Report:
    report = verify(path)
    if report.verdict == "unreadable":
        read_foreign(report, path)
    assert not report.ok
    assert report.problems or report.not_proven
    return report


def made(tmp_path: Path, data: bytes, name: str = "x.wacz") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def putting(name: str, data: bytes):
    return lambda files: files.update({name: data})
