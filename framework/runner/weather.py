"""Trouble of the model's service itself, which is the same for every session and every token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import SystemRandom

from ..clock import Clock, utcnow
from ..domain.trouble import Trouble

_DICE = SystemRandom()


class Weather:
    """Until when no session should be started or go on. Trouble only ever extends it.

    `longest` bounds the pauses of a length that nobody named, for rehearsals.
    """

    def __init__(
        self,
        clock: Clock = utcnow,
        *,
        longest: timedelta = timedelta.max,
        chance: Callable[[], float] = _DICE.random,
    ) -> None:
        self._clock = clock
        self._longest = longest
        self._chance = chance
        self._until: datetime | None = None
        self._previous: timedelta | None = None

    def close(self, trouble: Trouble) -> datetime:
        """Pause as the trouble asks for: until the time that the service named, else for a while
        that grows as long as nothing gets through. Sessions that meet the same outage at once
        prolong it once."""
        if (until := self.until) is not None and trouble.until is None:
            return until
        now = self._clock()
        pause = trouble.pause(self._previous, now=now, chance=self._chance()) or timedelta()
        if trouble.until is None:
            pause = self._previous = min(self._longest, pause)
        self._until = max(now + pause, self._until or now)
        return self._until

    def clear(self) -> None:
        """A session got through: the next pause of unknown length starts small again."""
        self._previous = None

    @property
    def until(self) -> datetime | None:
        """When it clears up; None when it is fine now."""
        return self._until if self._until and self._until > self._clock() else None
