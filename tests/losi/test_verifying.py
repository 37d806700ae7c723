"""`losi verify`: what the stand-alone verifier finds, an outside clock's signature, every quote."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence_store import Signer, Store
from evidence_store.sealing import Query
from losi.cli import main
from tests.authority import Authority
from tests.checks.city import make_city
from tests.evidence_store import bundles
from tests.evidence_store.bundles import OTHER, Bundle

WORDS = {"file", "verdict", "time", "signer", "proven", "not_proven", "problems", "ok"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A workspace with one checked city, sealed, and its bundle."""
    top = tmp_path_factory.mktemp("made")
    with make_city(top / "workspace"):
        pass
    for words in (("check", "r"), ("seal", "r"), ("bundle", "r", "example", "--out", str(top / "x.wacz"))):
        code, said = losi(top, *words)
        assert code == 0, said
    return top


@pytest.fixture
def place(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "made"))


def losi(top: Path, *words: str) -> tuple[int, str]:
    given = ["--workspace", str(top / "workspace"), *words]
    done = CliRunner().invoke(main, given, env={"LOSI_KEYS": str(top / "keys")})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def as_json(top: Path, *words: str) -> tuple[int, dict]:
    code, said = losi(top, "verify", *words, "--json")
    return code, json.loads(said)


def test_it_works(place):
    (place / "key").write_text(Signer.open(place / "keys").key)
    code, said = as_json(place, str(place / "x.wacz"), "--key", str(place / "key"))
    assert (code, said["ok"], said["verdict"], said["signer"]) == (0, True, "sound", "key matches")
    assert set(said) == WORDS
    assert said["problems"] == []
    assert any("quotes stand in their captures" in line for line in said["proven"])
    code, words = losi(place, "verify", str(place / "x.wacz"))
    assert (code, words.isascii()) == (0, True)
    assert "sound; signer unproven; self-attested" in words
    assert "not that the city's server said it to everyone" in words


def test_a_changed_bundle(place):
    path = place / "x.wacz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    code, said = as_json(place, str(path))
    assert (code, said["ok"], said["verdict"]) == (1, False, "altered")
    assert set(said["problems"][0]) == {"where", "what"}


def test_another_key(place):
    (place / "key").write_text(OTHER.name)
    code, said = as_json(place, str(place / "x.wacz"), "--key", str(place / "key"))
    assert (code, said["signer"], said["verdict"]) == (1, "another key", "sound")


def test_the_key_itself_is_as_good_as_its_file(place):
    key = Signer.open(place / "keys").key
    for given in (key, key.removeprefix("ed25519:")):
        code, said = as_json(place, str(place / "x.wacz"), "--key", given)
        assert (code, said["signer"]) == (0, "key matches")


def test_a_fingerprint_that_is_not_there(place):
    """It dates nothing, but the file is not altered for that."""
    for name in ((str(place / "x.wacz"),), ("--round", "r")):
        code, said = as_json(place, *name, "--fingerprint", "0" * 64)
        assert (code, said["ok"], said["verdict"], said["time"]) == (
            1,
            False,
            "sound",
            "not that fingerprint",
        )
        assert any("ask for a bundle made after" in line for line in said["not_proven"])


def test_quotes_that_are_false_are_not_counted_as_standing(tmp_path):
    segments = bundles.usual()
    segments["journal-1.warc.gz"][-1] = bundles.findings(
        11, bundles.page(2).id, "meets on Mondays.", "No such words"
    )
    code, said = as_json(tmp_path, str(Bundle(segments).write(tmp_path / "x.wacz")))
    assert (code, said["verdict"]) == (1, "misquoted")
    assert [line[:18] for line in said["proven"] if "quotes" in line] == ["1 different quotes"]


def test_what_cannot_be_tried_is_one_line(place):
    for words in (("none.wacz",), (str(place / "x.wacz"), "--key", str(place / "none")), ("--round", "none"),
                  (str(place / "x.wacz"), "--key", str(place / "x.wacz")),
                  (str(place / "x.wacz"), "--fingerprint", "sha256:12")):  # fmt: skip
        code, said = losi(place, "verify", *words)
        assert code == 2
        assert said.startswith("losi: ")
        assert said.count("\n") == 1


