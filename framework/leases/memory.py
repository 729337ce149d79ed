"""Leases of one process, gone with it: for tests and for runs that keep nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from ..clock import Clock, utcnow
from ..domain.lease import Failure, Lease, Process, Record
from .base import Floor
from .record import all_seen, claimed, live, next_epoch, released, renewed


class MemoryLeases:
    """All promises of `LeaseStore` among the threads of one process. Remembers nothing longer,
    so epochs go on after a restart only as far as `floor` remembers them."""

    def __init__(self, *, floor: Floor = lambda key: 0, clock: Clock = utcnow) -> None:
        self._floor = floor
        self._clock = clock
        self._lock = Lock()
        self._records: dict[str, Record] = {}

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        floor = self._floor(key)
        with self._lock:
            record, now = self._records.get(key), self._clock()
            if live(record, now):
                return None
            epoch = next_epoch(key, record=record, mark=0, floor=floor, place="")
            lease = Lease(
                key=key, holder=holder, epoch=epoch, expires_at=now + ttl, process=process
            )
            self._records[key] = claimed(record, lease)
            return lease

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        with self._lock:
            record = self._records.get(lease.key)
            self._records[lease.key], kept = renewed(record, lease, self._clock() + ttl)
            return kept

    def release(
        self,
        lease: Lease,
        *,
        failure: Failure | None = None,
        not_before: datetime | None = None,
    ) -> None:
        with self._lock:
            record = released(self._records.get(lease.key), lease, failure, not_before)
            if record is not None:
                self._records[lease.key] = record

    def held(self) -> list[Lease]:
        return [record.lease for record in self.records().values() if record.lease]

    def record(self, key: str) -> Record | None:
        return self.records().get(key)

    def records(self) -> dict[str, Record]:
        with self._lock:
            records, now = dict(self._records), self._clock()
        return all_seen([records[key] for key in sorted(records)], now)

    def unreadable(self) -> list[str]:
        return []

    def establish(self) -> None:
        """There is nothing to make."""

    def close(self) -> None:
        """Nothing is kept open."""
