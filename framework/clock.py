"""The time, as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""The current time, in UTC."""


def utcnow() -> datetime:
    """The machine's own time: the clock of everything that is given no other."""
    return datetime.now(UTC)
