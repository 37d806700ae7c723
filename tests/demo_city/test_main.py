import json
import socket
import sys

from demo_city.__main__ import main, parser, say
from demo_city.server import described


def test_it_works(model, capsys):
    say([described(model.city, model.origins, ("main.test",))], as_json=False)
    assert "Marsa Noor" in capsys.readouterr().out


def test_notes_are_off_unless_asked_for():
    assert parser().parse_args([]).notes is False
    assert parser().parse_args(["--notes"]).notes is True


def test_json_names_the_true_answers(model, capsys):
    say([described(model.city, model.origins, ("main.test",))], as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed[0]["answers"]["234"]["answer"] == "passed"


def test_a_port_in_use_is_one_line(monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(sys, "argv", ["demo_city", "--port", str(taken.getsockname()[1])])
        assert main() == 2
    assert capsys.readouterr().err.count("\n") == 1
