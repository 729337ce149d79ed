"""Leases in one SQLite file: for a project whose many short commands claim, on one machine.

`leases.db` holds one row per key, with the record as JSON text, and the high-water mark; both
change in one transaction, which is synced before it is told. A row that cannot be read stays
where it is, and keeps everybody from its key until a person mends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

from ..clock import Clock, utcnow
from ..domain.errors import LeaseCorrupt
from ..domain.lease import Failure, Lease, Process, Record
from ..lockfile import Moot
from .base import Floor
from .database import Database
from .disk import explained, refuse_network, sync_directory
from .highwater import MARK, read_mark
from .record import all_seen, claimed, live, mark_gone, next_epoch, released, renewed, seen
from .text import decode, encode


class SqliteLeases:
    """All promises of `LeaseStore` among the processes of one machine and through any crash.

    `established` says that the project has used the store before: then a key of which nothing
    remembers an epoch any more is refused with EpochsGone; a person who knows better writes a
    number into the file `high-water.mark`, where a new database begins. `patience` is how many
    seconds to wait for other writers, who take milliseconds, before LeaseError.
    Not promised: anything on network file systems, or when somebody takes `leases.db-wal` away.
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
        self._established = established
        self._path = directory / "leases.db"
        self._database = Database(self._path, patience=patience)
        self._known: dict[str, tuple[str, Record | str]] = {}

    def establish(self) -> None:
        """Make the store's file and high-water mark, unless it was used before. To be called
        before anything notes down that the store is established. Raises LeaseError on a network
        file system."""
        refuse_network(self._directory)
        with self._database.writing() as rows:
            self._mark(rows)
        with explained(self._directory):
            sync_directory(self._directory.parent)  # what is noted down next may reach the disk
        self._established = True

    def close(self) -> None:
        self._database.close()

    def acquire(
        self, key: str, holder: str, ttl: timedelta, *, process: Process | None = None
    ) -> Lease | None:
        if self._is_held(key):
            return None
        floor = self._floor(key)
        try:
            with self._database.writing(unless=lambda: self._is_held(key)) as rows:
                return self._claim(rows, key, holder, ttl, process, floor)
        except Moot:
            return None

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        with self._database.writing() as rows:
            record, kept = renewed(self._load(rows, lease.key), lease, self._clock() + ttl)
            self._save(rows, record)
        return kept

    def release(
        self,
        lease: Lease,
        *,
        failure: Failure | None = None,
        not_before: datetime | None = None,
    ) -> None:
        with self._database.writing() as rows:
            record = released(self._load(rows, lease.key), lease, failure, not_before)
            if record is not None:
                self._save(rows, record)

    def held(self) -> list[Lease]:
        return [record.lease for record in self.records().values() if record.lease]

    def record(self, key: str) -> Record | None:
        record = self._look(key)
        return seen(record, self._clock()) if record else None

    def records(self) -> dict[str, Record]:
        """Raises LeaseCorrupt when no record can be read, because the file is damaged."""
        readable = [one for one in self._all() if isinstance(one, Record)]
        return all_seen(readable, self._clock())

    def unreadable(self) -> list[str]:
        try:
            wrong = [one for one in self._all() if isinstance(one, str)]
            return [*wrong, mark_gone(str(self._directory / MARK))] if self._is_lost() else wrong
        except LeaseCorrupt as error:
            return [str(error)]

    def _is_lost(self) -> bool:
        """Whether a claim of what has no record would be refused with EpochsGone."""
        if self._database.rows("SELECT 1 FROM mark") or not (self._established or self._known):
            return False
        with explained(self._directory):
            return read_mark(self._directory / MARK) is None

    def _claim(
        self,
        rows: Connection,
        key: str,
        holder: str,
        ttl: timedelta,
        process: Process | None,
        floor: int,
    ) -> Lease | None:
        record, now = self._load(rows, key), self._clock()
        if live(record, now):
            return None
        epoch = self._next_epoch(rows, key, record, floor)
        lease = Lease(key=key, holder=holder, epoch=epoch, expires_at=now + ttl, process=process)
        self._save(rows, claimed(record, lease))
        return lease

    def _is_held(self, key: str) -> bool:
        """Whether a look without the lock already shows a live lease, so that nobody waits."""
        return live(self._look(key), self._clock()) is not None

    def _look(self, key: str) -> Record | None:
        """Without waiting for writers. Raises LeaseCorrupt."""
        rows = self._database.rows("SELECT record FROM records WHERE key = ?", key)
        return self._parsed(key, rows[0][0]) if rows else None

    def _load(self, rows: Connection, key: str) -> Record | None:
        row = rows.execute("SELECT record FROM records WHERE key = ?", (key,)).fetchone()
        return self._parsed(key, row[0]) if row else None

    def _save(self, rows: Connection, record: Record) -> None:
        rows.execute(
            "INSERT INTO records VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET record = excluded.record",
            (record.key, encode(record).decode()),
        )

    def _all(self) -> list[Record | str]:
        """Each record, parsed again only when its text changed, or what to do about it."""
        rows = self._database.rows("SELECT key, record FROM records ORDER BY key")
        known = self._known
        self._known = {
            key: known[key]
            if key in known and known[key][0] == text
            else (text, self._try(key, text))
            for key, text in rows
        }
        return [one for _, one in self._known.values()]

    def _try(self, key: str, text: str) -> Record | str:
        try:
            return self._parsed(key, text)
        except LeaseCorrupt as error:
            return str(error)

    def _parsed(self, key: str, text: str) -> Record:
        try:
            record = decode(text)
            if record.key != key:
                raise ValueError(f"it is the record of {record.key}")
        except ValueError as error:
            raise LeaseCorrupt(
                f"The lease record of {key} in {self._path} cannot be read ({error}), so nobody "
                "can claim it. It was left as it is: mend its text in the table `records`, after "
                f"the pattern of the others, or put a sound copy of {self._path.name} in its place."
            ) from error
        return record

    def _next_epoch(self, rows: Connection, key: str, record: Record | None, floor: int) -> int:
        """Above all that is remembered; the mark remembers it in the same transaction."""
        mark, place = self._mark(rows), str(self._directory / MARK)
        epoch = next_epoch(key, record=record, mark=mark, floor=floor, place=place)
        if mark is not None and epoch > mark:
            rows.execute("UPDATE mark SET epoch = ?", (epoch,))
        return epoch

    def _mark(self, rows: Connection) -> int | None:
        """The highest epoch ever given. A database that has none begins at the number that a
        person wrote down; or at 0, if the store was never used."""
        row = rows.execute("SELECT epoch FROM mark").fetchone()
        if row is not None:
            return int(row[0])
        start = read_mark(self._directory / MARK)
        if start is None and not self._is_used(rows):
            start = 0
        if start is not None:
            rows.execute("INSERT INTO mark VALUES (?)", (start,))
        return start

    def _is_used(self, rows: Connection) -> bool:
        used = rows.execute("SELECT EXISTS (SELECT 1 FROM records)").fetchone()[0]
        return self._established or bool(used)
