"""One question to a timestamp authority (RFC 3161, 3.4): asked once, within limits, nothing followed or repeated."""

import time

import httpx

from crawler.errors import NoTimestamp
from crawler.identity import Identity, user_agent

TIMEOUT = 15.0  # seconds, for each step of it
LARGEST = 64 << 10  # bytes: replies with their certificates are about 6,000
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


def ask(authority: str, query: bytes, *, identity: Identity | None = None) -> bytes:
    """The raw reply. Raises NoTimestamp."""
    headers = {
        "Content-Type": QUERY,
        "Accept": REPLY,
        "Accept-Encoding": "identity",
        "User-Agent": user_agent(identity),
    }
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", authority, content=query, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise NoTimestamp(authority, f"it answered {answer.status_code}")
            if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() != REPLY:
                raise NoTimestamp(authority, "it answered something else")
            return _body(authority, answer)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NoTimestamp(authority, f"{error}" or type(error).__name__) from error


def _body(authority: str, answer: httpx.Response) -> bytes:
    body, until = b"", time.monotonic() + TIMEOUT
    for part in answer.iter_raw():
        body += part
        if len(body) > LARGEST:
            raise NoTimestamp(authority, "its answer is too long")
        if time.monotonic() > until:
            raise NoTimestamp(authority, "its answer takes too long a time")
    return body
