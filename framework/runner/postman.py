"""Tells the tracker what waited while it was away: soon after it is back, and at a run's end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Protocol

import anyio
from anyio import to_thread

from ..clock import Clock, utcnow
from ..domain import waiting
from ..domain.errors import TrackerError
from ..domain.event import TellingRefused, TrackerBack, TrackerLost, Warned
from ..domain.issue import Change, Issue
from ..domain.outgoing import Backlog, Flushed
from ..domain.story import count
from ..journals.base import Journal

_LOOK_SECONDS = 1.0
_FIRST = timedelta(seconds=_LOOK_SECONDS)
_LONGEST = timedelta(seconds=60)
_LAST_SECONDS = 30.0
_BATCH = 10
"""How many are told before it looks up again: an interrupt waits for no more than these."""


_DICE = SystemRandom()


class Outgoing(Protocol):
    """What is told the tracker, and what waits for it, as `trackers.outbox.Outbox` keeps it."""

    def conclude(self, id: str, change: Change, text: str, *, author: str, key: str) -> Issue:
        """Add the comment, once for its key, and then make the change; kept for later while the
        tracker is away."""

    def flush(self, most: int | None = None) -> Flushed:
        """Tell at most `most` of it. Raises TrackerError when it cannot be read."""

    def backlog(self) -> Backlog:
        """How much waits."""


class Postman:
    """Looks once a second whether something waits, and tries to tell it at once. While the
    tracker is away it comes back after one to sixty seconds, each time drawn anew from up to
    three times the last: so that many runs do not all knock when it is back."""

    def __init__(
        self,
        outgoing: Outgoing,
        journal: Journal,
        *,
        clock: Clock = utcnow,
        chance: Callable[[], float] = _DICE.random,
        last_seconds: float = _LAST_SECONDS,
    ) -> None:
        self._outgoing = outgoing
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._last_seconds = last_seconds
        self._rest = _FIRST
        self._since: datetime | None = None
        self._sent = 0
        self._is_lost = False
        self._complaints: set[str] = set()

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[None]:
        """While the block runs, and when it ends by itself for `last_seconds` more at most, as
        long as something waits. Whatever is left is told by the next run."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._carry_on, name="postman")
            yield
            group.cancel_scope.cancel()
        with anyio.move_on_after(self._last_seconds):
            await self._finish()
        if left := (await to_thread.run_sync(self._outgoing.backlog)).count:
            what = count(left, "change")
            self._warn(f"the tracker was not told {what} yet: the next run here tells it")

    async def go(self) -> float | None:
        """One round. The seconds to rest before the next; None when nothing waits."""
        return await to_thread.run_sync(self._round)

    async def _carry_on(self) -> None:
        while True:
            rest = await self.go()
            await anyio.sleep(_LOOK_SECONDS if rest is None else rest)

    async def _finish(self) -> None:
        self._rest = _FIRST
        while (rest := await self.go()) is not None:  # noqa: ASYNC110 - others may tell it
            await anyio.sleep(rest)

    def _round(self) -> float | None:
        try:
            backlog = self._outgoing.backlog()
            if backlog.count:
                self._since = self._since or backlog.oldest
                return self._tell()
        except TrackerError as error:
            self._warn(str(error))
            return self._later()
        self._all_told()
        return None

    def _tell(self) -> float | None:
        flushed = self._outgoing.flush(_BATCH)
        self._sent += flushed.sent
        for letter in flushed.refused:
            why = f"{letter.what}: {letter.why}"
            self._journal.append(TellingRefused(issue=letter.issue, why=why))
        if flushed.away is not None:
            self._lost(flushed.away)
            return self._later()
        self._rest = _FIRST
        if flushed.left == 0:
            self._all_told()
            return None
        # Nothing done although something is left: another run is telling it.
        return 0.0 if flushed.sent or flushed.refused else _LOOK_SECONDS

    def _later(self) -> float:
        self._rest = waiting.backoff(
            self._rest, chance=self._chance(), first=_FIRST, longest=_LONGEST
        )
        return self._rest.total_seconds()

    def _lost(self, why: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._journal.append(TrackerLost(why=why))

    def _all_told(self) -> None:
        if self._since is not None and (self._is_lost or self._sent):
            seconds = (self._clock() - self._since).total_seconds()
            self._journal.append(TrackerBack(seconds=round(seconds, 3), sent=self._sent))
        self._since, self._sent, self._is_lost = None, 0, False

    def _warn(self, text: str) -> None:
        if text not in self._complaints:
            self._complaints.add(text)
            self._journal.append(Warned(text=text))
