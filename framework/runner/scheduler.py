"""Chooses issues and fills slots: a freed slot is filled at once, by facts alone."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from ..domain import graph
from ..domain.errors import EpochsGone, ForgeRefused, LeaseCorrupt, LeaseError, TrackerError
from ..domain.event import Warned
from ..domain.issue import WORKABLE, Issue
from ..domain.lease import Failure, Lease, Record
from ..domain.outcome import Failed, Landed, Outcome, PullRequested
from ..domain.query import Query
from ..effect import effect
from .parts import Parts
from .slot import Ended, fill
from .watch import Watch

_IDLE_TICKS = 3
_MAX_FAULTS = 5
_MAX_TRIES = 3
_CLAIMS_AT_ONCE = 8
_LISTEN_SECONDS = 1.0
_IDLE_SECONDS = 12.0
"""Between the last looks of a run: nobody wants to wait for three polls of a forge."""


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
    watch: Watch | None = None
    halted: str | None = None
    started: int = 0
    _running: dict[str, int] = field(default_factory=dict)
    _idle: int = 0
    _faults: int = 0
    _tries: Counter[str] = field(default_factory=Counter)
    _refused: set[str] = field(default_factory=set)
    _wake: anyio.Event = field(default_factory=anyio.Event)
    _complaints: set[str] = field(default_factory=set)
    _claims: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(_CLAIMS_AT_ONCE)
    )

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            while self._idle < _IDLE_TICKS:
                self._wake, heard = anyio.Event(), self.parts.news()
                if self._room() > 0:
                    view = await self._look()
                    if view is not None:
                        await self._dispatch(view, group)
                    self._idle = self._idle + 1 if view and self._is_idle(view) else 0
                elif not self._running and not self._awaits_the_forge():
                    break
                else:
                    self._idle = 0
                await self._pause(heard)

    def _room(self) -> int:
        """How many attempts may be started now."""
        if self.halted is not None:
            return 0
        free, limit = self.parts.policy.slots - len(self._running), self.parts.policy.attempts
        return free if limit is None else min(free, limit - self.started)

    def _awaits_the_forge(self) -> bool:
        """Whether the run goes on, its attempts used up, for what the forge has still to say."""
        return self.halted is None and self.watch is not None and self.watch.is_busy

    async def _look(self) -> View | None:
        """The facts, or None when they could not be had: then nothing is dispatched."""
        try:
            records, issues = await to_thread.run_sync(self._facts)
        except (TrackerError, LeaseError) as error:
            self._complain(str(error))
            if isinstance(error, ForgeRefused) and error.trouble.rule.person:
                self.halted = self.halted or str(error)
            return None
        ready = graph.ready(issues, records, self.parts.clock())
        free = [one for one in ready if one.id not in self._running.keys() | self._refused]
        return View(issues=issues, records=records, ready=self._welcome(free, issues))

    def _welcome(self, ready: list[Issue], issues: Sequence[Issue]) -> list[Issue]:
        """Without those that would end in one more pull request than people are to read."""
        if self.watch is None:
            return ready
        known = [one for one in ready if self.watch.knows(one)]
        room = self.watch.room(issues, self._running)
        new = [one for one in ready if one not in known]
        if len(new) > room == 0 and not self.watch.is_due:
            self._complain(
                f"{self.parts.policy.reviews} pull requests are open or in work, as many as may "
                "be: no other issue is begun before one is merged or closed"
            )
        welcome = {one.id for one in (*known, *new[:room])}
        return [one for one in ready if one.id in welcome]

    def _facts(self) -> tuple[Mapping[str, Record], Sequence[Issue]]:
        # Leases first: an issue that is closed and given back meanwhile must not look free.
        return self.parts.leases.records(), self.parts.tracker.list(Query())

    async def _dispatch(self, view: View, group: TaskGroup) -> None:
        """Fill the free slots, best issue first; a claim that another run won leaves its slot to
        the next candidate."""
        candidates = iter(view.ready)
        while batch := list(islice(candidates, self._room())):
            leases: dict[str, Lease] = {}
            async with anyio.create_task_group() as claims:  # each waits for the disk
                for issue in batch:
                    claims.start_soon(self._claim, issue, leases)
            for issue in batch:
                if issue.id in leases:
                    record = view.records.get(issue.id)
                    failures = record.failures if record else ()
                    self._start(issue, leases[issue.id], failures, group)

    async def _claim(self, issue: Issue, leases: dict[str, Lease]) -> None:
        try:
            lease = await to_thread.run_sync(self._acquire, issue, limiter=self._claims)
        except (LeaseCorrupt, EpochsGone) as error:
            self._complain(f"#{issue.id} cannot be claimed and is left alone: {error}")
            self._refused.add(issue.id)
            return
        except LeaseError as error:  # somebody is slow, as one who is stopped with the lock
            self._complain(f"#{issue.id} cannot be claimed now: {error}")
            self._tries[issue.id] += 1
            if self._tries[issue.id] >= _MAX_TRIES:
                self._refused.add(issue.id)
            return
        if lease is not None:
            leases[issue.id] = lease

    def _acquire(self, issue: Issue) -> Lease | None:
        holder = str(uuid.uuid4())
        with effect("claim"):
            return self.parts.leases.acquire(
                issue.id, holder, self.parts.policy.ttl, process=self.parts.process
            )

    def _start(
        self, issue: Issue, lease: Lease, failures: tuple[Failure, ...], group: TaskGroup
    ) -> None:
        taken = set(self._running.values())
        slot = next(number for number in count(1) if number not in taken)
        self._running[issue.id] = slot
        self.started += 1
        group.start_soon(self._work, issue, lease, slot, failures, name=f"issue {issue.id}")

    async def _work(
        self, issue: Issue, lease: Lease, slot: int, failures: tuple[Failure, ...]
    ) -> None:
        try:
            free = partial(self._free, issue)
            ended: Ended = await fill(self.parts, issue, lease, slot, failures, settled=free)
            self.halted = self.halted or ended.halt or self._lasting_fault(ended.outcome)
            if isinstance(ended.outcome, Landed):
                self.landed()
        finally:
            self._free(issue)

    def _free(self, issue: Issue) -> None:
        """The slot is free as soon as the issue is settled: tidying up needs none."""
        if self._running.pop(issue.id, None) is not None:
            if self.watch is not None:
                self.watch.look_soon()
            self._wake.set()

    def _lasting_fault(self, outcome: Outcome) -> str | None:
        """Why the run must stop: the machine has failed too often, and nothing worked since."""
        if isinstance(outcome, Landed | PullRequested):
            self._faults = 0
        if not (isinstance(outcome, Failed) and outcome.ours):
            return None
        self._faults += 1
        if self._faults < _MAX_FAULTS:
            return None
        return f"the machine failed {self._faults} times and nothing landed: {outcome.error}"

    def _is_idle(self, view: View) -> bool:
        """Nothing to do now and nothing that time or others will bring."""
        if self._running or view.ready or (self.watch is not None and self.watch.is_busy):
            return False
        now = self.parts.clock()
        later = (
            record.lease is not None or (record.not_before is not None and record.not_before > now)
            for issue in view.issues
            if issue.state in WORKABLE and (record := view.records.get(issue.id))
        )
        return not any(later)

    async def _pause(self, heard: str) -> None:
        """Until the next poll is due, a slot is free, or there is other news than what was
        `heard` before the last look."""
        poll = self.parts.policy.poll
        with anyio.move_on_after(min(poll, _IDLE_SECONDS) if self._idle else poll):
            while self.parts.news() == heard and not self._wake.is_set():
                with anyio.move_on_after(_LISTEN_SECONDS):
                    await self._wake.wait()

    def _complain(self, text: str) -> None:
        """Say it once; the same complaint at every tick would bury everything else."""
        if text not in self._complaints:
            self._complaints.add(text)
            self.parts.journal.append(Warned(text=text))
