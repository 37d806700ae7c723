"""Rules over a stored city of 400 pages: the goal is under 20 seconds."""

import time

import checks
from benchmarks.stored_city import stored_city

GOAL = 20.0


def measure(pages: int = 400) -> float:
    """Seconds of the second of two checks, all data loaded."""
    with stored_city(pages) as store:
        for _ in range(2):
            began = time.perf_counter()
            checks.run(store, "bench/bench")
            seconds = time.perf_counter() - began
    return seconds


def main(pages: int = 400) -> None:
    seconds = measure(pages)
    print(
        f"rules over {pages} stored pages: {seconds:.1f} s, {pages / seconds:.0f} pages/s (goal: under {GOAL:.0f} s)"
    )


if __name__ == "__main__":
    main()
