"""Chooses issues and fills slots: a freed slot is filled at once, by facts alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from ..domain import graph
from ..domain.errors import LeaseError, TrackerError
from ..domain.event import Warned
from ..domain.issue import Issue
from ..domain.lease import Failure, Lease, Record
from ..domain.outcome import Landed
from ..domain.query import Query
from .parts import Parts
from .slot import Ended, fill

_IDLE_TICKS = 3


@dataclass(frozen=True, kw_only=True)
class View:
    """What a tick has learnt, before it does anything."""

    issues: Sequence[Issue]
    records: Mapping[str, Record]
    ready: Sequence[Issue]


@dataclass(kw_only=True)
class Scheduler:
    """Runs attempts until there is no more work, the attempts are used up, or `halt`.

    "No work" ends a run only when three polls in a row find nothing ready, running, delayed or
    held by others. A tracker or a lease store that cannot be asked never does.
    """

    parts: Parts
    landed: Callable[[], None] = lambda: None
    halted: str | None = None
    started: int = 0
    _running: dict[str, int] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _wake: anyio.Event = field(default_factory=anyio.Event)
    _complaints: set[str] = field(default_factory=set)

    async def run(self) -> None:
        idle = 0
        async with anyio.create_task_group() as group:
            while idle < _IDLE_TICKS:
                self._wake = anyio.Event()
                if self._has_room():
                    view = await self._look()
                    if view is not None:
                        await self._dispatch(view, group)
                    idle = idle + 1 if view and self._is_idle(view) else 0
                elif not self._running:
                    break
                else:
                    idle = 0
                await self._pause()

    def _may_start(self) -> bool:
        limit = self.parts.policy.attempts
        return self.halted is None and (limit is None or self.started < limit)

    def _has_room(self) -> bool:
        return self._may_start() and len(self._running) < self.parts.policy.slots

    async def _look(self) -> View | None:
        """The facts, or None when they could not be had: then nothing is dispatched."""
        try:
            issues = await to_thread.run_sync(lambda: self.parts.tracker.list(Query()))
            records = await to_thread.run_sync(self.parts.leases.records)
        except (TrackerError, LeaseError) as error:
            self._complain(str(error))
            return None
        ready = graph.ready(issues, records, self.parts.clock())
        return View(
            issues=issues,
            records=records,
            ready=[one for one in ready if one.id not in self._running.keys() | self._refused],
        )

    async def _dispatch(self, view: View, group: TaskGroup) -> None:
        for issue in view.ready:
            if not self._has_room():
                return
            lease = await self._claim(issue)
            if lease is not None:
                record = view.records.get(issue.id)
                self._start(issue, lease, record.failures if record else (), group)

    async def _claim(self, issue: Issue) -> Lease | None:
        holder = str(uuid.uuid4())
        try:
            return await to_thread.run_sync(
                lambda: self.parts.leases.acquire(
                    issue.id, holder, self.parts.policy.ttl, process=self.parts.process
                )
            )
        except LeaseError as error:
            self._complain(f"#{issue.id} cannot be claimed and is left alone: {error}")
            self._refused.add(issue.id)
            return None

    def _start(
        self, issue: Issue, lease: Lease, failures: tuple[Failure, ...], group: TaskGroup
    ) -> None:
        slot = min(set(range(1, self.parts.policy.slots + 1)) - set(self._running.values()))
        self._running[issue.id] = slot
        self.started += 1
        group.start_soon(self._work, issue, lease, slot, failures, name=f"issue {issue.id}")

    async def _work(
        self, issue: Issue, lease: Lease, slot: int, failures: tuple[Failure, ...]
    ) -> None:
        try:
            ended: Ended = await fill(self.parts, issue, lease, slot, failures)
            self.halted = self.halted or ended.halt
            if isinstance(ended.outcome, Landed):
                self.landed()
        finally:
            del self._running[issue.id]
            self._wake.set()

    def _is_idle(self, view: View) -> bool:
        """Nothing to do now and nothing that time or others will bring."""
        if self._running or view.ready:
            return False
        now = self.parts.clock()
        later = (
            record.lease is not None or (record.not_before is not None and record.not_before > now)
            for issue in view.issues
            if issue.state in graph.WORKABLE and (record := view.records.get(issue.id))
        )
        return not any(later)

    async def _pause(self) -> None:
        with anyio.move_on_after(self.parts.policy.poll):
            await self._wake.wait()

    def _complain(self, text: str) -> None:
        """Say it once; the same complaint at every tick would bury everything else."""
        if text not in self._complaints:
            self._complaints.add(text)
            self.parts.journal.append(Warned(text=text))
