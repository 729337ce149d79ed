"""What the tracker could not be told yet, in one SQLite file that outlives us all."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from ..domain.errors import TrackerError, UsageError
from ..domain.issue import Change
from ..domain.lease import Process
from ..domain.outgoing import DeadLetter
from ..sqlite import opened, settle, transaction, use_wal
from ._rules import storable
from ._telling import Remark, Telling, decode, encode, in_full, in_words

TURN = timedelta(seconds=60)
"""How long a process that lives but does not move on keeps the others from telling."""

_VERSION = 1
_TABLES = (
    """CREATE TABLE waiting (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        issue TEXT NOT NULL,
        what TEXT NOT NULL,
        by TEXT NOT NULL,
        forced INTEGER NOT NULL,
        at TEXT NOT NULL
    )""",
    """CREATE TABLE refused (
        number INTEGER PRIMARY KEY,
        issue TEXT NOT NULL,
        what TEXT NOT NULL,
        by TEXT NOT NULL,
        forced INTEGER NOT NULL,
        at TEXT NOT NULL,
        why TEXT NOT NULL,
        refused_at TEXT NOT NULL
    )""",
    "CREATE TABLE turn (holder TEXT NOT NULL, process TEXT NOT NULL, until REAL NOT NULL)",
)
_ADD = "INSERT INTO waiting (issue, what, by, forced, at) VALUES (?, ?, ?, ?, ?)"
_LARGEST = 2**63 - 1
"""No number in an SQLite file is above it."""

_DAMAGE = (ValueError, LookupError, TypeError, AttributeError)
"""What reading something raises that nobody wrote so."""

_Tellings = tuple[Telling, ...]
_Row = tuple[Any, ...]
_PATIENCE = 10.0
"""Seconds to wait for another process's write."""


