"""The log of changes as rows of the SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ..domain.activity import Activity, FieldChange, Kind
from ._damaged import each
from ._rows import stamp

_SELECT = "SELECT id, at, kind, actor, issue, forced, changes FROM activity WHERE id > ?"
# The index is named because SQLite would rather go up the ids until one fits.
_FIRST_SINCE = "SELECT min(id) FROM activity INDEXED BY activity_since WHERE at >= ?"


def note(
    connection: sqlite3.Connection,
    at: datetime,
    kind: Kind,
    actor: str,
    changes: Iterable[tuple[str | None, tuple[FieldChange, ...]]],
    forced: bool = False,
) -> None:
    """Enter `changes`, pairs of an issue (or None) and what differs there, in their order."""
    connection.executemany(
        "INSERT INTO activity (at, kind, actor, issue, forced, changes) VALUES (?, ?, ?, ?, ?, ?)",
        ((stamp(at), kind.value, actor, id, forced, _encoded(made)) for id, made in changes),
    )


def read(
    connection: sqlite3.Connection,
    *,
    issue: str | None,
    actor: str | None,
    since: datetime | None,
    after: int,
    limit: int | None,
) -> tuple[Activity, ...]:
    """The last `limit` of the entries that fit, oldest first."""
    wanted: dict[str, str | None] = {"issue = ?": issue, "actor = ?": actor}
    if since is not None:
        (first,) = connection.execute(_FIRST_SINCE, (stamp(since),)).fetchone()
        if first is None:
            return ()
        after = max(after, first - 1)
        wanted["at >= ?"] = stamp(since)  # the clock may have been put back after the first
    given = {sql: value for sql, value in wanted.items() if value is not None}
    sql = " AND ".join([_SELECT, *given])
    rows = connection.execute(
        f"{sql} ORDER BY id DESC LIMIT ?",
        (after, *given.values(), -1 if limit is None else limit),
    ).fetchall()
    return tuple(each("activity", reversed(rows), activity_of))


def _encoded(changes: Iterable[FieldChange]) -> str:
    return json.dumps([(one.field, one.before, one.after) for one in changes], ensure_ascii=False)


def activity_of(row: Sequence[Any]) -> Activity:
    """Raises ValueError and its like for a row that is none."""
    id, at, kind, actor, issue, forced, changes = row
    return Activity(
        id=id,
        at=datetime.fromisoformat(at),
        kind=Kind(kind),
        actor=actor,
        issue=None if issue is None else str(issue),
        changes=tuple(
            FieldChange(field=field, before=before, after=after)
            for field, before, after in json.loads(changes)
        ),
        forced=bool(forced),
    )
