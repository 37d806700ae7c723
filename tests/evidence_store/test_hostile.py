"""Bundles made to hurt: a verdict in plain words, quickly, in little memory, never a traceback."""

import gzip
import io
import json
import random
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from evidence_store.verifier import LEDGER, verify
from tests.evidence_store import bundles
from tests.evidence_store.bundles import Bundle, One, member, packed, page, plain, segment
from tests.evidence_store.judging import judged, made, putting


def raw_zip(entries: list[tuple[bytes, bytes]], **lies: int) -> bytes:
    data = directory = b""
    for name, body in entries:
        crc = zlib.crc32(body)
        said = struct.pack(
            "<HHHHHIIIHH", 20, 0, 0, 0, 0x21, crc, lies.get("size", len(body)), len(body), len(name), 0
        )
        where = struct.pack(
            "<HHHII", 0, 0, 0, lies.get("mode", 0o100644) << 16, lies.get("offset", len(data))
        )
        directory += b"PK\1\2" + struct.pack("<H", 3 << 8 | 20) + said + where + name
        data += b"PK\3\4" + said + name + body
    count = lies.get("count", len(entries)) & 0xFFFF
    end = struct.pack(
        "<4sHHHHIIH",
        b"PK\5\6",
        0,
        0,
        count,
        count,
        lies.get("length", len(directory)),
        lies.get("start", len(data)),
        0,
    )
    return data + directory + end


def entries_of(bundle: Bundle) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), body) for name, body in bundle.files().items()]


def test_it_works(tmp_path):
    assert verify(made(tmp_path, raw_zip(entries_of(Bundle())))).ok


LIES = {
    "a symbolic link": {"mode": 0o120777},
    "all at one place": {"offset": 0},
    "fewer": {"count": 3},
    "more": {"count": 60_000},
    "directory elsewhere": {"start": 7},
    "directory beyond": {"start": 0xFFFFFFF0},
    "directory cut": {"length": 99},
    "directory without end": {"length": 0xFFFFFFF0},
    "sizes": {"size": 5},
    "sizes beyond": {"size": 0xFFFFFFF0},
    "ZIP64 lies": {"size": 0xFFFFFFFF},
}


@pytest.mark.parametrize("name", LIES)
def test_a_directory_that_lies(tmp_path, name):
    assert not verify(made(tmp_path, raw_zip(entries_of(Bundle()), **LIES[name]))).ok


NAMES = (
    b"../../etc/passwd",
    b"/etc/passwd",
    b"archive/../x.warc.gz",
    b"archive\\x.warc.gz",
    b"C:\\x",
    b"archive/x.warc.gz\0y",
    "archive/é.warc.gz".encode(),
    b"archive/\xff.warc.gz",
    b"",
    b"archive/",
    b"seals/seal-0001.json",
    b"ARCHIVE/x.warc.gz",
    b"archive/a" + b"a" * 60_000 + b".warc.gz",
    b"seals/..",
    b"archive/.warc.gz",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_have_no_place(tmp_path, name):
    report = verify(made(tmp_path, raw_zip([*entries_of(Bundle()), (name, b"x")])))
    assert report.verdict == "altered"


def test_a_million_entries(tmp_path):
    entry = b"PK\1\2" + bytes(42)
    many = entry * 1_000_000
    end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 0x32D, 45, 0, 0, 1_000_000, 1_000_000, len(many), 0)
    end += struct.pack("<4sIQI", b"PK\6\7", 0, len(many), 1)
    end += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(many), 0, 0)
    path = made(tmp_path, many + end)
    assert peak(lambda: judged(path)) < 40_000_000


def peak(work) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def bomb(size: int, head: bytes = b"") -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    return b"".join(
        [deflate.compress(head), *(deflate.compress(zeros) for _ in range(size >> 20)), deflate.flush()]
    )