class Queue:
    """Tellings in the order in which they were kept; those that were refused, apart from them;
    and whose turn it is to tell, which is one process's at a time.

    For threads, and for processes on one machine. What a call did survives a crash of the
    machine. Raises TrackerError for a file that cannot be used. Not promised: a file on a
    network file system, or use of one object on both sides of a fork.
    """

    def __init__(self, path: Path, process: Process, is_alive: Callable[[Process], bool]) -> None:
        self._path = path
        self._process = json.dumps(vars(process))
        self._is_alive = is_alive
        self._holder = secrets.token_hex(8)  # two objects in one process take turns as well
        self._lock = RLock()
        self._seen: Mapping[str, _Tellings] = {}
        self._seen_at: int | None = None
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = opened(path, patience=_PATIENCE)
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def pending(self) -> Mapping[str, _Tellings]:
        """All that waits, by issue, in order. Cheap where nothing has changed since."""
        with self._lock, self._explained():
            # Changes with every write of another connection; our own we note ourselves.
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._seen_at:
                self._seen, self._seen_at = self._read(), version
            return self._seen

    def add(
        self, issue: str, what: Change | Remark, by: str, forced: bool, at: datetime
    ) -> Telling:
        values = (storable(issue), encode(what), storable(by), forced, at.isoformat())
        with self._lock:
            with self._writing() as connection:
                number = connection.execute(_ADD, values).lastrowid
                telling = _telling((number, *values))
            self._note_added(telling)
        return telling

    def take_turn(self, now: datetime) -> bool:
        """Whether it is our turn to tell now: nobody else's who lives and moves on."""
        with self._writing() as connection:
            held = connection.execute("SELECT holder, process, until FROM turn").fetchone()
            if held is not None and self._is_kept(*held, now=now):
                return False
            connection.execute("DELETE FROM turn")
            values = (self._holder, self._process, (now + TURN).timestamp())
            connection.execute("INSERT INTO turn VALUES (?, ?, ?)", values)
            return True

    def next(self, now: datetime) -> Telling | None:
        """The first that waits; None when there is none, or when it is not our turn any more."""
        until = (now + TURN).timestamp()
        with self._writing() as connection:
            kept = connection.execute(
                "UPDATE turn SET until = ? WHERE holder = ?", (until, self._holder)
            )
            if kept.rowcount == 0:
                return None
            row = connection.execute("SELECT * FROM waiting ORDER BY number LIMIT 1").fetchone()
            return None if row is None else _telling(row)

    def done(self, telling: Telling) -> None:
        """Forget it: the tracker knows it."""
        with self._lock:
            with self._writing() as connection:
                connection.execute("DELETE FROM waiting WHERE number = ?", (telling.number,))
            self._note(telling.issue, lambda waiting: _without(waiting, telling))

    def refuse(self, telling: Telling, why: str, at: datetime) -> DeadLetter:
        """Move it to those that were refused, where it stays until a person acts."""
        with self._lock:
            with self._writing() as connection:
                connection.execute(
                    "INSERT INTO refused SELECT waiting.*, ?, ? FROM waiting WHERE number = ?",
                    (storable(why), at.isoformat(), telling.number),
                )
                connection.execute("DELETE FROM waiting WHERE number = ?", (telling.number,))
            self._note(telling.issue, lambda waiting: _without(waiting, telling))
        return _letter(telling, why, at)

    def end_turn(self) -> None:
        with self._writing() as connection:
            connection.execute("DELETE FROM turn WHERE holder = ?", (self._holder,))

    def refused(self, numbers: Iterable[int] | None = None) -> tuple[DeadLetter, ...]:
        """All that were refused and are still there, in order; or those of these numbers, each
        once. One that is damaged says so in `what`, and what is left of it is its `text`.
        Raises UsageError where there is none of a number."""
        with self._lock, self._explained():
            every = "SELECT * FROM refused ORDER BY number"
            rows = self._connection.execute(every) if numbers is None else self._rows(numbers)
            return tuple(map(_kept, rows))

    def restore(self, numbers: Iterable[int]) -> None:
        """Let these that were refused wait again, behind all others; they have other numbers
        then. Raises UsageError where there is none of a number, or where one is damaged; nothing
        is done then."""
        with self._lock:
            with self._writing() as connection:
                again = [self._again(connection, row) for row in self._rows(numbers)]
            for telling in again:
                self._note_added(telling)

    def drop(self, numbers: Iterable[int]) -> tuple[DeadLetter, ...]:
        """Forget these that were refused, and say what they were. Raises UsageError where there
        is none of a number; nothing is forgotten then."""
        with self._writing() as connection:
            rows = self._rows(numbers)
            for number, *_ in rows:
                connection.execute("DELETE FROM refused WHERE number = ?", (number,))
        return tuple(map(_kept, rows))

    def _again(self, connection: sqlite3.Connection, row: _Row) -> Telling:
        number, *values, _, _ = row
        try:
            _telling((number, *values))
        except _DAMAGE as error:
            raise UsageError(
                f"What the tracker refused as number {number} is damaged ({error}), so it cannot "
                f"be told again. See what is left of it with `nightshift outbox show {number}`, "
                "and do it by hand."
            ) from error
        again = connection.execute(_ADD, values).lastrowid
        connection.execute("DELETE FROM refused WHERE number = ?", (number,))
        return _telling((again, *values))

    def _rows(self, numbers: Iterable[int]) -> list[_Row]:
        return [self._row(one) for one in dict.fromkeys(numbers)]

    def _row(self, number: int) -> _Row:
        found: _Row | None = None
        if 0 < number <= _LARGEST:
            asked = "SELECT * FROM refused WHERE number = ?"
            found = self._connection.execute(asked, (number,)).fetchone()
        if found is None:
            raise UsageError(
                f"Nothing that the tracker refused has the number {number}. See what there is "
                "with `nightshift outbox list`."
            )
        return found

    def close(self) -> None:
        with self._lock, self._explained():
            self._connection.close()

    def _is_kept(self, holder: str, process: str, until: float, *, now: datetime) -> bool:
        ours = holder == self._holder
        is_current = datetime.fromtimestamp(until, UTC) > now
        return not ours and is_current and self._is_alive(Process(**json.loads(process)))

    def _read(self) -> Mapping[str, _Tellings]:
        found: dict[str, _Tellings] = {}
        for row in self._connection.execute("SELECT * FROM waiting ORDER BY number"):
            telling = _telling(row)
            found[telling.issue] = (*found.get(telling.issue, ()), telling)
        return found

    def _note_added(self, telling: Telling) -> None:
        self._note(telling.issue, lambda waiting: (*waiting, telling))

    def _note(self, issue: str, change: Callable[[_Tellings], _Tellings]) -> None:
        """What we wrote ourselves, in the memory of what waits. A new mapping: the old one may be
        in use."""
        waiting = change(self._seen.get(issue, ()))
        rest = {id: one for id, one in self._seen.items() if id != issue}
        self._seen = {**rest, issue: waiting} if waiting else rest

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained(), transaction(self._connection) as connection:
            yield connection

    def _prepare(self) -> None:
        use_wal(self._connection, _PATIENCE)
        settle(self._connection, synchronous="FULL")
        with self._writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise TrackerError(
                    f"{self._path} was written by a newer Nightshift (version {version} of the "
                    f"file, this one knows {_VERSION}). Update Nightshift."
                )
            for statement in _TABLES if version < _VERSION else ():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, *_DAMAGE) as error:
            raise TrackerError(
                f"{self._path}, which keeps what the tracker could not be told, cannot be used "
                f"({error}). See that it is not locked, that its directory is writable and that "
                "the disk has room; if the file is damaged, keep a copy and move it away."
            ) from error


def _without(waiting: _Tellings, gone: Telling) -> _Tellings:
    return tuple(one for one in waiting if one.number != gone.number)


def _kept(row: _Row) -> DeadLetter:
    """One that was refused, as its row in the file tells it."""
    number, issue, what, by, _, _, why, at = row
    when = _moment(at)
    try:
        return _letter(_telling(row[:6]), why, when)
    except _DAMAGE:
        return DeadLetter(
            number=number,
            issue=str(issue),
            what="something that is damaged",
            text=str(what),
            by=str(by),
            why=str(why),
            at=when,
        )


def _moment(text: str) -> datetime:
    """The year 1970 for one that is damaged."""
    try:
        return datetime.fromisoformat(text)
    except _DAMAGE:
        return datetime.fromtimestamp(0, UTC)


def _letter(telling: Telling, why: str, at: datetime) -> DeadLetter:
    return DeadLetter(
        number=telling.number,
        issue=telling.issue,
        what=in_words(telling.what),
        text=in_full(telling.what),
        by=telling.by,
        why=why,
        at=at,
    )


def _telling(row: Sequence[Any]) -> Telling:
    number, issue, what, by, forced, at = row
    return Telling(
        number=number,
        issue=issue,
        what=decode(what),
        by=by,
        forced=bool(forced),
        at=datetime.fromisoformat(at),
    )
