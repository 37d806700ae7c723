"""What making the rows again came to."""

from collections import Counter
from dataclasses import dataclass, field

COPY = "restore the file from a copy"


@dataclass(slots=True)
class Reindexed:
    """`made` counts the new rows by table; `moved` says which rows were behind the archive; `notes` are no faults."""

    segments: int = 0
    records: int = 0
    made: Counter[str] = field(default_factory=Counter)
    fresh: set[str] = field(default_factory=set)  # crawls made now
    moved: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
