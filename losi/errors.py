"""What can go wrong before any package of ours is asked.

LosiError
├── BadSettings      losi.toml says something that cannot be followed
├── BadCities        a list of cities that cannot be read; every fault in it
├── BadResults       a results file that cannot be taken in; every fault in it
├── BadUrl           an address that is no web address
├── PrivatePortal    a portal on a private network that nobody said is meant
├── BadId            a name for a round or a city that no folder may have
└── NoCluster        the cluster that was named cannot be reached
"""

from collections.abc import Sequence
from pathlib import Path


class LosiError(Exception):
    """An expected failure: its text is one line that names the thing and the remedy."""


class BadSettings(LosiError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


class BadCities(LosiError):
    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(faults) + " (nothing was added)")
        self.path, self.faults = path, tuple(faults)


class BadResults(LosiError):
    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        shown = "; ".join(faults[:20]) + ("; …" if len(faults) > 20 else "")
        super().__init__(f"{path}: {shown} (nothing was taken in)")
        self.path, self.faults = path, tuple(faults)


class BadUrl(LosiError):
    def __init__(self, url: str, why: str = "not a web address, as https://www.example-city.gov/ is") -> None:
        shown = url if len(url) <= 100 else url[:99] + "…"
        super().__init__(f"{shown!r}: {why}")
        self.url = url


class PrivatePortal(LosiError):
    def __init__(self, url: str) -> None:
        super().__init__(f"{url} is on this machine or a private network: add --allow-private if you mean it")
        self.url = url


class BadId(LosiError):
    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} cannot be a name here: use small letters, digits and hyphens")
        self.given = given


class NoCluster(LosiError):
    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"the cluster {address}: {why}")
        self.address = address


class BadPlace(LosiError, ValueError):
    """Its text says what was expected."""
