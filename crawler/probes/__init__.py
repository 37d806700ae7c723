"""What is measured of a host besides its pages. Each probe is one function; add one by adding its line."""

from collections.abc import Callable

from crawler.probes import tls
from crawler.probes.tls import Host
from evidence_store import Exchange

PROBES: dict[str, Callable[[Host], list[Exchange]]] = {"tls": tls.probe}

__all__ = ["PROBES", "Host"]
