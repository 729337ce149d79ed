"""The journal in one SQLite file, which monitors in other processes read while it grows."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock

from ..clock import Clock, utcnow
from ..domain.errors import JournalError
from ..domain.event import Entry, Event, decode, encode
from ..effect import effect
from ..sqlite import opened, settle, transaction, use_wal

_VERSION = 1
_TABLE = """
    CREATE TABLE IF NOT EXISTS entries (
        cursor INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        run TEXT NOT NULL,
        kind TEXT NOT NULL,
        fields TEXT NOT NULL
    )
"""
_RECENT = 64
"""So many of our own last entries are remembered."""
_PATIENCE = 10.0
"""Seconds to wait for another process's write."""


class SqliteJournal:
    """All that `Journal` promises; several runs may write to the same file.

    With `readonly` the journal must be there already (JournalError says so otherwise) and no
    entry is ever added. Not promised: a file on a network file system, or use of one object on
    both sides of a fork.
    """

    def __init__(self, path: Path, run: str, clock: Clock = utcnow, readonly: bool = False) -> None:
        self._path = path
        self._run = run
        self._clock = clock
        self._readonly = readonly
        self._lock = Lock()
        self._recent: deque[Entry] = deque(maxlen=_RECENT)
        self._version: int | None = None
        with self._explained():
            self._connection = self._connect()
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def append(self, event: Event) -> Entry:
        if self._readonly:
            raise JournalError(f"{self._path} was opened for reading only.")
        kind, fields = encode(event)
        row = (self._run, kind, json.dumps(fields))
        with self._lock, self._explained():
            at = self._clock()
            with effect("journal"):
                cursor = self._connection.execute(
                    "INSERT INTO entries (at, run, kind, fields) VALUES (?, ?, ?, ?)",
                    (at.isoformat(), *row),
                ).lastrowid
            entry = Entry(cursor=cursor or 0, at=at, run=self._run, event=event)
            self._recent.append(entry)
        return entry

    def since(self, cursor: int = 0) -> list[Entry]:
        with self._lock, self._explained():
            if self._is_all_ours(cursor):
                return [one for one in self._recent if one.cursor > cursor]
            rows = self._connection.execute(
                "SELECT cursor, at, run, kind, fields FROM entries WHERE cursor > ?"
                " ORDER BY cursor",
                (cursor,),
            ).fetchall()
            return [entry for row in rows if (entry := _entry(*row))]

    def _is_all_ours(self, cursor: int) -> bool:
        """Whether all that was written after `cursor` is remembered, because nobody else wrote:
        whoever follows the journal of a run asks for it at every event."""
        # Changes with every write of another connection, and with none of ours.
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self._recent.clear()
        return bool(self._recent) and self._recent[0].cursor <= cursor + 1

    def close(self) -> None:
        with self._lock, self._explained():
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        if self._readonly:
            if not self._path.is_file():
                raise self._no_run()
            return opened(self._path, patience=_PATIENCE, options="mode=ro")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return opened(self._path, patience=_PATIENCE)

    def _prepare(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise JournalError(
                f"{self._path} was written by a newer Nightshift (version {version} of the file, "
                f"this one knows {_VERSION}). Update Nightshift."
            )
        if self._readonly:
            if version == 0:
                raise self._no_run()
            return
        use_wal(self._connection, _PATIENCE)
        settle(self._connection, synchronous="NORMAL")
        if version < _VERSION:
            self._create()

    def _create(self) -> None:
        with transaction(self._connection) as connection:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _no_run(self) -> JournalError:
        return JournalError(f"No run has been made here: there is no journal in {self._path}.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise JournalError(
                f"The journal {self._path} cannot be used ({error}). See that it is not locked, "
                "that its directory is writable and that the disk has room; if the file is "
                "damaged, move it away: issues and commits are not in it."
            ) from error


def _entry(cursor: int, at: str, run: str, kind: str, fields: str) -> Entry | None:
    event = decode(kind, json.loads(fields))
    if event is None:
        return None
    return Entry(cursor=cursor, at=datetime.fromisoformat(at), run=run, event=event)
