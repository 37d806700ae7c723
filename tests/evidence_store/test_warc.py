import gzip
import io
import random
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from evidence_store import Exchange, Lease, Store
from evidence_store.warc import BadRecord, decode, encode, members, sha256, warcinfo

QUICK = settings(deadline=None, derandomize=True, max_examples=60)
TOKEN = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_!~", min_size=1, max_size=20
).filter(lambda name: name.lower() != "transfer-encoding")
# Whatever bytes a server sends: all but line ends and the blanks around a value.
LATIN = st.binary(max_size=60).map(lambda raw: raw.decode("latin-1").translate({10: "", 13: ""}).strip(" \t"))
ANY_TEXT = st.text(st.characters(exclude_characters="\r\n"), max_size=30).map(lambda text: text.strip(" \t"))
HEADERS = st.lists(st.tuples(TOKEN, LATIN | ANY_TEXT), max_size=8).map(tuple)


def exchange(**fields: object) -> Exchange:
    defaults = {"url": "http://a.test/", "kind": "page", "requested_by": "spider", "status": 200}
    return Exchange(**{**defaults, "time": datetime(2026, 11, 23, tzinfo=UTC), **fields})  # type: ignore[arg-type]


def test_it_works() -> None:
    record, digest = decode(
        encode(exchange(body=b"hello", protocol="HTTP/2", ip_address="127.0.0.1")).members[0]
    )
    assert record.body == b"hello"
    assert digest == sha256(b"hello") == record.headers["WARC-Payload-Digest"]
    assert record.headers["WARC-Type"] == "response"
    assert record.headers["WARC-Protocol"] == "h2"
    assert record.headers["WARC-IP-Address"] == "127.0.0.1"
    assert record.headers["WARC-Record-ID"].startswith("<urn:uuid:")


@QUICK
@given(headers=HEADERS, body=st.binary(max_size=2000), status=st.integers(100, 999), reason=ANY_TEXT)
def test_any_response_is_read_as_written(
    headers: tuple[tuple[str, str], ...], body: bytes, status: int, reason: str
) -> None:
    encoded = encode(exchange(headers=headers, body=body, status=status, reason=reason))
    record, digest = decode(encoded.members[0])
    assert record.http_headers == headers
    assert (record.body, record.http_status, digest) == (body, status, encoded.digest)


@QUICK
@given(url=st.text(), kind=st.text(), who=st.text(), mime=st.text(), body=st.binary(max_size=200))
def test_nothing_odd_breaks_a_resource(url: str, kind: str, who: str, mime: str, body: bytes) -> None:
    fields = {"url": url, "kind": kind, "requested_by": who, "mime": mime, "body": body, "status": None}
    encoded = encode(exchange(type="resource", **fields))
    assert decode(encoded.members[0])[0].body == body


@QUICK
@given(data=st.binary(max_size=400))
def test_rubbish_is_no_record(data: bytes) -> None:
    with pytest.raises(BadRecord):
        decode(data)


def test_time_is_utc_to_the_microsecond() -> None:
    east = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert encode(exchange(time=east)).headers["WARC-Date"] == "2026-11-22T19:32:03.000004Z"


