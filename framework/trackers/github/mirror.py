"""What was last seen of a repository's issues, in one SQLite file beside the project.

A memory and no more: GitHub is right wherever the two differ, and a lost file is filled again by
one full listing. Only what a dead process meant to do is known here alone: `intents`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock

from ...domain.errors import TrackerUnavailable
from ...domain.frozen import dataclass
from ...lockfile import exclusive
from ...sqlite import furnish, opened, settle, transaction, use_wal
from . import seen as wire
from .marker import unmarked
from .seen import Snapshot

_TURNS = 5
"""How often the patience with a write of the file goes into the one with a turn. An agent's shell
call is ended after two minutes, and a command may wait for two turns: what is said then must
still be heard."""

_PAUSE = 0.05
"""Seconds between two looks whether it is our turn."""
_LAG = timedelta(seconds=10)
"""For how long a listing may still show an issue as it was before our own write."""

_WHOSE = "belongs to"
_VERSION = 1
"""Of the tables and of what is written in them: of another one nothing is kept."""
_SCHEMA = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE issues (
        number INTEGER PRIMARY KEY, seen TEXT NOT NULL, blockers TEXT, elsewhere TEXT NOT NULL,
        key TEXT, own TEXT, gone INTEGER NOT NULL, version INTEGER NOT NULL
    );
    CREATE INDEX by_key ON issues (key) WHERE key IS NOT NULL;
    CREATE INDEX unasked ON issues (number) WHERE blockers IS NULL;
    CREATE INDEX by_version ON issues (version);
    CREATE TABLE intents (name TEXT PRIMARY KEY, at TEXT NOT NULL);
    CREATE TABLE remarks (
        issue INTEGER NOT NULL, id INTEGER NOT NULL, remark TEXT NOT NULL, PRIMARY KEY (issue, id)
    );
"""
_COLUMNS = "seen, blockers, elsewhere, own, gone, version"
_KEEP = """
    INSERT INTO issues (number, seen, blockers, elsewhere, key, own, gone, version)
    VALUES (?1, ?2, '[]', '[]', ?3, ?4, 0, (SELECT ifnull(max(version), 0) + 1 FROM issues))
    ON CONFLICT (number) DO UPDATE SET
        seen = ?2, key = ?3, own = ifnull(?4, own), gone = 0,
        version = (SELECT max(version) + 1 FROM issues)
"""
_ASK_AGAIN = """
    UPDATE issues SET blockers = NULL WHERE number = ?1 AND
        (?2 OR json_array_length(ifnull(blockers, '[]')) + json_array_length(elsewhere) != ?3)
"""
"""What it waits for is not said in a listing, only how much that is."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """`blockers` are numbers of this repository, None while they have to be asked for;
    `elsewhere` names those in other repositories, empty where they are closed. `at` is when GitHub
    last told us of just this issue, by our clock; None where only listings did."""

    seen: Snapshot
    blockers: tuple[int, ...] | None
    elsewhere: tuple[str, ...]
    at: datetime | None
    is_gone: bool
    version: int


class Mirror:
    """For the threads and processes of one machine. Each call is one transaction."""

    def __init__(self, directory: Path, *, patience: float = 10.0) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / "mirror.db"
        self._lock, self._taking_turns = RLock(), RLock()
        self._connection = opened(self._path, patience=patience)
        self._patience, self._has_turn = patience, False
        with self._lock, self._explained():
            settle(self._connection, synchronous="FULL")
            use_wal(self._connection, patience)
            furnish(self._connection, _SCHEMA, version=_VERSION)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, no other thread or process of this machine writes to the repository.

        It ends with the process. Entering it twice in a thread is allowed. Raises
        TrackerUnavailable when it is not had in 50 seconds (five times `patience`).
        """
        with self._taking_turns, ExitStack() as held:
            is_first, self._has_turn = not self._has_turn, True
            try:
                if is_first:
                    self._take_turn(held)
                yield
            finally:
                self._has_turn = not is_first

    def _take_turn(self, held: ExitStack) -> None:
        path = self._path.with_name("turn.lock")
        try:
            held.enter_context(
                exclusive(path, busy=_too_long, patience=self._patience * _TURNS, pause=_PAUSE)
            )
        except OSError as error:
            raise self._unusable(path, error) from error

    def belongs_to(self, repository: str) -> None:
        """Forget everything, if it was of another one."""
        was = self.fact(_WHOSE)
        if was != repository:
            with self._writing() as connection:
                for table in ("issues", "intents", "remarks"):
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608
                connection.execute("DELETE FROM facts WHERE name NOT LIKE 'repository %'")
            self.keep_fact(_WHOSE, repository)

    # Issues.

    def rows(self, after: int = 0) -> Sequence[Row]:
        """Those whose version is above `after`, in order of their numbers; the gone ones too."""
        with self._reading() as connection:
            asked = f"SELECT {_COLUMNS} FROM issues WHERE version > ? ORDER BY number"  # noqa: S608
            return [_row(*one) for one in connection.execute(asked, (after,))]

    def unasked(self) -> Sequence[Row]:
        """Those of which it has to be asked what they wait for."""
        with self._reading() as connection:
            asked = f"SELECT {_COLUMNS} FROM issues WHERE blockers IS NULL AND NOT gone"  # noqa: S608
            return [_row(*one) for one in connection.execute(asked)]

    def row(self, number: int) -> Row | None:
        with self._reading() as connection:
            asked = f"SELECT {_COLUMNS} FROM issues WHERE number = ?"  # noqa: S608
            found = connection.execute(asked, (number,)).fetchone()
            return None if found is None else _row(*found)

    def with_key(self, key: str) -> Sequence[Row]:
        """All whose marker has the key, the lowest number first; the gone ones too."""
        with self._reading() as connection:
            asked = f"SELECT {_COLUMNS} FROM issues WHERE key = ? ORDER BY number"  # noqa: S608
            return [_row(*one) for one in connection.execute(asked, (key,))]

    def keep(self, shown: Iterable[Snapshot], now: datetime, *, ours: bool) -> None:
        """Remember these. `ours` came as the answer to a write, or to a question about just this
        issue, and are right; a listing is not believed where it is older than what is known."""
        with self._writing() as connection:
            for seen in shown:
                if not ours and _is_stale(connection, seen, now):
                    continue
                own = now.isoformat() if ours else None
                _, marker = unmarked(seen.body)
                mine = marker.number in (None, seen.number)
                values = (seen.number, wire.written(seen), marker.key if mine else None, own)
                connection.execute(_KEEP, values)
                blocked = seen.blocked or 0
                connection.execute(_ASK_AGAIN, (seen.number, blocked and not ours, blocked))

    def keep_blockers(
        self, number: int, blockers: Iterable[int] | None, elsewhere: Iterable[str] = ()
    ) -> None:
        """None: they have to be asked for again."""
        text = None if blockers is None else json.dumps(sorted(set(blockers)))
        with self._writing() as connection:
            connection.execute(
                "UPDATE issues SET blockers = ?, elsewhere = ?,"
                " version = (SELECT max(version) + 1 FROM issues) WHERE number = ?",
                (text, json.dumps(list(elsewhere)), number),
            )

    def lose(self, number: int) -> None:
        """The issue was deleted or moved to another repository; its key stays known."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE issues SET gone = 1, version = (SELECT max(version) + 1 FROM issues)"
                " WHERE number = ? AND NOT gone",
                (number,),
            )

    # Remarks, facts and intents.

    def remarks(self, issue: int) -> Sequence[str]:
        with self._reading() as connection:
            asked = "SELECT remark FROM remarks WHERE issue = ? ORDER BY id"
            return [text for (text,) in connection.execute(asked, (issue,))]

    def keep_remarks(self, issue: int, remarks: Iterable[tuple[int, str]], *, all: bool) -> None:
        """`all`: there are no others any more."""
        with self._writing() as connection:
            if all:
                connection.execute("DELETE FROM remarks WHERE issue = ?", (issue,))
            for id, text in remarks:
                connection.execute(
                    "INSERT OR REPLACE INTO remarks VALUES (?, ?, ?)", (issue, id, text)
                )

    def fact(self, name: str) -> str | None:
        with self._reading() as connection:
            asked = "SELECT value FROM facts WHERE name = ?"
            found = connection.execute(asked, (name,)).fetchone()
            return None if found is None else str(found[0])

    def keep_fact(self, name: str, value: str) -> None:
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def intend(self, names: Iterable[str], now: datetime) -> None:
        """Note down what is about to be sent: until it is `settled` it may have been done."""
        with self._writing() as connection:
            for name in names:
                values = (name, now.isoformat())
                connection.execute("INSERT OR REPLACE INTO intents VALUES (?, ?)", values)

    def settle(self, names: Iterable[str]) -> None:
        with self._writing() as connection:
            connection.executemany("DELETE FROM intents WHERE name = ?", [(one,) for one in names])

    def intended(self, name: str) -> datetime | None:
        """When that was about to be sent, None where nothing is open."""
        with self._reading() as connection:
            asked = "SELECT at FROM intents WHERE name = ?"
            found = connection.execute(asked, (name,)).fetchone()
            return None if found is None else datetime.fromisoformat(found[0])

    def intentions(self, prefix: str) -> Sequence[str]:
        """The names of all that is open and begins so."""
        with self._reading() as connection:
            asked = "SELECT name FROM intents WHERE substr(name, 1, ?) = ? ORDER BY name"
            return [name for (name,) in connection.execute(asked, (len(prefix), prefix))]

    def close(self) -> None:
        with self._taking_turns, self._lock:
            self._connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained(), transaction(self._connection):
            yield self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._unusable(self._path, error) from error

    def _unusable(self, path: Path, error: Exception) -> TrackerUnavailable:
        return TrackerUnavailable(
            f"What is remembered of GitHub in {path} cannot be read or written: {error}. "
            "See that the disk has room; the file is made anew when it is away."
        )


def _too_long(path: Path) -> TrackerUnavailable:
    return TrackerUnavailable(
        "It was not our turn to write to GitHub for too long: another process of this machine is "
        f"at it and holds {path}. Try again; end that process if it hangs."
    )


def _row(
    seen: str, blockers: str | None, elsewhere: str, own: str | None, gone: int, version: int
) -> Row:
    known = None if blockers is None else tuple(json.loads(blockers))
    return Row(
        seen=wire.read(seen),
        blockers=known,
        elsewhere=tuple(json.loads(elsewhere)),
        at=None if own is None else datetime.fromisoformat(own),
        is_gone=bool(gone),
        version=version,
    )


def _is_stale(connection: sqlite3.Connection, seen: Snapshot, now: datetime) -> bool:
    """Whether this adds nothing: as it is known, older, or from before a write of our own."""
    asked = "SELECT seen, own, gone FROM issues WHERE number = ?"
    found = connection.execute(asked, (seen.number,)).fetchone()
    if found is None:
        return False
    known, own, gone = wire.read(found[0]), found[1], found[2]
    if known == seen:
        return not gone
    if own is not None and now - datetime.fromisoformat(own) < _LAG:
        return seen.updated_at <= known.updated_at
    return seen.updated_at < known.updated_at
