"""Which deliveries were taken already: a signature without a time is good for ever."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ..domain.errors import SettingsError
from ..sqlite import furnish, opened, settle, transaction, use_wal

_VERSION = 1
_SCHEMA = """
    CREATE TABLE taken (
        number INTEGER PRIMARY KEY,
        body BLOB NOT NULL UNIQUE,
        delivery TEXT NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX by_delivery ON taken (delivery);
    CREATE INDEX by_time ON taken (at);
"""
_KEPT = timedelta(days=7)
_MOST = 100_000
_PATIENCE = 5.0
"""Seconds to wait for another process's write."""


class Deliveries:
    """Remembered for seven days, the newest `most` of them, in one SQLite file; of a body only
    its digest. Several processes may use the file, and one object several threads in turn.

    A delivery was taken when its name or its very bytes were: the name is not signed, so whoever
    repeats a delivery could give it another.
    """

    def __init__(self, path: Path, *, most: int = _MOST) -> None:
        self._path = path
        self._most = most
        with self._explained():
            self._connection = opened(path, patience=_PATIENCE)
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def is_known(self, delivery: str, body: bytes, now: datetime) -> bool:
        with self._explained():
            found = self._connection.execute(
                "SELECT 1 FROM taken WHERE at > ? AND (body = ? OR (? <> '' AND delivery = ?))",
                (_oldest(now), _digest(body), delivery, delivery),
            ).fetchone()
        return found is not None

    def remember(self, delivery: str, body: bytes, now: datetime) -> None:
        """Forgets what is too old or too much."""
        with self._explained(), transaction(self._connection):
            self._connection.execute("DELETE FROM taken WHERE at <= ?", (_oldest(now),))
            self._connection.execute(
                "INSERT OR REPLACE INTO taken (body, delivery, at) VALUES (?, ?, ?)",
                (_digest(body), delivery, now.timestamp()),
            )
            self._connection.execute(
                "DELETE FROM taken WHERE number <= (SELECT MAX(number) FROM taken) - ?",
                (self._most,),
            )

    def close(self) -> None:
        with self._explained():
            self._connection.close()

    def _prepare(self) -> None:
        settle(self._connection, synchronous="NORMAL")
        use_wal(self._connection, _PATIENCE)
        furnish(self._connection, _SCHEMA, version=_VERSION)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SettingsError(
                f"{self._path} cannot be used: {error}. Free disk space if there is none, and "
                "give this user the right to write it; it holds only which webhooks were taken, "
                "so a damaged one may be moved away."
            ) from error


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _oldest(now: datetime) -> float:
    return (now - _KEPT).timestamp()
