"""Proposals on the small portals of tests/portals, whose authors have not seen the rules.

Prints precision and recall of "yes" and the traps taken, by portal; `--misses` lists what went wrong.
"""

import argparse
import datetime as dt
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date

import checks

FOLDER = Path(__file__).parent.parent / "tests" / "portals"
_DAY = re.compile(r"\{\{(LONG)?DAY([+-]\d+)?\}\}")


class Portal(SimpleHTTPRequestHandler):
    """Static files; what must be fresh is dated relative to today."""

    language = "en"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix != ".html" or not path.exists() or path.name == "answers.yaml":
            super().do_GET()
            return
        body = _DAY.sub(self._date, path.read_text(encoding="utf-8")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _date(self, match: re.Match[str]) -> str:
        day = dt.date.today() + dt.timedelta(days=int(match.group(2) or 0))
        return format_date(day, "long", locale=self.language) if match.group(1) else day.isoformat()


@dataclass(frozen=True)
class Scored:
    right: int
    wrong: tuple[str, ...]
    missed: tuple[str, ...]
    traps: tuple[str, ...]

    @property
    def precision(self) -> float:
        return self.right / max(self.right + len(self.wrong), 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + len(self.missed), 1)


@contextmanager
def served(folder: Path, language: str) -> Iterator[str]:
    handler = partial(type("Handler", (Portal,), {"language": language.replace("-", "_")}), directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def assess(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the city's results, its answers)"""
    answers = yaml.safe_load((folder / "answers.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as workspace, served(folder, answers["language"]) as url:
        command = [sys.executable, "-m", "losi", "--workspace", workspace, "assess", url, "--allow-private"]
        told = ["--country", answers["country"], "--language", answers["language"], "--json"]
        ran = subprocess.run([*command, *told], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return json.loads(ran.stdout)["cities"][0], {str(k): v for k, v in answers["answers"].items()}


def score(city: dict[str, Any], answers: dict[str, Any]) -> Scored:
    """Of indicators with rules; a trap is taken when a wrong yes rests on a page declared as one."""
    rules = {one.code: one.rules for one in checks.load_edition("losi-2024").indicators}
    said = {one["code"]: one for one in city["indicators"]}
    true = {code for code, one in answers.items() if one["answer"] == "passed"}
    yes = {code for code, one in said.items() if one["proposal"] == "passed"}
    wrong = sorted(yes - true)
    return Scored(
        right=len(yes & true),
        wrong=tuple(wrong),
        missed=tuple(sorted(code for code in true - yes if rules[code])),
        traps=tuple(code for code in wrong if _on_trap(said[code], answers[code].get("traps", []))),
    )


def _on_trap(proposal: dict[str, Any], traps: list[str]) -> bool:
    proving = [one["url"].split("?")[0] for one in proposal["evidence"] if one["stance"] == "for"]
    return any(url.endswith("/" + str(trap).lstrip("/")) for url in proving for trap in traps)


def main(misses: bool = False) -> None:
    total = Scored(0, (), (), ())
    for folder in sorted(path.parent for path in FOLDER.glob("*/answers.yaml")):
        city, answers = assess(folder)
        found = score(city, answers)
        print(_line(folder.name, found))
        if misses:
            _list(city, answers, found)
        total = Scored(
            total.right + found.right,
            total.wrong + found.wrong,
            total.missed + found.missed,
            total.traps + found.traps,
        )
    print(_line("all", total))


def _line(name: str, found: Scored) -> str:
    return (
        f"{name}: yes right {found.right}, wrong {len(found.wrong)}, missed {len(found.missed)}, "
        f"traps {len(found.traps)}; precision {found.precision:.3f}, recall {found.recall:.3f}"
    )


def _list(city: dict[str, Any], answers: dict[str, Any], found: Scored) -> None:
    said = {one["code"]: one for one in city["indicators"]}
    for code in found.wrong:
        print(f"  wrong {code} {said[code]['name']}: {answers[code].get('why')}")
        for one in said[code]["evidence"][:3]:
            print(f"    {one['rule']} {one['url']} | {one['quote'][:100]}")
    for code in found.missed:
        print(f"  missed {code} {said[code]['name']}: {answers[code].get('page')} {answers[code].get('why')}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true")
    main(parser.parse_args().misses)
