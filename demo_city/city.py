from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from demo_city.errors import BadCity

HERE = Path(__file__).parent
REQUIRED = ("id", "name", "country", "languages", "settlement", "hosts")
#: What the path tree of a host never serves.
HIDDEN = {"layouts", "data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    id: str
    name: str
    country: str
    languages: tuple[str, ...]
    settlement: str
    hosts: tuple[str, ...]  # "main" first
    folder: Path
    flags: Mapping[str, Any]  # everything else of city.yaml: soft_404, session, calendar, facets, mirror …
    data: Mapping[str, Any]  # data/<stem>.yaml
    answers: Mapping[str, Mapping[str, Any]]  # by indicator code, as in answers.yaml

    def files(self, host: str) -> dict[str, Path]:
        """Every address of a host and the file behind it: `/`, `/services/pay`, `/files/budget.pdf`."""
        root = self.folder / host
        found = {address(path.relative_to(root)): path for path in sorted(root.rglob("*")) if path.is_file()}
        return {where: path for where, path in found.items() if not path.name.startswith((".", "_"))}

    def pages(self, host: str) -> dict[str, Path]:
        return {where: path for where, path in self.files(host).items() if path.suffix == ".html"}


def address(path: Path | PurePosixPath) -> str:
    if path.suffix != ".html":
        return "/" + path.as_posix()
    if path.name == "index.html":
        parent = path.parent.as_posix()
        return "/" if parent == "." else f"/{parent}/"
    return "/" + path.with_suffix("").as_posix()


def read_yaml(path: Path) -> Any:
    """Scalars stay strings: a Norwegian "no" and a code "034" mean what they say."""
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)


def load_city(folder: Path) -> City:
    known = read_yaml(folder / "city.yaml")
    missing = [key for key in REQUIRED if key not in known]
    if missing:
        raise BadCity(folder.name, f"city.yaml lacks {', '.join(missing)}")
    if "main" not in known["hosts"]:
        raise BadCity(folder.name, "city.yaml: hosts must name main")
    answers = folder / "answers.yaml"
    return City(
        id=known["id"],
        name=known["name"],
        country=known["country"],
        languages=tuple(known["languages"]),
        settlement=known["settlement"],
        hosts=("main", *sorted(set(known["hosts"]) - {"main"})),
        folder=folder,
        flags={key: value for key, value in known.items() if key not in REQUIRED},
        data={path.stem: read_yaml(path) for path in sorted((folder / "data").glob("*.yaml"))},
        answers=read_yaml(answers)["answers"] if answers.exists() else {},
    )


def load_cities(folder: Path = HERE) -> list[City]:
    return [load_city(path.parent) for path in sorted(folder.glob("*/city.yaml"))]
