"""Crawls in a process of their own, since a reactor runs once: `python -m tests.crawler.runner WORKSPACE < jobs.json`.

No name but localhost is ever looked up: whatever asks the system's resolver for another gets "unknown".
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

import crawler
from crawler import Identity, Job
from crawler.browser_finder import find_browser
from evidence_store import EvidenceStoreError

KNOWN = {"localhost", "127.0.0.1"}
_getaddrinfo = socket.getaddrinfo
_gethostbyname = socket.gethostbyname


def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    return _getaddrinfo(_known(host), *args, **kwargs)


def gethostbyname(host: str) -> str:
    return _gethostbyname(_known(host))


def _known(host: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name == "inside.example":
        return "127.0.0.1"  # a public name that points into the private network
    if name not in KNOWN:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return host


def work(folder: str, order: str) -> dict[str, str]:
    """Runs what was ordered; an expected failure is told by its name and its line."""
    socket.getaddrinfo = getaddrinfo
    socket.gethostbyname = gethostbyname
    given = json.loads(order)
    jobs = [Job(job["crawl_id"], job.get("delay"), tuple(job["allow_private"])) for job in given["jobs"]]
    identity = Identity("Test Body", "crawl@body.example") if given["identity"] else None
    try:
        return crawler.crawl(
            Path(folder),
            jobs,
            identity=identity,
            opt_out=given.get("opt_out", ()),
            browser=find_browser() if given.get("browser") else None,
        )
    except (crawler.CrawlerError, EvidenceStoreError) as error:
        return {"error": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    print(json.dumps(work(sys.argv[1], sys.stdin.read())))
