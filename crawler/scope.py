"""Which addresses belong to a city: its own site, and a few official hosts that it points to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler import address

OFFICIAL_HOSTS = 5
OFFICIAL_PAGES = 30
# Registrable domains that no city owns, however official the link looks.
_NEVER = """
    facebook.com fb.com fb.me twitter.com x.com t.co instagram.com youtube.com youtu.be linkedin.com tiktok.com
    whatsapp.com wa.me t.me telegram.org telegram.me threads.net flickr.com vimeo.com pinterest.com snapchat.com
    vk.com weibo.com bsky.app spotify.com soundcloud.com reddit.com medium.com wikipedia.org
    apple.com google.com goo.gl gmail.com gstatic.com googleapis.com googletagmanager.com google-analytics.com
    microsoft.com live.com office.com outlook.com yahoo.com bing.com openstreetmap.org waze.com
    bit.ly tinyurl.com addtoany.com addthis.com sharethis.com archive.org w3.org adobe.com mozilla.org
    """
NEVER = frozenset(_NEVER.split())


class Denied(NamedTuple):
    host: str
    reason: str


@dataclass
class Scope:
    """The hosts of one city. Knows names only; what a name resolves to is the guard's business."""

    portal: str
    allow_private: frozenset[str] = frozenset()
    opt_out: tuple[str, ...] = ()
    official_pages: int = OFFICIAL_PAGES
    own: set[str] = field(default_factory=set)
    official: dict[str, int] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    _known: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.own.add(address.site(self.portal))
        self.private = address.is_private(address.host(self.portal))

    def refusal(self, url: str) -> str | None:
        """Why an address is not fetched, in the trail's word; None where it may be."""
        authority = address.authority(url)
        if authority not in self._known:
            self._known[authority] = self._judge(url, authority)
        if (reason := self._known[authority]) is not None:
            return reason
        return "budget" if self.official.get(authority, 0) >= self.official_pages else None

    def _judge(self, url: str, authority: str) -> str | None:
        name = address.host(url)
        if not name:
            return "scope"
        if self.opted_out(name):
            return "opt-out"
        if address.is_private(name) and authority not in self.allow_private:
            return "private-network"
        if authority in self.blocked:
            return "blocked"
        return None if authority in self.official or address.site(url) in self.own else "scope"

    def opted_out(self, name: str) -> bool:
        return any(name == out or name.endswith("." + out) for out in self.opt_out)

    def admit(self, url: str) -> bool:
        """Takes a foreign host as official, because the portal pointed to it; False where it may not be."""
        authority = address.authority(url)
        if self.refusal(url) != "scope" or address.site(url) in NEVER or len(self.official) >= OFFICIAL_HOSTS:
            return False
        # A portal on a private network never leads outside, and the user named what it may lead to.
        if self.private and authority not in self.allow_private:
            return False
        self.official[authority] = 0
        self._known.clear()
        return True

    def rebase(self, url: str) -> None:
        """The portal's home moved here: this site is the city's own too."""
        if not (self.private and address.authority(url) not in self.allow_private):
            self.own.add(address.site(url))
            self._known.clear()

    def block(self, url: str) -> None:
        self.blocked.add(address.authority(url))
        self._known.clear()

    def count(self, url: str) -> None:
        """One page of this host was fetched."""
        authority = address.authority(url)
        if authority in self.official:
            self.official[authority] += 1

    def is_official(self, url: str) -> bool:
        return address.authority(url) in self.official


def authorities(names: Iterable[str]) -> frozenset[str]:
    """`host:port` as a person writes it, in our spelling."""
    return frozenset(address.authority(f"http://{name}") for name in names)
