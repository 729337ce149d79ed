"""Usage limits and outages: nobody's fault, and the same for every session of a token."""

from __future__ import annotations

from datetime import datetime, timedelta

import anyio

from .clock import Clock

_FIRST = timedelta(seconds=15)
_LONGEST = timedelta(minutes=5)


class Weather:
    """Until when no session should be started or go on. Limits only ever extend it."""

    def __init__(self, clock: Clock, *, first: timedelta = _FIRST) -> None:
        self._clock = clock
        self._first = first
        self._until: datetime | None = None
        self._unknown = 0

    def close(self, until: datetime | None) -> datetime:
        """Pause until then; when nobody knows, a while that doubles each time."""
        if until is None:
            until = self._clock() + min(_LONGEST, self._first * (1 << min(self._unknown, 10)))
            self._unknown += 1
        self._until = max(until, self._until) if self._until else until
        return self._until

    def clear(self) -> None:
        """A session got through: the next unknown pause starts small again."""
        self._unknown = 0

    @property
    def until(self) -> datetime | None:
        """When it clears up; None when it is fine now."""
        return self._until if self._until and self._until > self._clock() else None

    async def wait(self) -> None:
        """Return when it is fine; a pause that is prolonged meanwhile is waited out too."""
        while (until := self.until) is not None:  # noqa: ASYNC110 - a date, not an event
            await anyio.sleep((until - self._clock()).total_seconds())
