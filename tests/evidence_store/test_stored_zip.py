import io
import zipfile

import pytest

from evidence_store import stored_zip
from evidence_store.stored_zip import StoredZip


def made(contents):
    file = io.BytesIO()
    archive = StoredZip(file)
    for name, data in contents.items():
        archive.add(name, io.BytesIO(data), len(data))
    archive.finish()
    return file.getvalue()


CONTENTS = {"a/one.txt": b"one", "two.bin": bytes(range(256)) * 40, "empty": b""}


def test_it_works():
    with zipfile.ZipFile(io.BytesIO(made(CONTENTS))) as read:
        assert read.testzip() is None
        assert {info.filename: read.read(info) for info in read.infolist()} == CONTENTS
        for info in read.infolist():
            assert (info.compress_type, info.flag_bits, info.extra, info.comment) == (0, 0, b"", b"")
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.create_system, info.external_attr >> 16) == (3, 0o100644)


def test_no_byte_stands_between():
    data = made(CONTENTS)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        place = 0
        for info in read.infolist():
            assert info.header_offset == place
            place += 30 + len(info.filename) + info.file_size
        assert read.start_dir == place
        assert len(data) == place + sum(46 + len(info.filename) for info in read.infolist()) + 22


def test_sizes_beyond_32_bits(monkeypatch):
    """Where the limit lies is made smaller, not the file larger; readers take what the fields say."""
    monkeypatch.setattr(stored_zip, "MANY", 2)
    plain = made(CONTENTS)
    assert plain.count(b"PK\6\6") == 1
    assert plain[-22 + 8 : -22 + 12] == b"\2\0\2\0"
    header = stored_zip._central(stored_zip.Entry("big", 1 << 33, "", 1, 1 << 34))
    assert header[6:8] == b"\x2d\0"
    assert header.endswith(
        b"\1\0\x18\0" + (1 << 33).to_bytes(8, "little") * 2 + (1 << 34).to_bytes(8, "little")
    )


@pytest.mark.soak
def test_more_than_four_gigabytes(tmp_path):
    """A hole of zeros takes no room on most disks."""
    size = (1 << 32) + 5
    source = tmp_path / "zeros"
    with source.open("wb") as file:
        file.truncate(size)
    with (tmp_path / "big.zip").open("w+b") as file:
        archive = StoredZip(file)
        with source.open("rb") as zeros:
            archive.add("zeros", zeros, size)
        archive.add("after", io.BytesIO(b"x"), 1)
        archive.finish()
        with zipfile.ZipFile(file) as read:
            assert read.getinfo("zeros").file_size == size
            assert read.read("after") == b"x"


def test_a_source_that_is_shorter_than_said():
    with pytest.raises(EOFError):
        StoredZip(io.BytesIO()).add("a", io.BytesIO(b"12"), 3)
