"""The door to leases: who works on what, until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from ..domain.lease import Failure, Lease, Process, Record

Floor = Callable[[str], int]
"""The highest epoch of a key that something outside the store remembers; 0 for none."""


class LeaseStore(Protocol):
    """Time-bound claims with epochs. Synchronous; safe for threads and for processes.

    Promised: of any callers, however many, at most one gets a live lease on a key; `epoch`
    strictly increases with each acquisition of a key, whatever is released, expires or crashes.
    Not promised: that a holder notices its lease's end. Whoever acts on a lease has its epoch
    verified where the effect happens.
    """

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        """The lease, or None while somebody else's is live.

        A lease is live until it expires, or until its process is known to be dead (same host).
        The same `holder` asking twice is somebody else the second time: it gets None.
        Raises LeaseCorrupt when the key's record cannot be read, EpochsGone when nothing
        remembers which epochs were given, another LeaseError when it cannot be written.
        """

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        """The same lease with a later expiry. Raises LeaseLost when (key, holder, epoch) is no
        longer the record's; an expired lease that nobody took is renewed."""

    def release(
        self,
        lease: Lease,
        *,
        failure: Failure | None = None,
        not_before: datetime | None = None,
    ) -> None:
        """End the lease, in one step with what is to be remembered of it: a failure, and when
        the next attempt may start (acquire does not look at it, the scheduler does).

        Releasing twice, or releasing what somebody else holds by now, changes nothing.
        """

    def held(self) -> list[Lease]:
        """The live leases, in the order of `records`."""

    def record(self, key: str) -> Record | None:
        """What is remembered of `key`. A dead or expired lease is not part of it. Raises
        LeaseCorrupt when it cannot be read."""

    def records(self) -> dict[str, Record]:
        """All that is remembered, by key.

        A record that cannot be read is missing here, so that one of them does not stop the work
        on all others; `unreadable` names it, and whoever tries to claim it gets LeaseCorrupt.
        """

    def unreadable(self) -> list[str]:
        """For each record that cannot be read, and for what remembers the epochs where that is
        gone or unreadable, one text that says what a person has to do."""

    def establish(self) -> None:
        """Make the store, unless it was used before. To be called before anything notes down
        that the project has it: from then on a store that is gone counts as lost, not as new.
        Raises LeaseError where leases cannot be kept, such as on a network file system."""

    def close(self) -> None:
        """Let go of what is open. Leases stay as they are; the store is not used after this."""
