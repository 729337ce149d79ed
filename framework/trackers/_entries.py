"""Labels, milestones and users as rows of the SQLite file.

A new name, or none, goes on to the issues by foreign keys.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from ..domain.entry import Entry, Label, Milestone, User
from ..domain.issue import Issue
from . import _catalogue
from ._damaged import each

E = TypeVar("E", Label, Milestone, User)

_TABLES: dict[type[Entry], str] = {Label: "labels", Milestone: "milestones", User: "users"}


def enter(connection: sqlite3.Connection, issues: Iterable[Issue]) -> None:
    """What the issues name becomes an entry where it is none yet. Before the issues are written."""
    named = {(type(one), one.name) for issue in issues for one in _catalogue.named(issue)}
    for kind, name in named:
        connection.execute(
            f"INSERT OR IGNORE INTO {_TABLES[kind]} (name) VALUES (?)",  # noqa: S608
            (name,),
        )


def every(connection: sqlite3.Connection, kind: type[E]) -> tuple[E, ...]:
    rows = connection.execute(f"SELECT * FROM {_TABLES[kind]} ORDER BY name")  # noqa: S608
    return tuple(each(_TABLES[kind], rows, lambda row: kind(**_fields(kind, row))))


def find(connection: sqlite3.Connection, kind: type[Entry], name: str) -> Entry:
    """Raises EntryNotFound."""
    rows = connection.execute(
        f"SELECT * FROM {_TABLES[kind]} WHERE name = ?",  # noqa: S608 - a name of ours
        (name,),
    ).fetchall()
    if not rows:
        raise _catalogue.not_there(kind, name)
    return each(_TABLES[kind], rows, lambda row: kind(**_fields(kind, row)))[0]


def put(connection: sqlite3.Connection, before: Entry | None, entry: Entry) -> None:
    """Write the entry, in the place of `before` if that is given. Raises AlreadyThere."""
    table, values = _TABLES[type(entry)], _values(entry)
    try:
        if before is None:
            marks = ", ".join("?" for _ in values)
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(values.values()))  # noqa: S608
        else:
            columns = ", ".join(f"{name} = ?" for name in values)
            connection.execute(
                f"UPDATE {table} SET {columns} WHERE name = ?",  # noqa: S608 - names of ours
                (*values.values(), before.name),
            )
    except sqlite3.IntegrityError as error:
        raise _catalogue.already_there(entry) from error


def milestone_of(row: Sequence[Any]) -> Milestone:
    """Raises ValueError and its like for a row that is none."""
    return Milestone(**_fields(Milestone, row))


def remove(connection: sqlite3.Connection, entry: Entry) -> None:
    table = _TABLES[type(entry)]
    connection.execute(f"DELETE FROM {table} WHERE name = ?", (entry.name,))  # noqa: S608


def _values(entry: Entry) -> dict[str, Any]:
    """Column by column, in the order of the table."""
    values = {name: getattr(entry, name) for name in type(entry).__annotations__}
    if isinstance(entry, Milestone):
        values["due"] = entry.due.isoformat() if entry.due else None
    return values


def _fields(kind: type[Entry], row: Iterable[Any]) -> dict[str, Any]:
    values = dict(zip(kind.__annotations__, row, strict=True))
    if kind is Milestone:
        values["due"] = date.fromisoformat(values["due"]) if values["due"] else None
        values["is_closed"] = bool(values["is_closed"])
    return values
