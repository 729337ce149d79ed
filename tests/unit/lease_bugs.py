"""Lease stores with one planted bug each. The checks must fail on every one of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

from framework.domain.errors import LeaseCorrupt
from framework.domain.lease import Failure, Lease, Process, Record
from framework.leases import highwater
from framework.leases.database import Database
from framework.leases.disk import replace_file
from framework.leases.file import FileLeases
from framework.leases.highwater import HighWater, _Given
from framework.leases.memory import MemoryLeases
from framework.leases.sqlite import SqliteLeases
from framework.leases.text import encode
from framework.lockfile import never


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
    def _locked(self, key: str, unless: Callable[[], bool] = never) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        yield

    def _save(self, record: Record, *, lasting: bool) -> None:
        temporary = self._directory / f"{os.getpid()}.tmp"
        temporary.write_bytes(encode(record))
        temporary.replace(self._path(record.key))


class TornWrites(FileLeases):
    """Writes over the record in its place."""

    def _save(self, record: Record, *, lasting: bool) -> None:
        with self._path(record.key).open("w") as file:
            json.dump(json.loads(encode(record)), file, indent=1)


class CorruptIsEmpty(FileLeases):
    """Takes what it cannot read for "nobody holds this"."""

    def _read(self, key: str) -> Record | None:
        try:
            return super()._read(key)
        except (ValueError, LeaseCorrupt):
            return None


class Unsynced(FileLeases):
    """Renames a new record into its place without a word to the disk."""

    def _save(self, record: Record, *, lasting: bool) -> None:
        path = self._path(record.key)
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_bytes(encode(record))
        os.replace(temporary, path)


class ReleasesLightly(FileLeases):
    """Takes a release that has something to remember for one that has not."""

    def _save(self, record: Record, *, lasting: bool) -> None:
        super()._save(record, lasting=False)


class _LightMark(HighWater):
    def _note(self, epoch: int, given: _Given) -> None:
        if epoch > given.mark:
            given = replace(given, mark=epoch + highwater.BLOCK - 1)
            replace_file(self._path, b"%d\n" % given.mark, lasting=False)
        self._write_given(replace(given, highest=max(epoch, given.highest)))


class RaisesTheMarkLightly(FileLeases):
    """Gives the epochs of a block before the disk knows of the block."""

    def __init__(self, directory: Path, **rest: object) -> None:
        super().__init__(directory, **rest)
        self._mark = _LightMark(directory, established=False, patience=1)


class _Autocommit(Database):
    @contextmanager
    def writing(self, unless: Callable[[], bool] = never) -> Iterator[Connection]:
        if not self._is_made:
            with super().writing():
                pass
        status = self._path.stat()
        with self._lock:
            yield self._opened("rw", (status.st_dev, status.st_ino))


class Undivided(SqliteLeases):
    """Reads, ponders and writes one after the other, without a transaction around the three."""

    def __init__(self, directory: Path, **rest: object) -> None:
        super().__init__(directory, **rest)
        self._database = _Autocommit(self._path, patience=10)

    def _load(self, rows: Connection, key: str) -> Record | None:
        record = super()._load(rows, key)
        time.sleep(0.0005)
        return record


class MarksLate(SqliteLeases):
    """Raises the high-water mark only when a lease is released."""

    def release(self, lease: Lease, **rest: object) -> None:
        super().release(lease, **rest)
        with self._database.writing() as rows:
            rows.execute("UPDATE mark SET epoch = max(epoch, ?)", (lease.epoch,))

    def _next_epoch(self, rows: Connection, key: str, record: Record | None, floor: int) -> int:
        mark = self._mark(rows)
        epoch = super()._next_epoch(rows, key, record, floor)
        rows.execute("UPDATE mark SET epoch = ?", (mark,))
        return epoch
