"""How our SQLite files are opened, and what their connections keep in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from framework.domain.lease import Process
from framework.journals.sqlite import SqliteJournal
from framework.leases.sqlite import SqliteLeases
from framework.sqlite import furnish, opened, transaction, use_wal
from framework.trackers._queue import Queue
from framework.trackers.sqlite import SqliteTracker

_ME = Process(host="here", boot="1", pid=1, started=1.0)


def _leases(directory: Path) -> SqliteLeases:
    store = SqliteLeases(directory)
    store.establish()
    return store


@pytest.mark.parametrize(
    "made",
    [
        lambda directory: SqliteTracker(directory / "issues.db"),
        lambda directory: SqliteJournal(directory / "journal.db", run="r"),
        lambda directory: Queue(directory / "outbox.db", _ME, lambda one: True),
        _leases,
    ],
    ids=["tracker", "journal", "outbox", "leases"],
)
def test_no_file_keeps_more_than_a_quarter_of_a_megabyte(
    made: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last connection that each store opens has the small cache."""
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*args, **kwargs):
        connections.append(connect(*args, **kwargs))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    with closing(made(tmp_path)):
        assert connections[-1].execute("PRAGMA cache_size").fetchone() == (-256,)
        assert connections[-1].execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """An exception in the block takes back what was written in it, and is passed on."""
    with closing(opened(tmp_path / "a.db", patience=1)) as connection:
        connection.execute("CREATE TABLE t (number INTEGER)")
        with pytest.raises(LookupError):
            _write_and_fail(connection)
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_file_of_another_version_is_made_anew(tmp_path: Path) -> None:
    """Nothing of it is left; one of the same version is left as it is."""
    first = "CREATE TABLE t (number INTEGER); CREATE INDEX i ON t (number)"
    second = "CREATE TABLE t (number INTEGER, name TEXT); CREATE INDEX i ON t (name);"
    with closing(opened(tmp_path / "a.db", patience=1)) as connection:
        for _ in range(2):
            furnish(connection, first, version=1)
            connection.execute("INSERT INTO t VALUES (1)")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)
        furnish(connection, second, version=2)
        assert connection.execute("SELECT count(name) FROM t").fetchone() == (0,)


def _write_and_fail(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        connection.execute("INSERT INTO t VALUES (1)")
        raise LookupError


def test_another_who_writes_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    """A new file that somebody else is writing cannot be changed to the log of writes."""
    path = tmp_path / "a.db"
    with closing(opened(path, patience=0)) as one, closing(opened(path, patience=0)) as other:
        one.execute("CREATE TABLE t (number INTEGER)")
        with transaction(one), pytest.raises(sqlite3.OperationalError, match="locked"):
            use_wal(other, 0)
        use_wal(other, 0)
