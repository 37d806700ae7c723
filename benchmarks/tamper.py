"""Which cheats of tests/custody are found, by whom: `python -m benchmarks.tamper [--seeds N]`.

Ours is the stand-alone verifier, given the signer's key and, of what is forged, the published fingerprint; `losi` is
`losi verify`, which also checks an authority's signature. Others get what they read: `wacz validate` the bundle,
`warcio check` its segments, unpacked; a bundle that cannot be unpacked counts as found by it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from evidence_store import verifier
from losi.verifying import verify_file
from tests.custody.cities import Bundles, make_bundles
from tests.custody.operators import OPERATORS
from tests.interop.conftest import FOLDER, make_environment

# One process for all files: each prints much and takes long to start.
DRIVER = """
import contextlib, importlib, io, json, os, sys
before, jobs, found = *json.load(sys.stdin), {}
main = importlib.import_module(sys.argv[1]).main
with open(os.devnull, "w") as quiet, contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
    for name, files in jobs.items():
        try:
            found[name] = bool(main([*before, *files]))
        except BaseException as error:
            found[name] = not (isinstance(error, SystemExit) and not error.code)
print(json.dumps(found))
"""
Jobs = dict[str, list[str]]
CLEAN = "(not a cheat)"


@dataclass
class Tool:
    """Cheats found, of those tried, by name."""

    name: str
    found: Counter[str] = field(default_factory=Counter)


def main(seeds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundles = make_bundles(Path(folder))
        (bundles.folder / "key").write_text(bundles.key)
        forged = [*_forge(bundles, seeds), *((CLEAN, path) for path in bundles.clean)]
        tools = [
            _judged("ours", forged, lambda paths: _ours(bundles, paths)),
            _judged("losi", forged, lambda paths: _losi(bundles, paths)),
            *_others(forged, Path(folder)),
        ]
    _tell(tools, Counter(name for name, _ in forged))


def _forge(bundles: Bundles, seeds: int) -> list[tuple[str, Path]]:
    """Each cheat as often as it finds something to do."""
    made, whole, folder = list[tuple[str, Path]](), bundles.whole.read_bytes(), bundles.folder / "forged"
    folder.mkdir()
    for cheat in OPERATORS:
        for seed in range(seeds):
            path = folder / f"{cheat.name}-{seed}.wacz"
            did = cheat(bundles.whole, path, random.Random(f"{cheat.name} {seed}"))
            if did is not None and path.read_bytes() != whole:
                made.append((cheat.name, path))
    return made


def _judged(
    name: str, forged: Sequence[tuple[str, Path]], judge: Callable[[list[Path]], dict[str, bool]]
) -> Tool:
    found = judge([path for _, path in forged])
    return Tool(name, Counter(cheat for cheat, path in forged if found[str(path)]))


def _ours(bundles: Bundles, paths: Sequence[Path]) -> dict[str, bool]:
    key = ["--key", str(bundles.folder / "key")]
    published = ["--fingerprint", bundles.fingerprint]
    jobs = {str(path): [str(path), *key, *(published if path not in bundles.clean else [])] for path in paths}
    module = {"verifier": str(Path(verifier.__file__).parent)}
    return _driven([sys.executable, "-I", "-S"], module, [], jobs)


def _losi(bundles: Bundles, paths: Sequence[Path]) -> dict[str, bool]:
    def sound(path: Path) -> bool:
        fingerprint = None if path in bundles.clean else bundles.fingerprint
        key_file = bundles.folder / "key"
        return verify_file(path, key_file=key_file, fingerprint=fingerprint, authorities=None, as_json=False)

    with redirect_stdout(StringIO()):
        return {str(path): not sound(path) for path in paths}


def _others(forged: Sequence[tuple[str, Path]], folder: Path) -> list[Tool]:
    try:
        make_environment(FOLDER)
    except subprocess.CalledProcessError as error:
        print(f"the programs of others cannot be installed: {(error.stderr or error.stdout)[-300:]}")
        return []
    program = [str(FOLDER / "bin" / "python")]
    return [
        _judged("wacz", forged, lambda paths: _wacz(program, paths)),
        _judged("warcio", forged, lambda paths: _warcio(program, paths, folder / "unpacked")),
    ]


def _wacz(program: list[str], paths: Sequence[Path]) -> dict[str, bool]:
    jobs = {str(path): ["-f", str(path)] for path in paths}
    return _driven(program, {"wacz.main": ""}, ["validate"], jobs)


def _warcio(program: list[str], paths: Sequence[Path], folder: Path) -> dict[str, bool]:
    jobs = {str(path): files for path in paths if (files := _unpacked(path, folder / path.stem)) is not None}
    unpacked = {name: files for name, files in jobs.items() if files}
    found = _driven(program, {"warcio.cli": ""}, ["check"], unpacked)
    return {str(path): found.get(str(path), str(path) not in jobs) for path in paths}


def _unpacked(path: Path, folder: Path) -> list[str] | None:
    """The segments as files; None where the ZIP does not open."""
    folder.mkdir(parents=True)
    files = []
    try:
        with zipfile.ZipFile(path) as archive:
            for number, name in enumerate(name for name in archive.namelist() if name.endswith(".warc.gz")):
                files.append(str(folder / f"{number}.warc.gz"))
                Path(files[-1]).write_bytes(archive.read(name))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return None
    return files


def _driven(program: list[str], module: dict[str, str], before: list[str], jobs: Jobs) -> dict[str, bool]:
    """`module`: its name, and the folder it is found in where that is not on the path."""
    ((name, where),) = module.items()
    driver = f"import sys; sys.path.insert(0, {where!r})\n{DRIVER}" if where else DRIVER
    said = json.dumps([before, jobs])
    ran = subprocess.run([*program, "-W", "ignore", "-c", driver, name], input=said, capture_output=True,
                         text=True, check=True)  # fmt: skip
    found: dict[str, bool] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _tell(tools: Sequence[Tool], tried: Counter[str]) -> None:
    print(f"{'cheat':42}" + "".join(f"{tool.name:>8}" for tool in tools) + "   found, of those tried")
    for name, count in tried.items():
        print(f"{name:42}" + "".join(f"{tool.found[name]:>6}/{count}" for tool in tools))
    clean = tried.pop(CLEAN)
    for tool in tools:
        accused, every = tool.found.pop(CLEAN, 0), sum(tool.found[name] == tried[name] for name in tried)
        print(f"tamper: {tool.name} finds {tool.found.total()} of {tried.total()} forged bundles, {every} of "
              f"{len(tried)} cheats each time; it accuses {accused} of {clean} clean ones")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="draws of each cheat")
    main(parser.parse_args().seeds)
