"""Leases as files: one JSON record per key, the default of a project on one machine.

`<slug of the key>.json` is changed only under `<slug>.lock` and replaced in one step; beside the
records lies the high-water mark. Lock files are never deleted. What is synced and what is not is
said at `_save`.

A record that cannot be read is set aside as `<slug>.json.corrupt`; as long as it lies there
without a good record in its place, nobody can claim the key. A person acts by putting a good copy
back, or by moving the corrupt file elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..clock import Clock, utcnow
from ..domain.errors import LeaseCorrupt
from ..domain.identifier import slug
from ..domain.lease import Failure, Lease, Process, Record
from ..lockfile import Moot, exclusive, never
from .base import Floor
from .disk import busy, explained, refuse_network, replace_file, sync_directory
from .highwater import HighWater
from .listing import ASIDE, SUFFIX, Listing, read_record
from .record import all_seen, claimed, live, released, renewed, seen
from .text import encode


class FileLeases:
    """All promises of `LeaseStore` among the processes of one machine and through any crash.

    `established` says that the project has used the store before: then a key of which nothing
    remembers an epoch any more is refused with EpochsGone. `patience` is how many seconds to
    wait for a lock, which others hold for milliseconds, before LeaseError.
    Not promised: anything on network file systems, whose locks may overlap.
    """

    def __init__(
        self,
        directory: Path,
        *,
        floor: Floor = lambda key: 0,
        clock: Clock = utcnow,
        established: bool = False,
        patience: float = 30.0,
    ) -> None:
        self._directory = directory
        self._floor = floor
        self._clock = clock
        self._patience = patience
        self._mark = HighWater(directory, established=established, patience=patience)
        self._listing = Listing(directory)

    def establish(self) -> None:
        """Make the store's directory and high-water mark, unless it was used before. To be
        called before anything notes down that the store is established. Raises LeaseError on a
        network file system."""
        refuse_network(self._directory)
        with explained(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            sync_directory(self._directory.parent)  # what is noted down next may reach the disk
            self._mark.begin()

    def close(self) -> None:
        """Nothing is kept open between two calls."""

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        if self._is_plainly_held(key):
            return None
        floor = self._floor(key)
        try:
            with self._locked(key, unless=lambda: self._is_plainly_held(key)):
                return self._claim(key, holder, ttl, process, floor)
        except Moot:
            return None

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        with self._locked(lease.key):
            record, kept = renewed(self._load(lease.key), lease, self._clock() + ttl)
            self._save(record, lasting=False)
            return kept

    def release(
        self,
        lease: Lease,
        *,
        failure: Failure | None = None,
        not_before: datetime | None = None,
    ) -> None:
        with self._locked(lease.key):
            record = released(self._load(lease.key), lease, failure, not_before)
            if record is not None:
                self._save(record, lasting=failure is not None or not_before is not None)

    def held(self) -> list[Lease]:
        return [record.lease for record in self.records().values() if record.lease]

    def record(self, key: str) -> Record | None:
        """Raises LeaseCorrupt, but leaves it to acquire, renew and release to set aside."""
        with explained(self._directory):
            try:
                record = self._read(key)
            except ValueError as error:
                raise _corrupt(self._path(key), str(error)) from error
        return seen(record, self._clock()) if record else None

    def records(self) -> dict[str, Record]:
        with explained(self._directory):
            records, _ = self._listing.read()
        return all_seen(records, self._clock())

    def unreadable(self) -> list[str]:
        with explained(self._directory):
            _, damaged = self._listing.read()
            wrong = self._mark.wrong()
        return [*wrong, *(str(_corrupt(path, "it is damaged")) for path in damaged)]

    @contextmanager
    def _locked(self, key: str, unless: Callable[[], bool] = never) -> Iterator[None]:
        with explained(self._directory):
            if not self._directory.is_dir():
                self._directory.mkdir(parents=True, exist_ok=True)
            lock = self._directory / f"{slug(key)}.lock"
            with exclusive(lock, busy=busy, patience=self._patience, unless=unless):
                yield

    def _claim(
        self, key: str, holder: str, ttl: timedelta, process: Process | None, floor: int
    ) -> Lease | None:
        record, now = self._load(key), self._clock()
        if live(record, now):
            return None
        epoch, remembered = self._mark.give(key, record=record, floor=floor)
        lease = Lease(key=key, holder=holder, epoch=epoch, expires_at=now + ttl, process=process)
        self._save(claimed(record, lease), lasting=not remembered)
        return lease

    def _path(self, key: str) -> Path:
        return self._directory / f"{slug(key)}{SUFFIX}"

    def _is_plainly_held(self, key: str) -> bool:
        """Whether a look without lock already shows a live lease, so that nobody waits for it.
        What cannot be read is left to those who hold the lock."""
        with explained(self._directory):
            try:
                return live(read_record(self._path(key)), self._clock()) is not None
            except (FileNotFoundError, ValueError):
                return False

    def _read(self, key: str) -> Record | None:
        """Raises ValueError for a damaged record, LeaseCorrupt for one that was set aside."""
        try:
            return read_record(self._path(key))
        except FileNotFoundError:
            if (aside := self._aside(key)).exists():
                raise _corrupt(aside, "it was set aside") from None
            return None

    def _load(self, key: str) -> Record | None:
        """Read under the lock: a damaged record is set aside."""
        try:
            return self._read(key)
        except ValueError as error:
            aside = self._aside(key)
            if aside.exists():  # a person put a copy in its place, and that is damaged now
                stamp = self._clock().astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
                os.replace(aside, f"{self._path(key)}.earlier-{stamp}")
            os.replace(self._path(key), aside)
            sync_directory(self._directory)  # so that it is said to lie where it lies
            raise _corrupt(aside, str(error)) from error

    def _aside(self, key: str) -> Path:
        """One name, so that whether it is there is seen without a look at all others."""
        return self._directory / f"{slug(key)}{ASIDE}"

    def _save(self, record: Record, *, lasting: bool) -> None:
        """Replace the key's record. With `lasting` a power cut does not bring the old one back.

        What a release is given to remember must last. A claim, a renewal and a plain release
        need not: a power cut ends every process of its boot, so whose claim it undoes is gone;
        its epoch is not given again, which the high-water mark sees to; a renewal that is undone
        ends earlier, and a lease that comes back ends at its expiry, or at once if it names its
        process. No kill undoes any of them.
        """
        replace_file(self._path(record.key), encode(record), lasting=lasting)


def _corrupt(path: Path, why: str) -> LeaseCorrupt:
    place = path.name.partition(SUFFIX)[0] + SUFFIX
    return LeaseCorrupt(
        f"The lease record in {path} cannot be read ({why}), so nobody can claim what it is "
        f"about. Put a good copy back as {place}; or, when you know that no session is at work "
        f"on it, move {path.name} out of that directory (epochs go on, failure counts begin anew)."
    )
