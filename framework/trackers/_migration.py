"""Bringing the SQLite file of an earlier version, or a new one, to the version of today."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from ..domain.errors import TrackerError, TrackerUnavailable
from ..mounts import network_file_system
from ..sqlite import code, transaction, use_wal
from ._backups import copy
from ._database import is_foreign, not_ours
from ._schema import MIGRATIONS
from ._words import indexed


def migrate(connection: sqlite3.Connection, path: Path, now: datetime, patience: float) -> None:
    """All steps that the file lacks, or none; a file that holds issues is copied beside itself
    first. Other processes may try the same at the same time.

    Raises TrackerError for a file of something else, and on a network file system.
    """
    _refuse_others(connection, path)
    _refuse_network(path)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.create_function("indexed", 1, indexed, deterministic=True)
    try:
        use_wal(connection, patience)
        _step_up(connection, path, now)
    except sqlite3.OperationalError as error:
        if code(error) != sqlite3.SQLITE_READONLY:
            raise
        raise must_be_written(path) from error


def must_be_written(path: Path) -> TrackerUnavailable:
    return TrackerUnavailable(
        f"{path} was written by an older Nightshift and must be brought up to date, but cannot "
        "be written here. See that you may write to it and to its directory."
    )


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # both of one state: another process may just be making the file
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("COMMIT")
    if tables and (version == 0 or is_foreign(connection)):
        raise not_ours(path)


def _refuse_network(path: Path) -> None:
    kind = network_file_system(path)
    if kind is not None:
        raise TrackerError(
            f"{path} is on a network file system ({kind}), where several processes cannot "
            "safely share a database. Put the project on a local disk."
        )


def _step_up(connection: sqlite3.Connection, path: Path, now: datetime) -> None:
    with transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if 0 < version < len(MIGRATIONS) and _holds_issues(connection):
            copy(path, version, now)
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _holds_issues(connection: sqlite3.Connection) -> bool:
    (found,) = connection.execute("SELECT EXISTS (SELECT 1 FROM issues)").fetchone()
    return bool(found)
