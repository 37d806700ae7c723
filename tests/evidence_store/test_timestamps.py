"""RFC 3161 against an authority made with openssl: its replies are taken, anybody else's are not."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence_store import BadTimestamp, Signer
from evidence_store.timestamps import Query, authority_name, time_in
from tests.authority import Authority

SEAL = b'{"seal": 1}'
REFUSED = bytes.fromhex("3005300302010" + "2")  # RFC 3161, 2.4.2: a PKIStatusInfo of "rejection" and no token


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to be a timestamp authority")
    return Authority(tmp_path_factory.mktemp("authority"))


def test_it_works(authority):
    query = Query(SEAL)
    reply = authority.reply(query.der)
    assert abs(query.time_in(reply) - datetime.now(UTC)) < timedelta(minutes=1)
    assert time_in(reply, SEAL) == query.time_in(reply)
    assert time_in(reply, SEAL, [authority.root]) == query.time_in(reply)


def test_openssl_says_so_too(authority, tmp_path):
    (tmp_path / "reply.tsr").write_bytes(authority.reply(Query(SEAL).der))
    (tmp_path / "seal.json").write_bytes(SEAL)
    (tmp_path / "root.pem").write_bytes(authority.root)
    command = "openssl ts -verify -data seal.json -in reply.tsr -CAfile root.pem".split()
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in ran.stdout + ran.stderr


def test_a_reply_about_other_bytes(authority):
    reply = authority.reply(Query(b"other").der)
    for refused in (lambda: Query(SEAL).time_in(reply), lambda: time_in(reply, SEAL)):
        with pytest.raises(BadTimestamp, match="other bytes"):
            refused()


def test_a_reply_to_another_question(authority):
    reply = authority.reply(Query(SEAL).der)
    with pytest.raises(BadTimestamp, match="another question"):
        Query(SEAL).time_in(reply)


def test_a_root_that_does_not_vouch_for_it(authority, tmp_path):
    reply = authority.reply(Query(SEAL).der)
    with pytest.raises(BadTimestamp, match="vouches"):
        time_in(reply, SEAL, [Authority(tmp_path).root])
    with pytest.raises(BadTimestamp, match="vouches"):
        time_in(reply, SEAL, [b"no certificate"])


@pytest.mark.parametrize(
    ("reply", "said"),
    [(b"", "not a timestamp"), (b"<html>", "not a timestamp"), (REFUSED, "refused .status 2")],
)
def test_what_is_no_token(reply, said):
    with pytest.raises(BadTimestamp, match=said):
        Query(SEAL).time_in(reply)
    with pytest.raises(BadTimestamp, match=said):
        time_in(reply, SEAL)


def test_a_cut_or_spoiled_reply(authority):
    reply = authority.reply(Query(SEAL).der)
    for cut in range(0, len(reply), 97):
        with pytest.raises(BadTimestamp):
            time_in(reply[:cut], SEAL)
    middle = len(reply) * 9 // 10
    spoiled = reply[:middle] + bytes([reply[middle] ^ 1]) + reply[middle + 1 :]
    with pytest.raises(BadTimestamp):
        time_in(spoiled, SEAL, [authority.root])


def test_names_of_authorities():
    assert authority_name("https://TSA.example.org/tsr?x=1") == "tsa.example.org"
    assert authority_name("http://127.0.0.1:8080/") == "127.0.0.1-8080"
    assert authority_name("http://[::1]:80/../x") == "--1-80"


@pytest.fixture
def sealed(store, page: Callable, tmp_path: Path) -> Signer:
    signer = Signer.open(tmp_path / "keys")
    for number in range(2):
        store.journal("r/lima", "answers", "urn:losi:answers:r/lima", b"%d" % number)
        store.seal("r/lima", signer)
    return signer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_last_seal_is_due_at_each_authority_until_its_reply_is_kept(store, sealed, authority):
    asked = ["https://one.example/", "https://two.example/"]
    due = store.due("r/lima", asked)
    assert [(one.seal, one.authority) for one in due] == [("seal-0002.json", url) for url in asked]
    reply = authority.reply(due[0].query.der)
    store.keep_timestamp(due[0], reply)
    store.keep_timestamp(due[0], reply)
    assert [one.authority for one in store.due("r/lima", asked)] == asked[1:]
    folder = store.archive / "r" / "lima"
    kept = (folder / "seal-0002.one.example.tsr").read_bytes()
    assert kept == reply
    assert time_in(kept, (folder / "seal-0002.json").read_bytes(), [authority.root])
    with pytest.raises(BadTimestamp):
        store.keep_timestamp(due[1], REFUSED)
    assert len(store.due("r/lima", asked)) == 1
    assert store.due("r/porto", asked) == []
