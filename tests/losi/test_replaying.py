"""`losi replay`: from one file, with nothing else, and no network."""

import asyncio
import json
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from checks.replay import newest_recorded
from checks.rulebook import rules_text
from checks.run import run
from evidence_store import Signer
from evidence_store.wacz import write_wacz
from losi.cli import main
from losi.offline import Offline, offline
from tests.checks.city import make_city

OF = "r/example"
MADE = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A bundle as it should be; one whose findings were forged before sealing; one of older rules."""
    made = {}
    older = json.loads(rules_text())
    older["rules"]["privacy-policy"] |= {"version": "0", "where": "home"}
    for name, rules in (("good", None), ("forged", None), ("older", json.dumps(older))):
        folder = tmp_path_factory.mktemp(name)
        with make_city(folder, rules=rules) as store:
            run(store, OF)
            if name == "forged":
                said = json.dumps(newest_recorded(store, OF).said, ensure_ascii=False)
                assert '"outcome": "failed"' in said
                said = said.replace('"outcome": "failed"', '"outcome": "cantTell"', 1)
                store.journal(OF, "findings", f"urn:losi:findings:{OF}/{'f' * 24}", said.encode())
            signer = Signer.open(folder / "keys")
            made[name] = write_wacz(store, OF, folder / f"{name}.wacz", signer=signer, made=MADE)
    return made


def replay(*arguments: object):
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


def test_it_works(packed):
    said = replay(packed["good"])
    assert said.exit_code == 0, said.stderr
    assert "182 findings compared: identical" in said.stdout
    assert "network: blocked, not asked for" in said.stdout
    assert "recorded by losi " in said.stdout


def test_json(packed):
    said = replay(packed["good"], "--json")
    document = json.loads(said.stdout)
    assert (document["schema"], document["assessment"], document["identical"]) == ("losi-replay/1", OF, True)
    assert (document["findings"], document["differences"], document["network"]) == (182, [], [])
    assert document["recorded_by"] == document["replayed_by"]


def test_forged_findings_under_a_good_seal(packed):
    said = replay(packed["forged"])
    assert said.exit_code == 1
    assert "182 findings compared: 1 not as recorded" in said.stdout
    assert "recorded “cannot tell”, now “no”" in said.stdout


def test_an_altered_file_is_refused(packed, tmp_path):
    whole = bytearray(packed["good"].read_bytes())
    whole[len(whole) // 3] ^= 1
    altered = tmp_path / "altered.wacz"
    altered.write_bytes(whole)
    said = replay(altered)
    assert said.exit_code == 1
    assert said.stdout == ""
    assert "altered" in said.stderr
    assert said.stderr.endswith("; not replayed\n")


def test_no_file(tmp_path):
    said = replay(tmp_path / "none.wacz")
    assert said.exit_code == 2
    assert "none.wacz" in said.stderr


def test_rules_of_today(packed):
    said = replay(packed["older"], "--rules", "current")
    assert said.exit_code == 0, said.stderr
    assert "1 proposal would be another" in said.stdout
    assert ": from “no” to “yes”: rule privacy-policy (version " in said.stdout
    assert "score of proposals as recorded: " in said.stdout
    same = replay(packed["older"])
    assert same.exit_code == 0, same.stdout


def reach_by_socket():
    with socket.socket() as one:
        one.connect(("127.0.0.1", 9))


def listen():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))


def send():
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"?", ("127.0.0.1", 9))


WAYS = {
    "connect": reach_by_socket,
    "bind": listen,
    "sendto": send,
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "host": lambda: socket.gethostbyname("localhost"),
    "url": lambda: urllib.request.urlopen("http://127.0.0.1:9/"),
    "asyncio": lambda: asyncio.run(asyncio.open_connection("127.0.0.1", 9)),
    "program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
}


@pytest.mark.parametrize("way", WAYS)
def test_offline(way):
    with offline() as tried:
        with pytest.raises(OSError, match="offline") as refused:
            WAYS[way]()
        assert isinstance(refused.value, Offline) or "offline" in str(refused.value)
    assert tried


def test_online_again():
    with offline(), suppress(Offline):
        listen()
    listen()
    with pytest.raises(ConnectionRefusedError):
        reach_by_socket()


def test_one_in_another():
    with offline() as outer:
        with offline() as inner, suppress(Offline):
            listen()
        with pytest.raises(Offline):
            listen()
    assert (len(outer), len(inner)) == (2, 1)
    listen()


def test_a_database_of_files_works_offline(tmp_path):
    with offline() as tried:
        database = sqlite3.connect(tmp_path / "x.sqlite")
        database.execute("create table t (a)")
        database.close()
    assert tried == []
