"""`losi bundle` as it is used."""

import re
import shlex
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest

import checks
from evidence_store import City, Exchange, NewAnswer, NotFound, Store
from evidence_store.errors import BeingWritten
from losi import custody
from losi.bundling import make_bundle
from losi.errors import BadId, BadPlace
from losi.workspace import Workspace
from review_ui.language import load_languages

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = b"<!doctype html><title>Lima</title><p>Welcome to the Town of Lima.</p>"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A round `r` with one city, `lima`, whose crawl of one page is checked."""
    folder = tmp_path_factory.mktemp("bundling") / "workspace"
    with Store.open(folder) as store:
        store.add_cities(
            [City(id="lima", name="Lima", country="PRT", languages=["pt"], portal_url="http://lima.test/")]
        )
        rules = checks.rules_text()
        edition = checks.edition_text("losi-2024")
        store.open_round("r", edition="losi-2024", edition_text=edition, rules_text=rules, city_ids=["lima"])
        lease = store.claim(store.plan_crawl("r/lima", budget=9).id, worker="test")
        store.record(lease, page()).result()
        store.finish(lease, stopped="settled")
    return folder


def page():
    return Exchange(
        url="http://lima.test/",
        kind="page",
        requested_by="spider",
        time=NOON,
        status=200,
        headers=(("Content-Type", "text/html"),),
        body=PAGE,
    )


def bundle(workspace, out, round_id="r", city_id="lima"):
    opened = Workspace(workspace)
    with opened.open_store() as store:
        return make_bundle(opened, store, round_id, city_id, out, html=False)


def test_it_works(workspace, tmp_path):
    out = tmp_path / "lima round.wacz"
    command = [sys.executable, "-m", "losi", "--workspace", str(workspace), "bundle", "r", "lima"]
    ran = subprocess.run(
        [*command, "--out", str(out), "--html"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    first, second = ran.stdout.splitlines()
    assert re.fullmatch(
        rf"{re.escape(str(out))}: [\d.,]+ [kM]B, \d+ records under \d+ seals; "
        rf"check it with: losi verify {re.escape(shlex.quote(str(out)))}",
        first,
    )
    assert second.startswith(f"{out.with_suffix('.html')}: ")
    assert "<html" in out.with_suffix(".html").read_text(encoding="utf-8")
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None


def test_the_page_in_each_language(workspace, tmp_path):
    (option,) = [one for one in custody.bundle.params if one.name == "language"]
    assert set(option.type.choices) == set(load_languages())
    opened = Workspace(workspace)
    for tag in option.type.choices:
        with opened.open_store() as store:
            make_bundle(opened, store, "r", "lima", tmp_path / f"{tag}.wacz", html=True, language=tag)
        assert f'<html lang="{tag}"' in (tmp_path / f"{tag}.html").read_text(encoding="utf-8")


def test_again_adds_nothing_to_the_archive(workspace, tmp_path):
    assert bundle(workspace, tmp_path / "1.wacz") == []
    held = {path: path.stat().st_size for path in workspace.rglob("*.warc.gz")}
    assert bundle(workspace, tmp_path / "2.wacz") == []
    assert {path: path.stat().st_size for path in workspace.rglob("*.warc.gz")} == held


def test_no_key_is_said_and_seen(workspace, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LOSI_KEYS", "/proc/no-place")
    (fault,) = bundle(workspace, tmp_path / "lima.wacz")
    assert "lima.wacz is unsealed" in fault
    assert "unsealed" in capsys.readouterr().err
    with zipfile.ZipFile(tmp_path / "lima.wacz") as archive:
        assert b"signature" not in archive.read("datapackage-digest.json")


def test_a_strange_key_makes_it_unsealed(workspace, tmp_path, monkeypatch):
    assert bundle(workspace, tmp_path / "lima.wacz") == []
    monkeypatch.setenv("LOSI_KEYS", str(tmp_path / "strange"))
    (fault,) = bundle(workspace, tmp_path / "lima.wacz")
    assert "sealed with another key" in fault


@pytest.mark.parametrize(
    ("round_id", "city", "folder", "error"),
    [
        ("r", "nowhere", ".", NotFound),
        ("none", "lima", ".", NotFound),
        ("r", "../lima", ".", BadId),
        ("r", "lima", "missing", BadPlace),
    ],
)
def test_what_cannot_be_bundled(workspace, tmp_path, round_id, city, folder, error):
    with pytest.raises(error):
        bundle(workspace, tmp_path / folder / "x.wacz", round_id, city)
    assert not list(tmp_path.iterdir())


def test_not_while_it_is_crawled(workspace, tmp_path):
    with Store.open(workspace) as store:
        lease = store.claim(store.plan_crawl("r/lima", budget=9, again=True).id, worker="test")
        store.record(lease, page()).result()
        with pytest.raises(BeingWritten, match="by a crawl"):
            bundle(workspace, tmp_path / "x.wacz")
        store.finish(lease, stopped="settled")
    assert not list(tmp_path.iterdir())


def test_the_page_is_not_written_over_the_bundle(workspace, tmp_path):
    opened = Workspace(workspace)
    with opened.open_store() as store, pytest.raises(BadPlace, match=r"name the bundle lima\.wacz"):
        make_bundle(opened, store, "r", "lima", tmp_path / "lima.html", html=True)


def test_answers_of_a_double_round_that_are_not_locked_are_told_of(workspace, tmp_path, capsys):
    opened = Workspace(workspace)
    texts = {"edition_text": checks.edition_text("losi-2024"), "rules_text": checks.rules_text()}
    with opened.open_store() as store:
        store.open_round("two", edition="losi-2024", city_ids=["lima"], protocol="double", **texts)
        store.answer("two/lima", NewAnswer(test="218", outcome="failed", mode="manual"), "Ana")
    bundle(workspace, tmp_path / "lima.wacz", round_id="two")
    assert "holds answers that are not locked yet" in capsys.readouterr().err


def test_a_lock_of_an_open_review_does_not_hold_it_up(workspace, tmp_path):
    with Store.open(workspace) as review:
        review.act("r/lima", "lock", "Ana")
        assert bundle(workspace, tmp_path / "lima.wacz") == []
