"""What is said above each page when a bundle is read; it was verified when it was opened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    name: str  # of its file
    assessment_id: str
    signer: str  # the key; whose it is, its reader must find out
    made: str
    sealed: str  # when its last seal was set
    authorities: tuple[str, ...] = ()  # whose timestamps of that seal are in it
