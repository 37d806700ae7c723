"""What to visit, how to fetch, what to refuse."""

from crawler.errors import CrawlerError, ForbiddenTarget, NoIdentity, NoTimestamp, ReactorSpent
from crawler.identity import Identity
from crawler.run import crawl
from crawler.spiders.portal import Job
from crawler.timestamp import ask

__all__ = [
    "CrawlerError",
    "ForbiddenTarget",
    "Identity",
    "Job",
    "NoIdentity",
    "NoTimestamp",
    "ReactorSpent",
    "ask",
    "crawl",
]
