"""A timestamp authority is asked once, by name, and what it may answer has limits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from crawler import Identity, NoTimestamp, ask, timestamp


@contextmanager
def answering(
    body: bytes = b"token", status: int = 200, mime: str = timestamp.REPLY, reply: Any = None
) -> Iterator[tuple[str, list]]:
    asked: list = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Content-Type"], self.headers["User-Agent"], data))
            self.send_response(status)
            self.send_header("Content-Type", mime)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(reply(data) if reply else body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_works():
    with answering() as (url, asked):
        assert ask(url, b"query", identity=Identity("Body", "me@body.example")) == b"token"
    ((path, mime, agent, data),) = asked
    assert (path, mime, data) == ("/tsr", "application/timestamp-query", b"query")
    assert "Body; me@body.example" in agent


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"status": 503}, "answered 503"),
        ({"status": 302}, "answered 302"),
        ({"mime": "text/html"}, "something else"),
        ({"body": b"x" * (timestamp.LARGEST + 1)}, "too long"),
    ],
)
def test_what_it_may_not_answer(reply, said):
    with answering(**reply) as (url, asked):
        with pytest.raises(NoTimestamp, match=said) as refused:
            ask(url, b"query")
        assert len(asked) == 1
    assert "losi seal" in str(refused.value)
    assert url in str(refused.value)


def test_an_answer_that_drips(monkeypatch):
    monkeypatch.setattr(timestamp, "TIMEOUT", -1)
    with pytest.raises(NoTimestamp, match="a time"):
        timestamp._body("authority", httpx.Response(200, content=iter([b"x", b"y"])))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://name.invalid:99999/", "nonsense"])
def test_nobody_there(url):
    with pytest.raises(NoTimestamp, match="due"):
        ask(url, b"query")
