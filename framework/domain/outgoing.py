"""What is on its way to the tracker: how much waits, what was told, and what it would not have."""

from __future__ import annotations

from datetime import datetime

from .frozen import dataclass


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """How many changes and comments wait to be told, and since when the oldest does (UTC)."""

    count: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """Something that the tracker refused for good: `what` it was, in words, `text` all that is in
    it, `by` whom, and `why` not. `at` is when it was refused (UTC). No other ever has its
    `number`."""

    number: int
    issue: str
    what: str
    text: str
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Flushed:
    """One round of telling: how many were told and how many are left. `away` says why the
    tracker could not be reached, None when it could."""

    sent: int = 0
    left: int = 0
    refused: tuple[DeadLetter, ...] = ()
    away: str | None = None
