"""Archives of other tools, broken ones, and ones made to hurt: a verdict in plain words, quickly, in little memory."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import pytest

from evidence_store.verifier import verify
from tests.evidence_store.bundles import packed
from tests.evidence_store.judging import judged, made


def record(block: bytes = b"hello", digest: str | None = None, **fields: str) -> bytes:
    said = {
        "WARC-Type": "resource",
        "WARC-Record-ID": "<urn:uuid:1>",
        "Content-Length": str(len(block)),
        "WARC-Block-Digest": digest or "sha1:" + hashlib.sha1(block).hexdigest(),
        **fields,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"WARC/1.0\r\n{lines}\r\n".encode("latin-1") + block + b"\r\n\r\n"


def test_it_works(tmp_path):
    for data in (record() * 3, gzip.compress(record()) * 3, gzip.compress(record() * 3)):
        report = judged(made(tmp_path, data, "x.warc.gz"))
        assert report.verdict == "foreign"
        assert report.problems == []
        assert any("3 records can be read; 3 are what" in line for line in report.not_proven)


def test_a_digest_that_does_not_hold_is_a_problem(tmp_path):
    report = judged(
        made(tmp_path, record() + record(b"forged", digest="sha1:" + hashlib.sha1(b"true").hexdigest()))
    )
    assert "its block is not what its digest says" in report.problems[0]["what"]


def test_another_tools_wacz(tmp_path):
    path = tmp_path / "x.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.warc", record() * 2)
        archive.writestr("datapackage.json", "{}")
    report = judged(path)
    assert report.verdict == "foreign"
    assert any("2 records can be read" in line for line in report.not_proven)


ODD = {
    "empty": b"",
    "one byte": b"P",
    "text": b"hello\n" * 100,
    "zeros": bytes(1 << 20),
    "end of a ZIP only": b"PK\5\6" + bytes(18),
    "gzip of nothing": gzip.compress(b""),
    "gzip of text": gzip.compress(b"hello"),
    "gzip cut": gzip.compress(record())[:-9],
    "ARC": b"filedesc://x.arc 0.0.0.0 20260101000000 text/plain 75\n1 0 x\n",
    "head cut": b"WARC/1.1\r\nWARC-Type: res",
    "no length": b"WARC/1.0\r\nWARC-Type: resource\r\n\r\nx",
    "not a number": record(**{"Content-Length": "²"}),
    "shorter than said": record(**{"Content-Length": "99"}),
    "larger than any": record(**{"Content-Length": "9" * 18}),
    "negative": record(**{"Content-Length": "-1"}),
    "not UTF-8": record(**{"WARC-Target-URI": "http://\xe9\xff/"}) + b"x",
    "UTF-16": record().decode().encode("utf-16"),
    "many fields": b"WARC/1.0\r\n" + b"".join(b"A%d: x\r\n" % n for n in range(9000)),
    "a line without end": b"WARC/1.0\r\n" + b"A" * (3 << 20),
    "a ZIP without WARC": packed({"a.txt": b"x"}),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_bundle_is_said_to_be_none(tmp_path, name):
    assert judged(made(tmp_path, ODD[name])).verdict in ("unreadable", "foreign")


def test_what_is_no_file(tmp_path):
    for odd in (tmp_path, Path("/dev/zero"), tmp_path / "none"):
        assert verify(odd).verdict == "unreadable"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "link")
    assert verify(link).verdict == "unreadable"
