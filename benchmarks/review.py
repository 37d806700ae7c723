"""Pages of the review over a stored city of 400 pages and 95 questions: the goal is a median under 50 ms."""

import statistics
import time
from urllib.parse import urlsplit

import httpx

import checks
import review_ui
from benchmarks.stored_city import stored_city

GOAL = 50.0
TIMES = 30
PATHS = {
    "rounds": "/",
    "round": "/r/bench",
    "city": "/a/bench/bench",
    "question": "/a/bench/bench/234",
    "trail": "/a/bench/bench/trail",
}


def measure(pages: int = 400) -> dict[str, float]:
    """Median milliseconds a page, one client on loopback."""
    with stored_city(pages) as store:
        checks.run(store, "bench/bench")
        with review_ui.serving(store) as (url, _):
            parts = urlsplit(url)
            with httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", follow_redirects=True) as client:
                client.get("/?" + parts.query).raise_for_status()
                return {name: _median(client, path) for name, path in PATHS.items()}


def _median(client: httpx.Client, path: str) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main(pages: int = 400) -> None:
    for name, milliseconds in measure(pages).items():
        print(f"review, {name}: {milliseconds:.0f} ms at the median of {TIMES} (goal: under {GOAL:.0f} ms)")


if __name__ == "__main__":
    main()
