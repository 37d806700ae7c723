"""Clumsy and hostile use: one line that names the thing, never a traceback."""

import os
import sqlite3
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from losi.cli import main


def losi(workspace, *arguments):
    return CliRunner().invoke(main, ["--workspace", str(workspace), *map(str, arguments)])


def refused(ran, said):
    assert ran.exit_code == 2
    assert isinstance(ran.exception, SystemExit)
    assert ran.stderr.strip().count("\n") == 0
    assert said in ran.stderr


def test_it_works(tmp_path):
    assert losi(tmp_path, "status", "--json").stdout.split() == ["{", '"rounds":', "[]", "}"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["assess"], "URL"),
        (["assess", "http://127.0.0.1:1/", "--allow-private", "--delay", "nan"], "nan"),
        (["assess", "http://me:secret@town.invalid/"], "password"),
        (["assess", "http://town.invalid/", "--country", "Portugal"], "Portugal"),
        (["assess", "http://town.invalid/", "--language", "x y z"], "'x'"),
        (["assess", "http://town.invalid/a-b", "http://town.invalid/a/b"], "taken"),
        (["assess", "http://town.invalid/", "--edition", "nope"], "losi-2024"),
        (["review", "--host", "203.0.113.1"], "203.0.113.1"),
    ],
)
def test_wrong_use(tmp_path, arguments, said):
    ran = losi(tmp_path, *arguments)
    refused(ran, said)
    assert "secret" not in ran.stderr


def test_a_workspace_that_cannot_be_made(tmp_path):
    refused(losi("/dev/null", "status"), "/dev/null")
    (tmp_path / "file").touch()
    refused(losi(tmp_path / "file" / "inside", "status"), "inside")


def test_a_database_that_is_none(tmp_path):
    (tmp_path / "losi.sqlite").write_bytes(b"garbage" * 500)
    refused(losi(tmp_path, "status"), "losi.sqlite")


def test_a_workspace_of_a_newer_version(tmp_path):
    losi(tmp_path, "status")
    with sqlite3.connect(tmp_path / "losi.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    refused(losi(tmp_path, "status"), "newer version")


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    """A round with a city that was never crawled, named in Devanagari."""
    workspace = tmp_path_factory.mktemp("a b ü")
    listed = workspace / "cities.csv"
    row = "village,आनंदनगर,IND,hi,http://127.0.0.1:1/\n"
    listed.write_text("id,name,country,languages,portal_url\n" + row, encoding="utf-8")
    assert losi(workspace, "cities", "add", listed).exit_code == 0
    opened = losi(workspace, "open-round", "r1", "--edition", "losi-2022")
    assert opened.exit_code == 0, opened.stderr
    return workspace


def test_a_private_portal_is_refused_before_its_crawl_is_spent(village):
    refused(losi(village, "crawl", "r1"), "--allow-private")
    assert '"waiting"' in losi(village, "status", "--json").stdout


def test_out_in_a_folder_that_is_not_there(village, tmp_path):
    refused(losi(village, "export", "r1", "--out", tmp_path / "no" / "x.json"), "x.json")


def test_assess_keeps_to_one_edition(tmp_path, village):
    refused(losi(village, "why", "r1", "village", "999"), "999")
    first = ["assess", "http://town.invalid/", "--edition"]
    refused(losi(tmp_path, *first, "losi-2022"), "losi.toml")
    refused(losi(tmp_path, *first, "losi-2024"), "--workspace")


def test_a_terminal_without_the_letters_of_a_name(village):
    command = [sys.executable, "-m", "losi", "--workspace", str(village), "cities", "list"]
    ascii_only = os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run(command, capture_output=True, env=ascii_only, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert b"village" in ran.stdout


def test_click_tells_where_a_pipe_was_closed(monkeypatch, tmp_path):
    def closed(*args, **options):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(click, "echo", closed)
    assert losi(tmp_path, "rules", "234").stderr == ""
