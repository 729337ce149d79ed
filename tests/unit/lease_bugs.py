"""Lease stores with one planted bug each. The checks must fail on every one of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from framework.domain.errors import LeaseCorrupt
from framework.domain.lease import Failure, Lease, Process, Record
from framework.leases.file import FileLeases
from framework.leases.memory import MemoryLeases
from framework.leases.text import encode


class OwnerOnlyRelease(MemoryLeases):
    """Compares the holder's name and not the epoch."""

    def release(
        self,
        lease: Lease,
        *,
        failure: Failure | None = None,
        not_before: datetime | None = None,
    ) -> None:
        current = self._records[lease.key].lease
        if current and current.holder == lease.holder:
            super().release(current, failure=failure, not_before=not_before)


class OwnerOnlyRenew(MemoryLeases):
    """Renews whatever lease its holder's namesake has by now."""

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        current = self._records[lease.key].lease
        same = current is not None and current.holder == lease.holder
        return super().renew(current if current and same else lease, ttl)


class ForgetsTheEpoch(MemoryLeases):
    """A released record starts again at epoch 1, though it keeps its failures."""

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        record = self._records.get(key)
        if record and record.lease is None:
            self._records[key] = replace(record, epoch=0)
        return super().acquire(key, holder, ttl, process=process)


class LetsTheHolderInTwice(MemoryLeases):
    """Gives a live lease to whoever has its holder's name."""

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        record = self._records.get(key)
        if record and record.lease and record.lease.holder == holder:
            self.release(record.lease)
        return super().acquire(key, holder, ttl, process=process)


class LosesFailures(MemoryLeases):
    """Drops the count of failures with an expired lease."""

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        record = self._records.get(key)
        if record and record.lease and record.lease.is_over(self._clock()):
            self._records[key] = replace(record, failures=())
        return super().acquire(key, holder, ttl, process=process)


class Unlocked(FileLeases):
    """Reads, decides and writes atomically, but without a lock around the three."""

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        yield

    def _save(self, record: Record) -> None:
        temporary = self._directory / f"{os.getpid()}.tmp"
        temporary.write_bytes(encode(record))
        temporary.replace(self._path(record.key))


class TornWrites(FileLeases):
    """Writes over the record in its place."""

    def _save(self, record: Record) -> None:
        with self._path(record.key).open("w") as file:
            json.dump(json.loads(encode(record)), file, indent=1)


class CorruptIsEmpty(FileLeases):
    """Takes what it cannot read for "nobody holds this"."""

    def _read(self, key: str) -> Record | None:
        try:
            return super()._read(key)
        except (ValueError, LeaseCorrupt):
            return None