def test_a_bomb_in_a_segment(tmp_path):
    """What a member holds beyond its Content-Length is not inflated."""
    whole = bundles.usual()["crawl-1.warc.gz"][0].head

    def put(files):
        files["archive/crawl-1.warc.gz"] = bomb(256 << 20, whole)

    path = Bundle(after=put).write(tmp_path / "x.wacz")
    report = None

    def work():
        nonlocal report
        report = verify(path)

    assert peak(work) < 20_000_000
    assert report.verdict == "altered"


def test_a_bomb_that_says_how_large_it_is(tmp_path):
    """A length that no record here has is refused before anything is inflated."""
    one = One("page", "http://x/", b"", number=1, extra={"Content-Length": str(1 << 40)})
    path = made(tmp_path, b"")

    def put(files):
        files["archive/crawl-1.warc.gz"] = bomb(8 << 20, one.head)

    report = verify(Bundle(after=put).write(path))
    assert "larger than any" in json.dumps(report.problems)


def test_a_bomb_of_another_tool(tmp_path):
    path = tmp_path / "x.wacz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("archive/x.warc.gz", "w") as file,
    ):
        file.write(gzip.compress(bomb(64 << 20, b"WARC/1.0\r\nContent-Length: 999999999999\r\n\r\n")))
    assert peak(lambda: judged(path)) < 20_000_000


DEEP = b'{"seal":' * 100_000
HUGE = b'{"seal":' + b"9" * 200_000 + b',"signature":""}'
SMALL = {
    "deep": DEEP,
    "many digits": HUGE,
    "NaN": b'{"seal":NaN,"signature":""}',
    "twice": b'{"seal":{},"seal":{},"signature":""}',
    "not UTF-8": b'{"seal":"\xff","signature":""}',
    "surrogate": b'{"seal":"\\ud800","signature":""}',
    "a list": b"[]",
    "null": b"null",
    "large": b" " * (1 << 17),
    "empty": b"",
    "no signature": b'{"seal":{},"signature":null}',
    "types": b'{"seal":{"key":1},"signature":"x"}',
}


@pytest.mark.parametrize(
    "where",
    [
        "seals/seal-0001.json",
        "seals/keys.jsonl",
        "datapackage.json",
        "datapackage-digest.json",
        "pages/pages.jsonl",
        LEDGER,
        "indexes/index.cdx",
        "seals/seal-0001.tsa.tsr",
    ],
)
def test_hostile_documents(tmp_path, where):
    for name, data in SMALL.items():
        change = putting(where, data)
        kind = {"last": change} if where.startswith("datapackage") else {"after": change}
        report = verify(Bundle(**kind).write(tmp_path / "x.wacz"))
        assert not report.ok, name
        assert report.problems, name


