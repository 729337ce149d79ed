"""Carries what has landed to where people look: their checkout, and the META issue."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread

from ..domain import progress
from ..domain.errors import LeaseLost, TrackerError
from ..domain.event import Warned
from ..domain.issue import META_LABEL, Change, State
from ..domain.query import Query
from ..effect import effect
from .parts import Parts
from .settle import AUTHOR

_REST_SECONDS = 2.0
_META_SECONDS = 15.0


class Courier:
    """Goes once for any number of landings since it last went, so that no landing waits, and
    not so often that a checkout changes under a person's eyes all the time."""

    def __init__(self, parts: Parts, summary: str) -> None:
        self._parts = parts
        self._summary = summary
        self._efforts = progress.Efforts(tracker=parts.tracker.name)
        self._news = anyio.Event()
        self._said: set[str] = set()
        self._meta_due = -math.inf
        self._stale = False

    def landed(self) -> None:
        self._news.set()

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[None]:
        """While the block runs, and once more when it ends by itself."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._carry_on, name="courier")
            yield
            group.cancel_scope.cancel()
        self._meta_due = -math.inf
        await self.go()

    async def go(self) -> None:
        """Deliver, and keep META current: that no oftener than the tracker is asked for news."""
        try:
            said = await self._parts.lander.deliver()
        except LeaseLost as error:  # we slept meanwhile; the next landing takes it along
            said = str(error)
        if said:
            self._warn(said)
        self._stale = anyio.current_time() < self._meta_due
        if self._stale:
            return
        self._meta_due = anyio.current_time() + max(self._parts.policy.poll, _META_SECONDS)
        try:
            await to_thread.run_sync(self._update_meta)
        except TrackerError as error:
            self._warn(f"The META issue was not updated: {error}")

    async def report(self, ending: str) -> None:
        """Say on the META issue how the run ended, once."""
        try:
            await to_thread.run_sync(self._report, ending)
        except TrackerError as error:
            self._warn(f"The META issue was not told how the run ended: {error}")

    def _report(self, ending: str) -> None:
        run, tracker = self._parts.purse.run, self._parts.tracker
        self._efforts.take(self._parts.journal.since(self._efforts.cursor))
        text = progress.report(run, self._efforts.by_run.get(run, progress.Effort()), ending)
        for meta in tracker.list(Query(labels=frozenset({META_LABEL}), limit=1)):
            with effect("comment"):
                tracker.comment(meta.id, text, author=AUTHOR, key=f"run:{run}")

    async def _carry_on(self) -> None:
        while True:
            with anyio.move_on_at(self._meta_due if self._stale else math.inf):
                await self._news.wait()
            self._news = anyio.Event()
            await self.go()
            await anyio.sleep(_REST_SECONDS)

    def _update_meta(self) -> None:
        """Rewrite the META issue's table in place; close it when nothing is left to do."""
        tracker = self._parts.tracker
        issues = tracker.list(Query())
        self._efforts.take(self._parts.journal.since(self._efforts.cursor))
        for meta in (one for one in issues if META_LABEL in one.labels and not one.is_closed):
            work = [one for one in issues if not one.is_meta]
            done = bool(work) and all(one.is_closed for one in work)
            body = progress.render(self._summary, issues, self._efforts.by_issue)
            with effect("state"):
                tracker.update(meta.id, Change(body=body, state=State.CLOSED if done else None))

    def _warn(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._parts.journal.append(Warned(text=text))
