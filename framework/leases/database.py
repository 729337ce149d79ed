"""The SQLite file of leases: opened when it is needed, written by one at a time, its errors told
in our words."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from ..domain.errors import LeaseCorrupt, LeaseError
from ..lockfile import exclusive, never
from ..sqlite import code, is_damaged, is_locked, opened, settle, transaction, use_wal
from .disk import advice, busy, explained

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE records (key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE mark (epoch INTEGER NOT NULL)",
    ),
)
"""What was done to the file to bring it to version 1, 2, …; never edited, only added to."""

_REFUSED = {
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_READONLY: errno.EACCES,
}


class Database:
    """One connection, used by one thread at a time; other processes may use the same file.

    Writers line up at a lock file of ours: SQLite's own waiting leaves some of them behind for
    seconds. `patience` is how many seconds to wait for another process before LeaseError.
    Not promised: use of one object on both sides of a fork.
    """

    def __init__(self, path: Path, *, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._mode = "rw"
        self._is_made = False

    def rows(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """What is in the file at this moment; nothing while there is no file. Makes none."""
        with explained(self._path.parent), self._lock, self._explained():
            file = _identity(self._path)
            connection = self._opened("rw", file) if file else None
            if connection is None or not (self._is_made or self._version(connection)):
                return []
            return connection.execute(question, values).fetchall()

    @contextmanager
    def writing(self, unless: Callable[[], bool] = never) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on the disk when this returns. Makes the file if there is none.
        Raises Moot when `unless` says yes while others write."""
        directory, ticket = self._path.parent, self._path.with_suffix(".lock")
        with explained(directory):
            if not directory.is_dir():
                directory.mkdir(parents=True, exist_ok=True)
        with (
            explained(directory),
            exclusive(ticket, busy=busy, patience=self._patience, unless=unless),
            self._lock,
            self._explained(),
            self._transaction() as connection,
        ):
            yield connection

    def close(self) -> None:
        with self._lock, self._explained():
            self._let_go()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._opened("rwc", _identity(self._path))
        if self._version(connection) < len(MIGRATIONS):
            self._migrate(connection)
        with transaction(connection):
            yield connection

    def _opened(self, mode: str, file: tuple[int, int] | None) -> sqlite3.Connection:
        """The connection, made anew when the file is another one: a person may have put a sound
        copy in its place, and the old one would take writes that nobody finds. One for writing
        ("rwc") also reads; the other way it may lack a right that was given since."""
        if self._connection is not None and self._file == file and mode in ("rw", self._mode):
            return self._connection
        connection = opened(self._path, patience=self._patience, options=f"mode={mode}")
        self._let_go()  # after the new one is open: the last that closes tidies up, which is slow
        self._connection, self._file, self._mode = connection, _identity(self._path), mode
        # A claim that was told must survive a power cut, or its epoch could be given again.
        settle(connection, synchronous="FULL")
        return connection

    def _let_go(self) -> None:
        connection, self._connection, self._is_made = self._connection, None, False
        if connection is not None:
            connection.close()

    def _version(self, connection: sqlite3.Connection) -> int:
        """The version of the file's shape; 0 while it has none."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise LeaseError(
                f"{self._path} was written by a newer Nightshift (version {version} of the file, "
                f"this one knows {len(MIGRATIONS)}). Update Nightshift."
            )
        self._is_made = version == len(MIGRATIONS)
        return int(version)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        self._refuse_what_is_not_ours(connection)
        use_wal(connection, self._patience)
        with transaction(connection):
            for statements in MIGRATIONS[self._version(connection) :]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _refuse_what_is_not_ours(self, connection: sqlite3.Connection) -> None:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and not self._version(connection):
            raise LeaseError(
                f"{self._path} is a database of something else and was left as it is. "
                "Move it elsewhere, then start again."
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if not is_locked(error):
                self._let_go()  # the next call is to see what a person has mended
            raise _explain(self._path, error) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _explain(path: Path, error: sqlite3.Error) -> LeaseError:
    if is_locked(error):
        return busy(path)
    if is_damaged(error):
        return LeaseCorrupt(
            f"{path} cannot be read as a store of leases ({error}), so nobody can claim anything. "
            f"It was left as it is: move it, with {path.name}-wal and {path.name}-shm where they "
            "are, out of that directory and put a sound copy in its place."
        )
    if (reason := _REFUSED.get(code(error))) is not None:
        return LeaseError(
            f"The lease store in {path.parent} cannot be used ({error}): {advice(reason)}."
        )
    return LeaseError(f"{path} could not be used: {error}. Report this as a defect.")
