"""A client of the review: what it was told has been kept goes into the log."""

from __future__ import annotations

import http.client
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.custody.town import OF, Workspace
from tests.review_ui.conftest import hidden_fields

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Desk:
    workspace: Workspace
    pid: int
    connection: http.client.HTTPConnection
    headers: dict[str, str]
    asked: str = ""

    def answer(self, code: str, outcome: str) -> None:
        status, page = self.attempt(code, outcome)
        assert status == 303, page

    def attempt(self, code: str, outcome: str) -> tuple[int, str]:
        self.ask(code, outcome)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        if answer.status == 303:
            self.workspace.answered[code] = outcome
        return answer.status, page

    def ask(self, code: str, outcome: str) -> None:
        """Without waiting for what comes of it."""
        self.asked, path = code, f"/a/{OF}/{code}"
        self.connection.request("GET", path, headers=self.headers)
        page = self.connection.getresponse().read().decode()
        form = urlencode(hidden_fields(page, "decide") | {"outcome": outcome, "note": ""})
        typed = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        self.connection.request("POST", path, form, self.headers | typed)


@contextmanager
def reviewing(workspace: Workspace, **how: Any) -> Iterator[Desk]:
    """Until it is killed, here at the latest."""
    pid = workspace.warden.start(*workspace.verb("review"), **how)
    until = time.monotonic() + 30
    while not (told := re.search(r"http://\S+(?=\n)", workspace.warden.said)):
        assert time.monotonic() < until, workspace.warden.said
        time.sleep(0.01)
    address = urlsplit(told[0])
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    token = parse_qs(address.query)["token"][0]
    try:
        yield Desk(workspace, pid, connection, {"Authorization": f"Bearer {token}"})
    finally:
        connection.close()
        workspace.warden.kill(pid)
