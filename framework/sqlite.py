"""How each SQLite file of ours is opened and written: by many processes, and in little memory."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CACHE_KIB = 256


def opened(path: Path, *, patience: float, options: str = "") -> sqlite3.Connection:
    """A connection that begins no transaction by itself, for one thread at a time.

    `patience` is how many seconds to wait for another process's write, and `options` are those
    of SQLite's addresses, such as `mode=ro`. SQLite looks at the file when it is first used.
    """
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}" if options else path,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
        uri=bool(options),
    )


def settle(connection: sqlite3.Connection, *, synchronous: str) -> None:
    """What holds for a connection as long as it is open. With `FULL` what was written is on the
    disk when the write returns; with `NORMAL` a power cut may take the last writes back."""
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    # SQLite would keep 2 MB of each file that it has read, to which a run of hours grows; the
    # system keeps these pages as well, and gives them back when it needs room.
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Let others read while one writes. SQLite does not wait for them when it changes the
    journal mode of a new file; this waits for `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def furnish(connection: sqlite3.Connection, schema: str, *, version: int) -> None:
    """Give the file the tables of `schema`, statements that end in `;`. One of another version is
    emptied first: for files that hold nothing which cannot be had again."""
    if _version(connection) == version:
        return
    with transaction(connection):
        if _version(connection) == version:
            return  # somebody else did it while we waited
        asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (name,) in connection.execute(asked).fetchall():
            connection.execute(f'DROP TABLE "{name}"')
        for statement in schema.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextmanager
def transaction(
    connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE"
) -> Iterator[sqlite3.Connection]:
    """All or nothing. By itself it is one for writing; after a plain `BEGIN`, all that is read
    is of one state."""
    connection.execute(begin)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def code(error: Exception) -> int:
    """SQLite's primary result code, 0 for errors of another origin."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_locked(error: Exception) -> bool:
    """Whether others were in the way for longer than we wait."""
    return code(error) in _LOCKED


def is_damaged(error: Exception) -> bool:
    """Whether the file is no database, or a broken one."""
    return code(error) in _DAMAGED
