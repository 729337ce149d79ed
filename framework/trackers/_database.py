"""The SQLite file of a tracker: opened, brought up to date, its errors told in our words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from ..domain.errors import TrackerError, TrackerUnavailable

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE store (id TEXT NOT NULL)",
        "INSERT INTO store VALUES (lower(hex(randomblob(4))))",
        """CREATE TABLE issues (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL,
            priority TEXT NOT NULL,
            reopened INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            closed_at TEXT
        )""",
        """CREATE TABLE labels (
            issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
            name TEXT NOT NULL,
            PRIMARY KEY (issue, name)
        ) WITHOUT ROWID""",
        """CREATE TABLE dependencies (
            issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
            needs INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
            PRIMARY KEY (issue, needs)
        ) WITHOUT ROWID""",
        "CREATE INDEX dependants ON dependencies (needs)",
        """CREATE TABLE comments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
            author TEXT NOT NULL,
            text TEXT NOT NULL,
            created_at TEXT NOT NULL,
            key TEXT,
            UNIQUE (issue, key)
        )""",
        # A key outlives its issue: that is how a deleted one is not made again.
        "CREATE TABLE keys (key TEXT PRIMARY KEY, issue INTEGER NOT NULL UNIQUE) WITHOUT ROWID",
    ),
)
"""What was done to the file to bring it to version 1, 2, …; never edited, only added to."""

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNREACHABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


class Database:
    """One connection, used by one thread at a time; other processes may use the same file.

    `patience` is how many seconds to wait for another process's write; `store` is the random id
    that the file got when it was made.
    """

    store: str

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._lock = RLock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=patience, isolation_level=None, check_same_thread=False
            )
        try:
            with self._explained():
                self._prepare(patience)
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Statements that see one and the same state."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when this returns."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        with self._lock, self._explained():
            self._connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def _prepare(self, patience: float) -> None:
        version = self._version()  # before anything that could write to somebody else's file
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._use_wal(patience)
        if version < len(_MIGRATIONS):
            self._migrate()
        (self.store,) = self._connection.execute("SELECT id FROM store").fetchone()

    def _version(self) -> int:
        with self.reading() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version > len(_MIGRATIONS):
            raise TrackerError(
                f"{self._path} was written by a newer Nightshift (version {version} of the file, "
                f"this one knows {len(_MIGRATIONS)}). Update Nightshift."
            )
        if version == 0 and tables:
            raise TrackerError(
                f"{self._path} is a database of something else and was left as it is. "
                "Choose another file for the issues."
            )
        return int(version)

    def _use_wal(self, patience: float) -> None:
        # SQLite does not wait for others when it changes the journal mode of a new file.
        deadline = time.monotonic() + patience
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if _code(error) not in _LOCKED or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return

    def _migrate(self) -> None:
        with self.writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            for statements in _MIGRATIONS[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise _explain(self._path, error) from error


def _explain(path: Path, error: sqlite3.Error | OSError) -> TrackerError:
    code = _code(error)
    if code in _LOCKED:
        return TrackerUnavailable(
            f"{path} is locked by another process that does not finish. "
            "End the program that holds it, or try again."
        )
    if code in _DAMAGED:
        return TrackerError(
            f"{path} cannot be read as a database of issues ({error}). It was left as it is: "
            "put a copy that is sound in its place, or move it away to begin anew."
        )
    if code in _UNREACHABLE or isinstance(error, OSError):
        return TrackerUnavailable(
            f"{path} cannot be opened or written ({error}). See that its directory is there and "
            "writable and that the disk has room."
        )
    return TrackerError(f"{path} could not be used: {error}. Report this as a defect.")


def _code(error: Exception) -> int:
    """SQLite's primary result code, 0 for errors of another origin."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
