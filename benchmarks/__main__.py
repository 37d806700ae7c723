"""Every benchmark in one run: `python -m benchmarks [--pages N]`."""

import argparse

from benchmarks import crawl, portals, review, rules, size, tamper, verify


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400, help="size of the corpora")
    pages = parser.parse_args().pages
    crawl.main(pages)
    rules.main(pages)
    review.main(pages)
    size.main(pages)
    verify.main()
    tamper.main()
    portals.main()


if __name__ == "__main__":
    main()
