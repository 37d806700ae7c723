"""What can go wrong here, named for the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from review_ui.custody import Custody


class ReviewError(Exception):
    """Anything this package refuses; the message is one line with the remedy."""


class PortInUse(ReviewError):
    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"port {port} of {host} is in use: choose another with --port, or --port 0 for a free one"
        )


class InvalidAnswer(ReviewError):
    """A posted form that cannot be an answer; `field` is the form field at fault."""

    def __init__(self, field: str, why: str) -> None:
        self.field, self.why = field, why
        super().__init__(f"{field}: {why}")


class NoSuchPage(ReviewError):
    """The address names a round, city, question or capture that is not there."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} is not in this workspace")


class Refused(ReviewError):
    """Bytes that are not shown: they are not those that were sealed, or were taken out."""

    def __init__(self, custody: Custody) -> None:
        self.custody = custody
        super().__init__(custody.why or custody.state)
