"""The time-bound right to work on one issue."""

from __future__ import annotations

from datetime import datetime, timedelta

from .frozen import dataclass

TTL = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process that nothing else can be mistaken for: a pid alone comes back within seconds.

    `host` and `boot` identify the machine and its current boot, `started` the process's start
    time in seconds, as the system reports it.
    """

    host: str
    boot: str
    pid: int
    started: float


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A hint about who should work on `key`, until `expires_at`.

    It does not exclude anybody by itself: a paused holder may wake after it has expired. What
    makes such a holder harmless is `epoch`, verified where the effect happens.
    """

    key: str
    holder: str
    epoch: int
    expires_at: datetime
    process: Process | None = None

    def is_over(self, now: datetime) -> bool:
        return now >= self.expires_at


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One counted failure, kept with the lease record so that it survives everything. `way` is
    how the issue is to be tried again, as `domain.remedy` names it."""

    at: datetime
    epoch: int
    reason: str
    way: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """All that is remembered of a key: its last epoch, its failures, and the live lease if any.

    `not_before` is when the next attempt may start (backoff), None for at once.
    """

    key: str
    epoch: int
    lease: Lease | None = None
    failures: tuple[Failure, ...] = ()
    not_before: datetime | None = None
