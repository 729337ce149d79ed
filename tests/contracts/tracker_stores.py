"""The trackers under contract: a later backend adds one row to STORES."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from framework.domain.issue import Draft, Issue
from framework.leases.process import is_alive, this_process
from framework.trackers.base import Tracker
from framework.trackers.memory import MemoryTracker
from framework.trackers.outbox import Outbox
from framework.trackers.sqlite import SqliteTracker
from tests.contracts.tracker_github import github


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 22, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        time.sleep(0)  # another thread gets its turn in the middle of whatever asks the time
        return self.now

    def forward(self, by: timedelta = timedelta(minutes=1)) -> datetime:
        self.now += by
        return self.now


class WholeOutbox(Outbox):
    """With the optional protocols of the tracker behind it, which the suites ask for too."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracker, name)


def outbox(tracker: Tracker, directory: Path, clock: Clock) -> Outbox:
    path = directory / "outbox.db"
    return WholeOutbox(tracker, path, process=this_process(), is_alive=is_alive, clock=clock)


Opener = Callable[[Path, Clock], Tracker]

STORES: dict[str, Opener] = {
    "memory": lambda directory, clock: MemoryTracker(clock=clock),
    "sqlite": lambda directory, clock: SqliteTracker(directory / "issues.db", clock=clock),
    "outbox over memory": lambda directory, clock: outbox(
        MemoryTracker(clock=clock), directory, clock
    ),
    "outbox over sqlite": lambda directory, clock: outbox(
        SqliteTracker(directory / "issues.db", clock=clock), directory, clock
    ),
    "github": github,
}


def make(tracker: Tracker, title: str = "Work", **fields) -> Issue:
    return tracker.create(Draft(title=title, **fields))


def ids(issues: Sequence[Issue]) -> list[str]:
    return [issue.id for issue in issues]
