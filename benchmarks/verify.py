"""How fast a sealed bundle is verified, in how much memory: `python -m benchmarks.verify [--megabytes N]`.

The bundle is made here from a fixed seed: pages that deflate to a quarter and, as on city portals, most bytes in
documents and pictures that do not. Speed counts processor time, so that it is that of one core.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.stored_city import page, stored_city
from evidence_store import Capture, Exchange, Lease, Signer, Store, verifier
from evidence_store.wacz import write_wacz

GOAL = 200  # MB/s a core
DOCUMENT = 400_000  # bytes
PAGES_EACH = 2  # for one document
IN_FLIGHT = 64
# The kernel's own mark of this process; what getrusage tells a child of a larger parent is the parent's.
CHILD = """
import re, runpy, sys, time
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(time.process_time(), re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def main(megabytes: int = 1000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        small, large = (Path(folder) / f"{name}.wacz" for name in ("small", "large"))
        make(small, 20)
        seen = make(large, megabytes)
        for path, inflated in ((small, 0), (large, seen)):
            seconds, waited, memory = verify(path)
            size = path.stat().st_size / 1e6
            print(f"verify: {size:.0f} MB in {seconds:.1f} s of one core ({waited:.1f} s), {memory:.0f} MB at most: "
                  f"{size / seconds:.0f} MB/s of the archive"
                  + (f", {inflated / 1e6 / seconds:.0f} MB/s inflated (goal {GOAL})" if inflated else ""))  # fmt: skip


def make(path: Path, megabytes: int) -> int:
    """The bytes that are inside, inflated."""
    random_, kept, size = random.Random(7), deque[Future[Capture]](), 0
    with stored_city(10) as store:
        rules = store.round("bench").rules_digest
        crawl = store.plan_crawl("bench/bench", budget=megabytes * 100, rules_digest=rules, again=True)
        lease = store.claim(crawl.id, worker="bench", rules_digest=rules)
        number = stored = 0
        while stored < megabytes * 1_000_000:
            whole = number % (PAGES_EACH + 1) == 0
            body = random_.randbytes(DOCUMENT) if whole else page(number, random_).encode()
            kept.append(_record(store, lease, number, body, "application/pdf" if whole else "text/html"))
            stored, size, number = (
                stored + (len(body) if whole else len(body) // 4),
                size + len(body),
                number + 1,
            )
            if len(kept) > IN_FLIGHT:
                kept.popleft().result()
        for future in kept:
            future.result()
        store.finish(lease, stopped="exhausted", requests=number)
        write_wacz(
            store, "bench/bench", path, signer=Signer.open(path.parent / "keys"), made=datetime.now(UTC)
        )
    return size


def _record(store: Store, lease: Lease, number: int, body: bytes, mime: str) -> Future[Capture]:
    return store.record(
        lease,
        Exchange(
            url=f"http://bench.example/v/{number}",
            kind="page" if mime == "text/html" else "document",
            requested_by="spider",
            time=datetime.now(UTC),
            status=200,
            headers=(("Content-Type", mime),),
            body=body,
        ),
    )


def verify(path: Path) -> tuple[float, float, float]:
    """Seconds of processor, seconds by the clock, megabytes at most: of the stand-alone verifier by itself."""
    began = time.perf_counter()
    command = [sys.executable, "-I", "-c", CHILD, verifier.__file__, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *said, last = done.stdout.splitlines()
    if done.returncode:
        raise SystemExit("\n".join([*said, last, done.stderr]))
    seconds, kilobytes = map(float, last.split())
    return seconds, time.perf_counter() - began, kilobytes / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the bundle")
    main(parser.parse_args().megabytes)
