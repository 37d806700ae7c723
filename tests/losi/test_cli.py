"""The command line as it is used: one line on standard error, the exit code, JSON on standard output."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

PAGES = {
    "index.html": """<!doctype html><html lang="en"><title>Town of Example</title><body>
        <nav><a href="contact.html">Contact us</a> <a href="privacy.html">Privacy policy</a></nav>
        <main><h1>Welcome to the Town of Example</h1>
        <p>Services and news of the town.</p></main></body></html>""",
    "contact.html": """<!doctype html><html lang="en"><title>Contact us</title><body><main>
        <h1>Contact us</h1><p>Town Hall, 1 High Street, Example</p>
        <p>Phone: <a href="tel:+15550100">+1 555 0100</a></p>
        <p>E-mail: <a href="mailto:hall@town.example">hall@town.example</a></p></main></body></html>""",
    "privacy.html": """<!doctype html><html lang="en"><title>Privacy policy</title><body><main>
        <h1>Privacy policy</h1>
        <p>We collect personal data such as your name and e-mail address when you write to us.
        The purpose of the processing is to answer you and to improve our services.</p>
        <p>You have the right to access, correct and erase your personal data, and to complain to the data
        protection authority. We keep the data for two years and do not share them with third parties.
        Contact our data protection officer with questions.</p></main></body></html>""",
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def static_site(folder):
    for name, text in PAGES.items():
        (folder / name).write_text(text, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def losi(workspace, *arguments):
    command = [sys.executable, "-m", "losi", "--workspace", str(workspace), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    """One static site that somebody serves, assessed once; its document and its workspace."""
    with static_site(tmp_path_factory.mktemp("site")) as url:
        workspace = tmp_path_factory.mktemp("workspace")
        ran = losi(workspace, "assess", url, "--allow-private", "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), workspace


def test_it_works(assessed):
    (city,) = assessed[0]["cities"]
    assert city["stopped"] == "exhausted"
    assert city["pages"] == 3
    by_code = {one["code"]: one for one in city["indicators"]}
    assert by_code["234"]["proposal"] == "passed"
    assert by_code["234"]["evidence"][0]["url"].endswith("/privacy.html")
    assert by_code["214"]["proposal"] == "passed"
    assert by_code["250"]["proposal"] == "untested"


def test_status_tells_what_is_left(assessed):
    ran = losi(assessed[1], "status", "--json")
    (round_,) = json.loads(ran.stdout)["rounds"]
    assert round_["id"] == "assess"
    (city,) = round_["cities"]
    assert (city["stage"], city["pages"], city["open"]) == ("checked", 3, 95)


def test_why_names_the_bytes(assessed):
    city = assessed[0]["cities"][0]
    said = losi(assessed[1], "why", "assess", city["id"], "234").stdout
    assert "passed" in said
    assert ".warc.gz@" in said
    assert "sha256:" in said


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_export(assessed, kind, tmp_path):
    ran = losi(assessed[1], "export", "assess", "--format", kind, "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "234" in (tmp_path / "out").read_text(encoding="utf-8")


def test_beyond_this_machine_nothing_is_fetched_without_a_name(tmp_path):
    ran = losi(tmp_path, "assess", "https://portal.invalid/", "--json")
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "losi.toml" in ran.stderr
    assert not ran.stdout


def test_a_portal_that_does_not_answer_is_a_result(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        ran = losi(tmp_path, "assess", url, "--allow-private", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["cities"][0]["stopped"] == "unreachable"


def test_a_private_address_is_refused_unless_allowed(tmp_path):
    ran = losi(tmp_path, "assess", "http://127.0.0.1:9/", "--json")
    assert ran.returncode == 2
    assert "--allow-private" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["assess", "nonsense://x"], "not a web address"),
        (["crawl", "nowhere"], "nowhere"),
        (["check", "nowhere"], "nowhere"),
        (["export", "nowhere"], "nowhere"),
        (["open-round", "r1", "--edition", "losi-1999"], "losi-1999"),
        (["open-round", "r1", "--edition", "losi-2024"], "no city yet"),
        (["open-round", "r1", "--edition", "losi-2024", "--advice", "C=none"], "advice"),
        (["cities", "add", "missing.csv"], "missing.csv"),
        (["rules", "999"], "999"),
        (["why", "nowhere", "a", "234"], "nowhere"),
    ],
)
def test_wrong_use_is_one_line_that_names_the_thing(tmp_path, arguments, said):
    ran = losi(tmp_path, *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stderr.strip().count("\n") == 0
    assert "Traceback" not in ran.stderr


def test_a_round_of_cities(tmp_path):
    (tmp_path / "site").mkdir()
    with static_site(tmp_path / "site") as url:
        listed = tmp_path / "cities.csv"
        listed.write_text(f"id,name,country,languages,portal_url\ntown,Town,USA,en,{url}\n")
        assert losi(tmp_path, "cities", "add", listed).returncode == 0
        assert "town" in losi(tmp_path, "cities", "list").stdout
        opened = losi(tmp_path, "open-round", "r1", "--edition", "losi-2022", "--protocol", "double")
        assert opened.returncode == 0, opened.stderr
        crawled = losi(tmp_path, "crawl", "r1", "--allow-private", "--jobs", 2)
        assert crawled.returncode == 0, crawled.stderr
    checked = losi(tmp_path, "check", "r1")
    assert checked.returncode == 0, checked.stderr
    assert "exhausted" in checked.stdout


def test_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = losi(tmp_path, "review", "--port", taken.getsockname()[1])
    assert ran.returncode == 2
    assert "--port" in ran.stderr or "port" in ran.stderr


def test_validate_and_rules(tmp_path):
    assert "no fault" in losi(tmp_path, "validate").stdout
    assert "privacy" in losi(tmp_path, "rules", "234").stdout.lower()


def test_doctor_tells_how_to_get_what_is_missing(tmp_path):
    ran = losi(tmp_path, "doctor")
    assert ran.returncode == 0
    assert "losi.toml" in ran.stdout
