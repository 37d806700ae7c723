"""Each of our files is right in the eyes of programs that we did not write; our index is theirs, line by line."""

import json
import random
import shutil

import pytest

from evidence_store import urlkey
from evidence_store.verifier import verify
from tests.interop.conftest import HERE

pytestmark = pytest.mark.interop


def judge(tools, bundle):
    """fastwarc checks blocks: its check of payloads knows neither revisits nor records without HTTP."""
    assert "Validation succeeded" in tools.run("wacz", "validate", "-f", bundle.file)
    tools.run("warcio", "check", *bundle.segments)
    for segment in bundle.segments:
        tools.run("fastwarc", "check", "--quiet", segment)
    assert tools.run("cdxj-indexer", "-s", *bundle.segments) == bundle.index


def test_it_works(tools, odd):
    judge(tools, odd)


def test_the_odd_city_is_odd_and_sound(odd):
    assert verify(odd.file).problems == []
    lines = [json.loads(line.split(" ", 2)[2]) for line in odd.index.splitlines()]
    mimes = {line.get("mime") for line in lines}
    assert mimes >= {None, "", "warc/revisit", "application/vnd.losi.head", "unk", "text/html"}
    assert {line.get("status") for line in lines} >= {None, "200", "204", "302", "403"}
    assert all(line["digest"].startswith("sha256:") for line in lines)


def test_a_changed_byte_is_seen_by_them(tools, odd, tmp_path):
    """Or their word were worth nothing here."""
    broken = tmp_path / odd.segments[0].name
    data = bytearray(odd.segments[0].read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    with pytest.raises(AssertionError, match="warcio"):
        tools.run("warcio", "check", broken)


@pytest.mark.soak
def test_every_city_of_the_demo(tools, demo):
    for bundle in demo:
        judge(tools, bundle)


def test_packed_again_by_the_reference_implementation(tools, odd, tmp_path):
    """What others make of our segments validates too: they read every record."""
    segments = [shutil.copy(segment, tmp_path) for segment in odd.segments]
    tools.run("wacz", "create", "-o", tmp_path / "theirs.wacz", "--detect-pages", *segments)
    assert "Validation succeeded" in tools.run("wacz", "validate", "-f", tmp_path / "theirs.wacz")


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_keys_are_those_of_the_surt_library(tools, count):
    urls = random_urls(count)
    theirs = json.loads(tools.run("python", HERE / "surt_keys.py", stdin=json.dumps(urls)))
    assert {url: urlkey(url) for url in urls} == dict(zip(urls, theirs, strict=True))


SCHEMES = (
    "http:// https:// HTTP:// ftp:// urn:losi:x: urn:view:http:// mailto: http: https:/// file:/// //".split()
)
HOSTS = [
    "", "a.test", "WWW.a.test", "www2.www.a.test", "www", "127.0.0.1", "0177.0.0.1", "1.2.3", "08.1.1.1", "12345",
    "[::1]", "[2001:DB8::1]", "[::1", "bücher.test", "مثال.test", "xn--bcher-kva.test", "a..b.", "%41.b", "u:p@h.c",
    "x_y.z", "a" * 70 + ".b", "é%C3%A9.c", "1.2.3.4.5", "0x7f.1", "www.", "host%00.c", "ß.de",
]  # fmt: skip
PORTS = ["", "", ":80", ":443", ":8080", ":", ":0", ":x", ":99999", ":080"]
PARTS = [
    "", "a", "A B", "%41", "%2541", "%2F", "..", ".", "é", "%C3%89", "a;jsessionid=" + "a1" * 16, "%", "%zz", "a+b",
    "(S(" + "a" * 24 + "))", "(" + "b" * 24 + ")", "p.aspx", "[x]", "'\"|\\", "%23", "%3F", "a:b@", "%0A", "日本",
]  # fmt: skip
QUERIES = [
    "", "=", "a=1", "b", "a=", "A=2", "a=b=c", "jsessionid=" + "Ab" * 16, "PHPSESSID=" + "0" * 32, "xsid=" + "f" * 32,
    "ASPSESSIONIDABCDEFGH=" + "Q" * 24, "cfid=1", "cftoken=2", "q=%26x", "é=ü", "%3D", "a%20b", "x y", "?", "%2525",
]  # fmt: skip


def random_urls(count):
    chance = random.Random(11)

    def some(of, most):
        return [chance.choice(of) for _ in range(chance.randrange(most))]

    return [
        chance.choice(SCHEMES) + chance.choice(HOSTS) + chance.choice(PORTS)
        + chance.choice(["", "/"]) + "/".join(some(PARTS, 5))
        + chance.choice(["", "?"]) + "&".join(some(QUERIES, 5)) + chance.choice(["", "", "#é"])
        for _ in range(count)
    ]  # fmt: skip
