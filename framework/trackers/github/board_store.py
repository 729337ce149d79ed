"""What is remembered of a board between looks, in one SQLite file for all processes.

Nothing in it is the only copy of anything but of what is still to be written: without the file
the board is found again, read once, and compared with the issues.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from ...domain.errors import TrackerError
from ...domain.issue import Priority, State
from ...lockfile import turn
from ...sqlite import furnish, opened, settle, transaction, use_wal
from .board_cards import Card, Row, is_due

_TABLES = """
CREATE TABLE cards (
  number INTEGER PRIMARY KEY, node TEXT NOT NULL, due INTEGER NOT NULL, moved INTEGER NOT NULL,
  row TEXT NOT NULL
);
CREATE INDEX cards_due ON cards (due) WHERE due;
CREATE INDEX cards_moved ON cards (moved) WHERE moved;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_VERSION = 1
"""Of the tables and of what is written in them: of another one nothing is kept."""
_PATIENCE = 30.0


class BoardStore:
    """Cards and facts in the file `path`; every change is on disk when its method returns.

    Safe for threads and processes of one machine, and through SIGKILL. Raises TrackerError where
    the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = RLock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = opened(path, patience=_PATIENCE)
            settle(self._connection, synchronous="FULL")
            use_wal(self._connection, _PATIENCE)
            furnish(self._connection, _TABLES, version=_VERSION)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether it is this process's turn to write to the board: False, at once, while another
        one does. The kernel ends the turn of a process that dies."""
        with ExitStack() as held:
            with self._explained():
                is_ours = held.enter_context(turn(self._path.with_suffix(".turn")))
            yield is_ours

    def change(self, numbers: Iterable[int], by: Callable[[int, Row | None], Row | None]) -> None:
        """Each row becomes what `by` makes of it, all at once; None leaves it. `by` gets the row
        as it is now, whoever changed it since it was last read."""
        with self._writing() as connection:
            for number in numbers:
                before = self._row(number)
                after = by(number, before)
                if after is not None and after != before:
                    connection.execute(
                        "INSERT OR REPLACE INTO cards VALUES (?, ?, ?, ?, ?)",
                        (
                            number,
                            after.want.node,
                            is_due(after),
                            after.moved is not None,
                            _text(after),
                        ),
                    )

    def rows(self) -> dict[int, Row]:
        return self._read("1")

    def due(self) -> dict[int, Row]:
        """The cards of which something is still to be written."""
        return self._read("due")

    def moved(self) -> dict[int, Row]:
        """The cards that a person moved, and of which nobody was shown again since."""
        return self._read("moved")

    def count(self) -> int:
        with self._lock, self._explained():
            (number,) = self._connection.execute("SELECT count(*) FROM cards").fetchone()
        return int(number)

    def fact(self, name: str) -> Any:
        """What was kept under this name; None for nothing."""
        with self._lock, self._explained():
            found = self._connection.execute(
                "SELECT value FROM facts WHERE name = ?", (name,)
            ).fetchone()
        return json.loads(found[0]) if found else None

    def keep(self, **facts: Any) -> None:
        """Remember each fact under its name, all at once; None forgets."""
        with self._writing() as connection:
            for name, value in facts.items():
                connection.execute(
                    "INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value))
                )

    def forget_board(self) -> None:
        """There is another board, or none: only what cards should show is kept."""
        with self._writing() as connection:
            connection.execute("DELETE FROM facts")
            for number, row in self._read("1").items():
                connection.execute(
                    "UPDATE cards SET due = 1, moved = 0, row = ? WHERE number = ?",
                    (_text(Row(want=row.want)), number),
                )

    def _row(self, number: int) -> Row | None:
        found = self._connection.execute(
            "SELECT row FROM cards WHERE number = ?", (number,)
        ).fetchone()
        return _parsed(found[0]) if found else None

    def _read(self, condition: str) -> dict[int, Row]:
        question = f"SELECT number, row FROM cards WHERE {condition} ORDER BY number"  # noqa: S608
        with self._lock, self._explained():
            return {number: _parsed(text) for number, text in self._connection.execute(question)}

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained(), transaction(self._connection):
            yield self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise TrackerError(
                f"{self._path}, where the board's cards are remembered, cannot be used: {error}. "
                "See that you may write to it; if it is damaged, move it aside, and the board is "
                "read anew."
            ) from error


def _text(row: Row) -> str:
    values: Mapping[str, Any] = {
        **vars(row),
        "want": vars(row.want),
        "after": row.after.isoformat() if row.after else None,
    }
    return json.dumps(values)


def _parsed(text: str) -> Row:
    values = json.loads(text)
    values["want"] = Card(**_typed(values["want"]))
    values["after"] = datetime.fromisoformat(values["after"]) if values["after"] else None
    return Row(**_typed(values))


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    kinds: Mapping[str, Callable[[Any], Any]] = {
        "state": State,
        "moved": State,
        "priority": Priority,
    }
    return {
        name: kinds[name](value) if name in kinds and value is not None else value
        for name, value in values.items()
    }
