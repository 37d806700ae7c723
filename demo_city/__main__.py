import argparse
import json
import sys
import threading
from dataclasses import asdict

from demo_city.errors import DemoCityError
from demo_city.server import Served, serve


def main() -> int:
    asked = parser().parse_args()
    try:
        with serve(notes=asked.notes, port=asked.port) as cities:
            say(cities, as_json=asked.json)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except DemoCityError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m demo_city", description="Serve the fictitious cities on loopback."
    )
    made.add_argument("--port", type=int, default=8100, help="of the first host; 0: any free ports")
    made.add_argument("--notes", action="store_true", help='show the boxes "How this meets indicator NNN"')
    made.add_argument("--json", action="store_true", help="print the addresses and the true answers as JSON")
    return made


def say(cities: list[Served], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(city) for city in cities], ensure_ascii=False), flush=True)
        return
    for city in cities:
        others = "".join(f"  http://{host}/" for host in city.hosts[1:])
        print(f"{city.name:<24} {city.portal_url}{others}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
