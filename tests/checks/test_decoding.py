from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import decoding
from checks.decoding import decode, sniff, to_text

TEXT = "Câmara Municipal, água"


def test_it_works() -> None:
    assert decode(gzip.compress(b"hello"), "gzip").body == b"hello"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (zlib.compress(b"hello"), "deflate"),
        (zlib.compress(b"hello")[2:-4], "deflate"),
        (gzip.compress(gzip.compress(b"hello")), "gzip, gzip"),
        (b"hello", "gzip"),
        (b"hello", "identity"),
        (b"hello", "nonsense"),
    ],
)
def test_encodings_as_they_come(body: bytes, encoding: str) -> None:
    assert decode(body, encoding).body == b"hello"


def test_a_bomb_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_DECODED", 10_000)
    bomb = decode(gzip.compress(b"a" * 1_000_000), "gzip")
    assert bomb.truncated
    assert len(bomb.body) == 10_000


def test_a_torn_stream_gives_what_it_has() -> None:
    torn = decode(gzip.compress(bytes(range(256)) * 400)[:-40], "gzip")
    assert torn.truncated
    assert torn.body.startswith(bytes(range(256)))


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "gzip, br"]))
def test_any_bytes_can_be_decoded(body: bytes, encoding: str) -> None:
    decode(body, encoding)


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        (TEXT.encode(), ""),
        (TEXT.encode(), "text/html; charset=iso-8859-1"),
        (TEXT.encode("latin-1"), "text/html; charset=utf-8"),
        (TEXT.encode("latin-1"), ""),
        (b"\xef\xbb\xbf" + TEXT.encode(), ""),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), ""),
        (b'<meta charset="windows-1252">'[:0] + TEXT.encode("cp1252"), "text/html; charset=x-unknown"),
    ],
)
def test_wrong_declarations_are_tolerated(body: bytes, declared: str) -> None:
    assert to_text(body, declared) == TEXT


def test_the_meta_line_is_read() -> None:
    assert "Привет" in to_text('<meta charset="windows-1251"><p>Привет, город</p>'.encode("cp1251"))


@pytest.mark.parametrize(
    ("body", "declared", "mime"),
    [
        (b"%PDF-1.7", "text/html", "application/pdf"),
        (b"  <!doctype html><p>", "", "text/html"),
        (b"a,b\n1,2", "text/csv", "text/csv"),
        (b"<html>", "text/plain", "text/html"),
    ],
)
def test_the_type_is_what_the_bytes_plainly_are(body: bytes, declared: str, mime: str) -> None:
    assert sniff(body, declared) == mime
