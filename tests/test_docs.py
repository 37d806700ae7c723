"""What the documents promise is there, and what is there is in the documents."""

import re
import tomllib
from pathlib import Path

import click
import pytest

import checks
from losi import __version__
from losi.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def verbs() -> list[str]:
    return sorted(main.commands)


def test_it_works():
    assert "make demo" in README


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_is_documented_and_has_help(verb):
    assert f"losi {verb}" in README
    assert main.commands[verb].help


def test_readme_names_no_verb_that_is_not_there():
    named = set(re.findall(r"^losi ([a-z][a-z-]+)", README, flags=re.M))
    assert named <= set(verbs())


def test_every_option_has_its_line_in_the_help():
    for verb, command in main.commands.items():
        options = [p for p in command.params if isinstance(p, click.Option)]
        assert all(option.opts for option in options), verb


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "soak"])
def test_every_make_target_is_there_and_documented(target):
    assert re.search(rf"^{target}:", MAKEFILE, flags=re.M)
    assert f"make {target}" in README + CONTRIBUTING


def test_every_signal_kind_is_documented():
    missing = [kind for kind in checks.signal_kinds() if f"`{kind}`" not in CONTRIBUTING]
    assert not missing


def test_files_that_the_documents_name_exist():
    named = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README + CONTRIBUTING)
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_lock_names_no_registry_and_pins_what_is_required():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index|--find-links|file:", lock)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[\[>=<; ]", wanted)[0].lower() for wanted in project["dependencies"]]
    assert not [name for name in names if not re.search(rf"^{re.escape(name)}==", lock, flags=re.M)]


def test_changelog_has_this_version():
    assert f"## {__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# The stand-alone verifier is one file by design: others read and run it without the rest.
ALONE = "evidence_store/verifier.py"


def test_no_file_is_too_long():
    """As the style sheet has it: 400 lines; migrations are as long as the tables are."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.rglob("*.py")
        if ".venv" not in path.parts and "migrations" not in path.parts
        if (count := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert long.keys() <= {ALONE}