HEADS = {
    "not UTF-8": b"WARC/1.1\r\nWARC-Type: \xff\r\n\r\n",
    "repeated": page(2).head[:-2] + b"WARC-Date: 2026-11-23T08:30:00Z\r\n\r\n",
    "repeated in another case": page(2).head[:-2] + b"warc-date: x\r\n\r\n",
    "folded": page(2).head[:-2] + b" folded\r\n\r\n",
    "no colon": page(2).head[:-2] + b"nothing\r\n\r\n",
    "no digest": page(2).head.replace(b"WARC-Block-Digest", b"WARC-Black-Digest"),
    "sha1": page(2).head.replace(b"sha256:", b"sha1:"),
    "version": page(2).head.replace(b"1.1", b"1.0"),
    "no empty line": b"x" * (3 << 20),
    "length": page(2).head.replace(b"Content-Length: ", b"Content-Length: 0"),
    "no date": page(2).head.replace(b"WARC-Date", b"WARC-Data"),
    "not a record": b"\r\n\r\n",
    "lone line feeds": page(2).head.replace(b"\r\n", b"\n") + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_hostile_heads(tmp_path, name):
    first = bundles.usual()["crawl-1.warc.gz"][0]

    def put(files):
        files["archive/crawl-1.warc.gz"] = member(first.head, first.block) + member(
            HEADS[name], page(2).block
        )

    report = verify(Bundle(after=put).write(tmp_path / "x.wacz"))
    assert report.verdict == "altered"
    assert any("record 2" in one["what"] for one in report.problems)


def test_gzip_that_is_not_plain(tmp_path):
    named = io.BytesIO()
    with gzip.GzipFile("name", "wb", fileobj=named) as file:
        file.write(page(2).head + page(2).block + b"\r\n\r\n")
    for data in (named.getvalue(), b"x" + member(page(2).head, page(2).block), bytes(100), b"\x1f"):
        put = putting("archive/crawl-1.warc.gz", data)
        assert verify(Bundle(after=put).write(tmp_path / "x.wacz")).verdict == "altered"


HTML = {
    "tags": b"<" * 2_000_000,
    "comments": b"<!--" * 500_000,
    "entities": b"&" * 2_000_000,
    "a number": b"&#" + b"9" * 2_000_000,
    "hex": b"&#x" + b"f" * 2_000_000,
    "attributes": b"<a " + b"b=" * 1_000_000,
    "meta": b"<meta charset=unicode_escape>\\x",
    "charset": b"<meta charset=" + b" " * 2_000_000,
}


@pytest.mark.parametrize("name", HTML)
def test_a_hostile_page_that_is_quoted(tmp_path, name):
    """Nothing here takes longer than its length; a sealed one may quote what it likes."""
    segments = bundles.usual()
    segments["crawl-1.warc.gz"] = segment("crawl-1.warc.gz", 1, [page(2, HTML[name], "text/html")])
    segments["journal-1.warc.gz"][-1] = bundles.findings(11, page(2).id, "no such quote")
    report = verify(Bundle(segments).write(tmp_path / "x.wacz"))
    assert not report.ok or any("does not read" in line for line in report.not_proven)


def test_pages_that_are_packed_in_other_ways(tmp_path):
    body, quote = bundles.PAGE.encode(), "meets on Mondays."
    for mime, seen in (
        ("text/html; charset=utf-8\r\nContent-Encoding: gzip", gzip.compress(body)),
        ("text/html; charset=utf-8\r\nContent-Encoding: deflate", zlib.compress(body)),
        ("text/html; charset=utf-16le", body.decode().encode("utf-16le")),
        ("text/html; charset=utf-8\r\nContent-Encoding: br", body),
        ("application/pdf", b"%PDF-1.4"),
    ):
        segments = bundles.usual()
        segments["crawl-1.warc.gz"][1] = page(2, seen, mime)
        segments["journal-1.warc.gz"][-1] = bundles.findings(11, page(2).id, quote)
        report = verify(Bundle(segments).write(tmp_path / "x.wacz"))
        assert report.ok, report.problems
        read = any("1 quotes of findings" in line for line in report.proven)
        assert read is ("gzip" in mime or "deflate" in mime)
        assert read is not any("does not read" in line for line in report.not_proven)


def test_noise_of_every_kind(tmp_path):
    """Random damage to everything behind the manifest: never a traceback, never sound."""
    chance = random.Random(11)
    for _ in range(60):
        files = Bundle().files()
        name = chance.choice(list(files))
        data = bytearray(files[name])
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data)) :] = chance.choice(
                [b"", chance.randbytes(9), bytes(data[: chance.randrange(99)])]
            )
            data = data or bytearray(b"x")
        changed = {**files, name: bytes(data)}
        if changed != files:
            assert not verify(made(tmp_path, packed(changed))).ok


def test_the_ledger_is_read_by_the_line(tmp_path):
    lines = plain({"x": 1}) + b"\n"
    put = putting(LEDGER, lines * 400_000)
    path = Bundle(after=put).write(tmp_path / "x.wacz")
    assert peak(lambda: verify(path)) < 20_000_000