def test_chunks_that_are_gone_are_not_claimed() -> None:
    sent = (("Transfer-Encoding", "chunked"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    record, _ = decode(encode(exchange(headers=sent, body=b"x")).members[0])
    assert record.http_headers == (("X-Orig-Transfer-Encoding", "chunked"), *sent[1:])


def test_a_line_break_cannot_make_a_header() -> None:
    record, _ = decode(
        encode(exchange(headers=(("A", "1\r\nB: 2"),), url="http://a.test/\r\nX: y")).members[0]
    )
    assert record.http_headers == (("A", "1 B: 2"),)
    assert record.headers["WARC-Target-URI"] == "http://a.test/%0D%0AX:%20y"


def test_the_request_stands_beside_its_response() -> None:
    asked = exchange(url="http://[x/a?b#c", request_headers=(("User-Agent", "losi"),), method="HEAD")
    response, request = (decode(member)[0] for member in encode(asked).members)
    assert request.headers["WARC-Concurrent-To"] == response.headers["WARC-Record-ID"]
    ids = [uuid.UUID(one.headers["WARC-Record-ID"][1:-1]) for one in (response, request)]
    assert (ids[0].int % 2, ids[1].int - ids[0].int, ids[1].version) == (0, 1, 4)
    assert request.http_headers == (("User-Agent", "losi"),)


def test_truncation_is_told() -> None:
    record, _ = decode(encode(exchange(truncated="length", error="too-large")).members[0])
    assert (record.headers["WARC-Truncated"], record.headers["LOSI-Error"]) == ("length", "too-large")


def test_a_torn_member_ends_the_file() -> None:
    whole = warcinfo("a.warc.gz", "losi") + encode(exchange(body=b"1" * 5000)).members[0]
    torn = encode(exchange(body=bytes(range(256)) * 20)).members[0]
    for cut in (1, 10, len(torn) // 2, len(torn) - 1):
        found = list(members(io.BytesIO(whole + torn[:cut]), 0))
        assert b"".join(member for _, member in found) == whole
    assert [offset for offset, _ in members(io.BytesIO(whole + b"\0\0\0\0"), 0)] == [
        0,
        len(whole) - len(found[1][1]),
    ]


def test_members_longer_than_a_chunk() -> None:
    body = random.Random(1).randbytes(300_000)
    data = b"".join(encode(exchange(body=body)).members) * 2
    found = list(members(io.BytesIO(data), 0))
    assert [data[offset : offset + len(member)] == member for offset, member in found] == [True] * 4


@pytest.mark.parametrize("spoken", ["HTTP/1.0", "HTTP/1.1"])
def test_a_protocol_is_told_once(spoken: str) -> None:
    member = encode(exchange(protocol=spoken)).members[0]
    assert f"\r\n\r\n{spoken} 200".encode() in gzip.decompress(member)
    assert "WARC-Protocol" not in decode(member)[0].headers


@pytest.mark.parametrize("size", [0, 1, 65_535 - 4, 65_536, 200_000])
@pytest.mark.parametrize("packed", [True, False])
def test_packed_or_not_it_is_one_gzip_member(size: int, packed: bool) -> None:
    body = random.Random(size).randbytes(size) if packed else (b"<p>words</p>" * size)[:size]
    member = encode(exchange(body=body)).members[0]
    assert decode(member)[0].body == body
    assert list(members(io.BytesIO(member), 0)) == [(0, member)]
    read = [one.raw_stream.read() for one in ArchiveIterator(io.BytesIO(member), check_digests="raise")]
    assert read == [body]
    assert len(member) < 600 + (size * 1.001 if packed else size / 10)


def test_what_looks_packed_in_the_middle_only() -> None:
    """Then some room is lost, nothing else."""
    body = b"a" * 60_000 + random.Random(1).randbytes(20_000) + b"b" * 60_000
    assert decode(encode(exchange(body=body)).members[0])[0].body == body


ODD = (
    {"headers": (("X", "\xff\xfe\x80"), ("Y", "日本"), ("Z", "\udce4"), ("Content-Type", "text/html"))},
    {"body": b"\x1f\x8b\x08broken", "headers": (("Content-Encoding", "gzip"),)},
    {"body": b"5\r\nhello\r\n0\r\n\r\n", "headers": (("Transfer-Encoding", "chunked"),)},
    {"body": b"", "status": 204, "reason": ""},
    {"url": "http://a.test/ção?q=ü&x= y"},
    {"type": "metadata", "status": None, "error": "tls", "error_detail": "änd"},
    {"type": "resource", "url": "urn:losi:tls:http://a.test/", "mime": "application/json", "body": b"{}"},
)


@pytest.fixture
def segment(store: Store, lease: Lease, page: Callable[..., Exchange]) -> str:
    asked = {"request_headers": (("User-Agent", "losi"), ("Accept", "*/*"))}
    for fields in ODD:
        store.record(lease, page(**{**asked, **fields})).result()
    return str(store.archive / lease.filename)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_warcio_reads_and_verifies_it(store: Store, segment: str) -> None:
    with open(segment, "rb") as file:
        bodies = {
            record.rec_headers.get_header("WARC-Record-ID").strip("<>"): record.raw_stream.read()
            for record in ArchiveIterator(file, check_digests="raise")
            if record.rec_type in ("response", "resource", "metadata")
        }
    assert bodies == {
        capture.record_id: store.read(capture).body
        for capture in store.captures("r/lima", kind=("page", "assessment"))
    }
    subprocess.run([sys.executable, "-m", "warcio.cli", "check", segment], check=True, capture_output=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_fastwarc_reads_and_verifies_it(store: Store, segment: str) -> None:
    seen = {}
    with open(segment, "rb") as file:
        for record in FastIterator(file, parse_http=False):
            assert record.verify_block_digest(consume=False)
            seen[record.record_id.strip("<>")] = record.stream_pos
    captures = list(store.captures("r/lima", kind=("page", "assessment")))
    assert {capture.record_id: capture.offset for capture in captures}.items() <= seen.items()
    assert len(seen) == 1 + len(captures) + 6  # the file's own record, and the requests
