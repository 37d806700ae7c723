from __future__ import annotations


class ChecksError(Exception):
    """One line that names the thing and the remedy."""


class BadData(ChecksError):
    """A data file (edition, rule, lexicon, fingerprint, country) that cannot be used."""

    def __init__(self, faults: object) -> None:
        self.faults = tuple(faults) if isinstance(faults, list | tuple) else (faults,)
        more = f" (and {len(self.faults) - 1} more: run `losi validate`)" if len(self.faults) > 1 else ""
        super().__init__(f"{self.faults[0]}{more}")


class UnknownEdition(ChecksError):
    def __init__(self, edition_id: str, known: list[str]) -> None:
        self.edition_id = edition_id
        super().__init__(f"no edition {edition_id!r}: choose one of {', '.join(known)}")


class UnknownIndicator(ChecksError):
    def __init__(self, edition_id: str, code: str) -> None:
        self.edition_id, self.code = edition_id, code
        super().__init__(f"{edition_id} has no indicator {code!r}: `losi rules` lists them")


class CannotTell(ChecksError):
    """Raised by a matcher that cannot judge a page; `reason` is a word of the closed vocabulary."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
