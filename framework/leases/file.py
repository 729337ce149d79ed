"""Leases as files: one JSON record per key, the default of a project on one machine.

`<slug of the key>.json` is changed only under `<slug>.lock` and replaced in one step; beside the
records lies the high-water mark. Lock files are never deleted. A record that cannot be read is
set aside as `<slug>.json.corrupt-<time>`; as long as it lies there without a good record in its
place, nobody can claim the key. A person acts by putting a good copy back, or by moving the
corrupt file elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..domain.errors import LeaseCorrupt
from ..domain.identifier import slug
from ..domain.lease import Failure, Lease, Process, Record
from .base import Floor
from .disk import exclusive, explained, move, replace_file
from .highwater import HighWater
from .listing import ASIDE, SUFFIX, Listing, read_record
from .record import claimed, live, released, renewed, seen, utcnow
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
        clock: Callable[[], datetime] = utcnow,
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
        called before anything notes down that the store is established."""
        with explained(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            self._mark.begin()

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        if self._is_plainly_held(key):
            return None
        floor = self._floor(key)
        with self._locked(key):
            record, now = self._load(key), self._clock()
            if live(record, now):
                return None
            epoch = self._next_epoch(key, record, floor)
            lease = Lease(
                key=key, holder=holder, epoch=epoch, expires_at=now + ttl, process=process
            )
            self._save(claimed(record, lease))
            return lease

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        with self._locked(lease.key):
            record, kept = renewed(self._load(lease.key), lease, self._clock() + ttl)
            self._save(record)
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
                self._save(record)

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
        now = self._clock()
        return {record.key: seen(record, now) for record in records}

    def unreadable(self) -> list[str]:
        with explained(self._directory):
            _, damaged = self._listing.read()
        return [str(_corrupt(path, "it is damaged")) for path in damaged]

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with explained(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = self._directory / f"{slug(key)}.lock"
            with exclusive(lock, patience=self._patience):
                yield

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
        path = self._path(key)
        try:
            return read_record(path)
        except FileNotFoundError:
            if name := self._listing.aside(path.name):
                raise _corrupt(path.with_name(name), "it was set aside") from None
            return None

    def _load(self, key: str) -> Record | None:
        """Read under the lock: a damaged record is set aside."""
        try:
            return self._read(key)
        except ValueError as error:
            path = self._path(key)
            stamp = self._clock().astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            aside = path.with_name(f"{slug(key)}{ASIDE}{stamp}")
            move(path, aside)
            raise _corrupt(aside, str(error)) from error

    def _save(self, record: Record) -> None:
        replace_file(self._path(record.key), encode(record))

    def _next_epoch(self, key: str, record: Record | None, floor: int) -> int:
        """Above all that is remembered; on the disk as high-water mark when this returns."""
        if record is None:
            return self._mark.reserve(key, floor)
        epoch = 1 + max(record.epoch, floor)
        self._mark.raise_to(epoch)
        return epoch


def _corrupt(path: Path, why: str) -> LeaseCorrupt:
    place = path.name.partition(SUFFIX)[0] + SUFFIX
    return LeaseCorrupt(
        f"The lease record in {path} cannot be read ({why}), so nobody can claim what it is "
        f"about. Put a good copy back as {place}; or, when you know that no session is at work "
        f"on it, move {path.name} out of that directory (epochs go on, failure counts begin anew)."
    )
