"""What can go wrong in a crawl, told as one line that names the thing and the remedy.

CrawlerError
├── ForbiddenTarget   an address that is not fetched, and the reason as the trail spells it
├── NoIdentity        nobody said who is crawling
├── NoTimestamp       a timestamp authority that does not answer as it should
└── ReactorSpent      a second crawl() in one process
"""

from scrapy.exceptions import IgnoreRequest


class CrawlerError(Exception):
    """An expected failure."""


class ForbiddenTarget(CrawlerError, IgnoreRequest):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"not fetched ({reason}): {url}")
        self.url, self.reason = url, reason


class NoIdentity(CrawlerError):
    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is beyond this machine, and losi.toml does not name who asks: "
            "set body and contact under [identity]; both stand in the user agent (`losi doctor` shows how)"
        )
        self.url = url


class NoTimestamp(CrawlerError):
    def __init__(self, authority: str, why: str) -> None:
        super().__init__(f"{authority}: no timestamp ({why}); it stays due until the next: losi seal")
        self.authority, self.why = authority, why


class ReactorSpent(CrawlerError):
    def __init__(self) -> None:
        super().__init__("crawl() runs once per process: start another process for the next crawls")
