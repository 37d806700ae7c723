"""Every edition, rule, lexicon, fingerprint and country file: all faults, each with file, line and key."""

from __future__ import annotations

from pathlib import Path

from checks import country, edition, fingerprint, lexicon, rule
from checks.yamlfile import Fault, Source, read_yaml

# What the engine itself asks of a lexicon; every language should have them, English must.
ENGINE_TOPICS = (
    "under-construction", "no-items", "not-found", "no-results", "news", "home", "search",
    "advanced-search", "login", "staff-only", "supplier", "apply-online", "pay", "download-form",
    "contact", "services", "sitemap", "events", "documents", "lorem", "previous", "next",
    "satisfaction-survey", "feedback",
)  # fmt: skip


def validate(folder: Path | None = None) -> list[Fault]:
    """Of the package's files, or of a folder laid out like the package; sorted by file and line."""
    root = folder or Path(__file__).parent
    english = _read(root, root / "lexicons" / "en.yaml")
    known = frozenset(english.data.get("topics", {}) if isinstance(english.data, dict) else {})
    kinds = frozenset(path.parent.name for path in _files(root, "fingerprints/*/*.yaml"))
    rules = frozenset(path.stem for path in _files(root, "rules/*.yaml"))
    faults = [*_lexicon_faults(root, known)]
    for path in _files(root, "rules/*.yaml"):
        faults += rule.check_rule(_read(root, path), topics=known, kinds=kinds)
    for path in _files(root, "fingerprints/*/*.yaml"):
        faults += fingerprint.check_fingerprints(_read(root, path))
    for path in _files(root, "countries/*.yaml"):
        faults += country.check_country(_read(root, path))
    for path in _files(root, "editions/*.yaml"):
        faults += edition.check_edition(_read(root, path), rules=rules)
    return sorted(set(faults))


def _lexicon_faults(root: Path, known: frozenset[str]) -> list[Fault]:
    faults: list[Fault] = []
    for path in _files(root, "lexicons/*.yaml"):
        source = _read(root, path)
        faults += lexicon.check_lexicon(source, known=known)
        if path.stem == "en":
            faults += [
                source.fault(("topics",), f"the engine needs {name!r}")
                for name in ENGINE_TOPICS
                if name not in known
            ]
    return faults


def _files(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern))


def _read(root: Path, path: Path) -> Source:
    return read_yaml(path, path.relative_to(root).as_posix())
