"""Expected lines are those of cdxj-indexer 1.5.0; tests/interop compares whole archives with the program itself."""

import gzip
import json
import random
import re

import pytest

from evidence_store.cdxj import SortedLines, cdxj_line, has_http, header_fields, peek

HEAD = (
    b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://www.lima.test/A?b=2&a=1\r\n"
    b"WARC-Date: 2026-11-23T12:00:00.123456Z\r\nWARC-Payload-Digest: sha256:aa\r\n"
    b"Content-Type: application/http; msgtype=response\r\nContent-Length: 99\r\n\r\n"
)
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


def line(head=HEAD, http=HTTP, **changed):
    for name, said in changed.items():
        field = name.replace("_", "-").encode() + b": "
        head = re.sub(rb"(?m)^" + field + rb"[^\r]*", field + said.encode(), head)
    made = cdxj_line(header_fields(head), http, "s.warc.gz", 7, 50)
    return made and made.decode()


def shown(**changed):
    return json.loads(line(**changed).split(" ", 2)[2])


def test_it_works():
    assert line() == (
        'test,lima)/a?a=1&b=2 20261123120000 {"url": "http://www.lima.test/A?b=2&a=1", "mime": "text/html", '
        '"status": "200", "digest": "sha256:aa", "length": "50", "offset": "7", "filename": "s.warc.gz"}\n'
    )


@pytest.mark.parametrize(
    ("warc_type", "content_type"),
    [
        ("request", "application/http; msgtype=request"),
        ("warcinfo", "application/warc-fields"),
        ("metadata", "application/warc-fields"),
        ("resource", "application/warc-fields"),
    ],
)
def test_some_records_have_no_line(warc_type, content_type):
    assert line(WARC_Type=warc_type, Content_Type=content_type) is None


def test_a_resource_says_its_own_type():
    said = shown(
        http=b"",
        WARC_Type="resource",
        WARC_Target_URI="urn:losi:x:É",
        Content_Type="text/html; charset=utf-8",
    )
    assert said == {
        "url": "urn:losi:x:É",
        "mime": "text/html",
        "digest": "sha256:aa",
        "length": "50",
        "offset": "7",
        "filename": "s.warc.gz",
    }


def test_a_revisit_is_named_as_one():
    said = shown(WARC_Type="revisit")
    assert (said["mime"], said["status"]) == ("warc/revisit", "200")


@pytest.mark.parametrize(
    ("field", "mime"),
    [
        (b"Content-Type: text/html;charset=x", "text/html"),
        (b"content-type:Text/HTML charset=x", "Text/HTML"),
        (b"Content-Type: ; charset=x", ""),
        (b"Content-Type:", ""),
        (b"Content-Type: text/a\r\nContent-Type: text/b", "text/a"),
        (b"Content-Type: text/\xe9", "text/é"),
        (b"Content-Type: text/\xc3\xa9", "text/é"),
        (b"X: 1\r\nContent-Type: text/\r\n c", "text/"),
    ],
)
def test_media_types_as_they_were_written(field, mime):
    said = shown(http=b"HTTP/1.1 404 Not Found\r\n" + field + b"\r\n\r\n")
    assert (said["mime"], said["status"]) == (mime, "404")


def test_no_media_type_is_left_out():
    assert "mime" not in shown(http=b"HTTP/1.1 204 No Content\r\n\r\n")


def test_only_the_web_has_http():
    assert has_http(header_fields(HEAD))
    assert not has_http(header_fields(HEAD.replace(b"http://www", b"urn:x")))
    assert not has_http(header_fields(HEAD.replace(b"Content-Length: 99", b"Content-Length: 0")))


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_peek_reads_up_to_the_empty_line(size):
    member = gzip.compress(HEAD + HTTP + b"body\r\n\r\nmore")
    chunks = (member[at : at + size] for at in range(0, len(member), size))
    assert peek(chunks, len(HEAD)) == HTTP


def test_lines_are_sorted_whatever_fits(tmp_path):
    chance = random.Random(5)
    lines = [f"{chance.random()} é{number}\n".encode() for number in range(500)]
    for most in (10, 1000, 1 << 20):
        with SortedLines(tmp_path, most) as sorter:
            for one in lines:
                sorter.add(one)
            assert list(sorter) == sorted(lines)
    assert not list(tmp_path.iterdir())
