"""Names to addresses for the whole process, refusing answers on private networks.

The last look before a connection is opened: the address that is judged is the address that is used.
"""

from collections.abc import Iterable, Sequence

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.abstract import isIPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError

from crawler import address

# Host names (no ports) that a user named with --allow-private, of every crawl of this process.
_admitted: set[str] = set()


class PrivateAnswer(DNSLookupError):
    """A public name that points into a private network."""


def admit(authorities: Iterable[str]) -> None:
    _admitted.update(address.host(f"http://{authority}") for authority in authorities)


class GuardedResolver(CachingThreadedResolver):
    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":
        # The system's lookup behind this knows no IPv6, not even as it is written in an address.
        asked = succeed(name) if isIPv6Address(name) else super().getHostByName(name, timeout)
        return asked.addCallback(self._judged, name)

    def _judged(self, answer: str, name: str) -> str:
        if address.is_private(answer) and name.lower() not in _admitted:
            raise PrivateAnswer(f"{name} is {answer}, on a private network")
        return answer