def test_what_is_not_ours(place):
    path = place / "x.warc"
    path.write_bytes(b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 1\r\n\r\nx\r\n\r\n")
    code, said = as_json(place, str(path))
    assert (code, said["verdict"], said["problems"]) == (1, "foreign", [])
    assert any("not made by `losi bundle`" in line for line in said["not_proven"])


def test_a_quote_that_only_the_product_can_read(tmp_path):
    """The stand-alone verifier leaves a character set to others; `losi verify` reads it and finds the quote false."""
    segments = bundles.usual()
    body = "<html lang=pt><body><p>Câmara Municipal</p></body></html>".encode("utf-16le")
    segments["crawl-1.warc.gz"][1] = bundles.page(2, b"\xff\xfe" + body, "text/html; charset=utf-16le")
    for quote, fine in (("Câmara Municipal", True), ("Junta de Freguesia", False)):
        segments["journal-1.warc.gz"][-1] = bundles.findings(11, bundles.page(2).id, quote)
        code, said = as_json(tmp_path, str(Bundle(segments).write(tmp_path / "x.wacz")))
        assert (code == 0, said["ok"]) == (fine, fine), said
        assert any(quote in one["what"] for one in said["problems"]) is not fine


def test_a_round(place):
    code, said = as_json(place, "--round", "r")
    assert (code, said["ok"], said["verdict"]) == (0, True, "sound")
    assert said["file"] == "archive/r"
    segment = next((place / "workspace/archive/r/example").glob("journal-*.warc.gz"))
    segment.write_bytes(segment.read_bytes()[:-20])
    code, said = as_json(place, "--round", "r")
    assert (code, said["verdict"]) == (1, "altered")
    assert any("example" in one["where"] for one in said["problems"])


def test_a_round_with_something_unsealed(place):
    with Store.open(place / "workspace") as store:
        store.journal("r/example", "acts", "urn:losi:acts:r/example", b"{}")
    code, said = as_json(place, "--round", "r")
    assert (code, said["verdict"]) == (1, "unsealed")


def test_a_rounds_fingerprint(place):
    _, said = losi(place, "seal", "r")
    digest = next(word for word in said.split() if word.startswith("sha256:"))
    code, report = as_json(place, "--round", "r", "--fingerprint", digest)
    assert (code, report["time"].startswith("fingerprint matches")) == (0, True), report
    code, report = as_json(place, "--round", "r", "--fingerprint", "sha256:" + "0" * 64)
    assert (code, report["ok"]) == (1, False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to be a timestamp authority")
    return Authority(tmp_path_factory.mktemp("authority"))


def stamped(tmp_path: Path, authority: Authority, change=bytes, of=None, trusted=None) -> tuple[int, dict]:
    bundle = Bundle()
    bundle.files()
    reply = change(authority.reply(Query(of or bundle.seals[1]).der))
    path = Bundle(extra={"seals/seal-0002.clock.example.tsr": reply}).write(tmp_path / "x.wacz")
    given = []
    if trusted:
        (tmp_path / "trusted.pem").write_bytes(trusted)
        given = ["--authorities", str(tmp_path / "trusted.pem")]
    return as_json(tmp_path, str(path), *given)


def test_an_outside_clock(tmp_path, authority):
    code, said = stamped(tmp_path, authority, trusted=authority.root)
    assert (code, said["verdict"]) == (0, "sound"), said
    assert said["time"].startswith("attested by clock.example at 20")


def test_a_clock_whose_certificate_nobody_vouches_for_proves_no_time(tmp_path, tmp_path_factory, authority):
    stranger = Authority(tmp_path_factory.mktemp("stranger")).root
    for trusted in (None, stranger):
        code, said = stamped(tmp_path, authority, trusted=trusted)
        assert (code, said["verdict"], said["time"]) == (0, "sound", "self-attested"), said
        assert any("give --authorities" in line for line in said["not_proven"])


def test_a_clock_that_saw_other_bytes(tmp_path, authority):
    code, said = stamped(tmp_path, authority, of=b"other")
    assert (code, said["verdict"]) == (1, "altered")
    assert "other bytes" in json.dumps(said["problems"])


def test_a_clocks_reply_that_was_changed(tmp_path, authority):
    def later(reply: bytes) -> bytes:
        at = reply.index(b"\x18\x0f20")  # GeneralizedTime
        return reply[: at + 4] + b"99" + reply[at + 6 :]

    code, said = stamped(tmp_path, authority, later)
    assert (code, said["verdict"]) == (1, "altered")
    assert "does not hold" in json.dumps(said["problems"])
