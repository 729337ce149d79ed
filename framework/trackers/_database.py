"""The SQLite file of a tracker: opened, brought up to date, its errors told in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock

from ..domain.errors import TrackerError, TrackerUnavailable
from ..sqlite import code, is_damaged, is_locked, opened, settle, transaction
from ._schema import VERSION

_MISSING = ("no such table", "no such column", "no such index")
_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_UNREACHABLE = {*_UNWRITABLE, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}


class Database:
    """One connection, used by one thread at a time; other processes may use the same file.

    `patience` is how many seconds to wait for another process's write; `now` dates the backup
    that is made before the file is brought up to date. What can only be read is read.
    """

    def __init__(self, path: Path, patience: float, now: datetime) -> None:
        self.path = path
        self._patience = patience
        self._lock = RLock()
        self._store: str | None = None
        self._is_fixed = False
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = opened(path, patience=patience)
        try:
            with self._explained():
                self._prepare(now)
        except BaseException:
            self._connection.close()
            raise

    @property
    def store(self) -> str:
        """The random id that the file got when it was made."""
        if self._store is None:
            (self._store,) = self._connection.execute("SELECT id FROM store").fetchone()
        return f"local:{self._store}"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Statements that see one and the same state."""
        with self._lock, self._explained():
            if self._is_fixed:  # somebody who may write to it may have done so
                self._connection.close()
                self._open_fixed()
            with transaction(self._connection, "BEGIN") as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when this returns."""
        with self._lock, self._explained():
            if self._is_fixed:
                raise TrackerUnavailable(
                    f"{self.path} can be read here but not written. See that you may write to "
                    "its directory."
                )
            with transaction(self._connection) as connection:
                yield connection

    def back_up(self, now: datetime, every: timedelta) -> Path | None:
        """See `BacksUp`."""
        from ._backups import back_up

        with self._lock, self._explained():
            return back_up(self.path, VERSION, now, every)

    def close(self) -> None:
        with self._lock, self._explained():
            self._connection.close()

    def _prepare(self, now: datetime) -> None:
        version = self._version()  # before anything that could write to somebody else's file
        if version < VERSION:
            from ._migration import migrate, must_be_written  # once in the life of a file

            if self._is_fixed:
                raise must_be_written(self.path)
            migrate(self._connection, self.path, now, self._patience)
        elif is_foreign(self._connection):
            raise not_ours(self.path)
        self._connection.execute("PRAGMA foreign_keys = ON")
        settle(self._connection, synchronous="FULL")

    def _version(self) -> int:
        try:
            version = self._read_version()
        except sqlite3.OperationalError as error:
            if code(error) not in _UNWRITABLE or not self.path.exists():
                raise
            self._connection.close()
            self._open_fixed()
            version = self._read_version()
        if version > VERSION:
            raise TrackerError(
                f"{self.path} was written by a newer Nightshift (version {version} of the file, "
                f"this one knows {VERSION}). Update Nightshift."
            )
        return version

    def _read_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        return int(version)

    def _open_fixed(self) -> None:
        """SQLite cannot read a file of this kind where it may not write beside it, unless it is
        told that nobody else writes. That holds where no log of unfinished writes lies there."""
        if Path(f"{self.path}-wal").exists():
            raise TrackerUnavailable(
                f"{self.path} is being written by somebody else, or was left in the middle, and "
                "you may not write beside it. Copy its directory and use the copy."
            )
        self._connection = opened(self.path, patience=self._patience, options="immutable=1")
        self._is_fixed = True

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise _explain(self.path, error) from error


_COLUMNS = """
    SELECT count(*) FROM (
        SELECT name FROM pragma_table_info('store') WHERE name = 'id'
        UNION ALL SELECT name FROM pragma_table_info('issues')
        WHERE name IN ('id', 'state', 'reopened', 'created_at')
    )"""


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether the tables that all versions have are not there, or are others."""
    (known,) = connection.execute(_COLUMNS).fetchone()
    return bool(known != 5)


def not_ours(path: Path) -> TrackerError:
    return TrackerError(
        f"{path} is a database of something else and was left as it is. "
        "Choose another file for the issues, or put this one elsewhere."
    )


def _explain(path: Path, error: sqlite3.Error | OSError) -> TrackerError:
    if is_locked(error):
        return TrackerUnavailable(
            f"{path} is locked by another process that does not finish. "
            "End the program that holds it, or try again."
        )
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT_VTAB:
        return TrackerError(
            f"The text index of {path} is wrong; the issues are not. Run `issue doctor`, which "
            "can make it anew."
        )
    if is_damaged(error) or str(error).startswith(_MISSING):
        from ._backups import salvage, way_back

        return TrackerError(
            f"{path} cannot be read as a database of issues ({error}). It was left as it is: "
            f"{way_back(path)}. {salvage(path)}"
        )
    if "decode to UTF-8" in str(error):
        return TrackerError(
            f"A text in {path} is damaged ({error}). Run `issue doctor`, which names the row."
        )
    if code(error) in _UNREACHABLE or isinstance(error, OSError):
        return TrackerUnavailable(
            f"{path} cannot be opened or written ({error}). See that its directory is there and "
            "writable and that the disk has room."
        )
    if "fts5" in str(error):
        return TrackerError(
            f"{path} needs the text search FTS5, which this Python's SQLite lacks ({error}). "
            "Use a Python whose SQLite has it."
        )
    return TrackerError(f"{path} could not be used: {error}. Report this as a defect.")
