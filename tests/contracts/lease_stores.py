"""The lease stores under contract: a later backend adds one row to STORES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from framework.domain.lease import Process
from framework.leases.base import LeaseStore
from framework.leases.file import FileLeases
from framework.leases.memory import MemoryLeases
from framework.leases.process import this_process
from framework.leases.sqlite import SqliteLeases

TTL = timedelta(minutes=30)


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: datetime = datetime(2026, 1, 5, 22, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


Make = Callable[[Path, Clock], LeaseStore]

STORES: dict[str, Make] = {
    "memory": lambda directory, clock: MemoryLeases(clock=clock),
    "file": lambda directory, clock: FileLeases(directory / "leases", clock=clock),
    "sqlite": lambda directory, clock: SqliteLeases(directory / "leases", clock=clock),
}


def dead_process() -> Process:
    """One of this host that a reboot ended."""
    return replace(this_process(), boot="an earlier boot")
