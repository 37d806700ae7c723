"""A browser, a desk it works at, and a sink that hears whoever calls."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from review_ui import serving
from tests.review_ui.builder import CITY, ROUND, World

PATH = f"/a/{ROUND}/{CITY}"


@dataclass
class Seat:
    """A person before the screen."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.origin + path)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def is_at(self, path: str) -> None:
        self.page.wait_for_url(f"{self.origin}{path}")

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.origin)


@contextlib.contextmanager
def seated(browser: Browser, world: World, **context: Any) -> Iterator[Seat]:
    with serving(world.store) as (url, _):
        opened = browser.new_context(**context)
        try:
            seat = Seat(opened.new_page(), url.partition("/?")[0])
            seat.page.on("console", lambda m: seat.complaints.append(m.text) if m.type == "error" else None)
            seat.page.on("pageerror", lambda error: seat.complaints.append(str(error)))
            seat.page.goto(url)
            yield seat
        finally:
            opened.close()


class Sink:
    """Counts every TCP connection and keeps what was asked."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.settimeout(0.2)
                self.heard.append(b"")
                self.heard[-1] = caller.recv(2000).partition(b"\r\n")[0]
                caller.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        # Closing alone does not wake a blocked accept() on every platform.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(2)
