"""What robots.txt says, host by host, by RFC 9309: 2xx obeyed, 4xx means no rules, anything else forbids all."""

from protego import Protego

from crawler import address

PRODUCT_TOKEN = "losi"
SIZE_READ = 500 * 1024
MAX_DELAY = 60.0


class Verdict:
    """The rules of one authority."""

    def __init__(self, rules: Protego | None, source: str) -> None:
        self._rules = rules
        self.source = source

    def allows(self, url: str) -> bool:
        return self._rules is not None and bool(self._rules.can_fetch(url, PRODUCT_TOKEN))

    @property
    def delay(self) -> float:
        """Crawl-delay in seconds, 0 where none was said."""
        said = self._rules.crawl_delay(PRODUCT_TOKEN) if self._rules else None
        return min(max(float(said or 0), 0.0), MAX_DELAY)

    @property
    def sitemaps(self) -> list[str]:
        return list(self._rules.sitemaps) if self._rules else []


def verdict(status: int | None, body: bytes) -> Verdict:
    """`status` None: the host could not be reached."""
    if status is None or status >= 500 or status < 200:
        return Verdict(None, "unreachable")
    if status >= 400:
        return Verdict(Protego.parse(""), "none")
    if status >= 300:
        return Verdict(Protego.parse(""), "none")
    return Verdict(_lenient(body), "robots.txt")


def _lenient(body: bytes) -> Protego:
    """Whatever stands there, by the lines that can be read; a web page served as robots.txt has none."""
    text = body[:SIZE_READ].decode("utf-8-sig", "replace").replace("\0", "")
    if text.lstrip()[:1] == "<":
        return Protego.parse("")
    try:
        return Protego.parse(text)
    except (ValueError, TypeError, IndexError, RecursionError):
        return Protego.parse("")


class Robots:
    """Every verdict of one crawl. A host without one may not be fetched."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}

    def known(self, url: str) -> bool:
        return address.authority(url) in self.verdicts

    def learn(self, url: str, status: int | None, body: bytes = b"") -> Verdict:
        found = self.verdicts[address.authority(url)] = verdict(status, body)
        return found

    def allows(self, url: str) -> bool:
        found = self.verdicts.get(address.authority(url))
        return found is not None and found.allows(url)

    def delay(self, url: str) -> float:
        found = self.verdicts.get(address.authority(url))
        return found.delay if found else 0.0

    def reason(self, url: str) -> str | None:
        """The trail's word where rules are known and forbid."""
        return "robots" if self.known(url) and not self.allows(url) else None

    @staticmethod
    def address(url: str) -> str:
        return address.origin(url) + "/robots.txt"
