"""Issues in one SQLite file: the default, no account needed."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..domain.errors import IssueDeleted
from ..domain.issue import Change, Comment, Draft, Issue, Priority, State
from ..domain.query import Query
from ._database import Database
from ._rules import as_stored, edited, made, not_found, refuse_cycle, storable
from .base import Clock, utcnow

_ALL = Query()
_ID = re.compile(r"[1-9][0-9]{0,17}")
_ISSUES = """
    SELECT id, title, body, state, priority, k.key, reopened, created_at, updated_at, closed_at,
        (SELECT json_group_array(name) FROM labels WHERE issue = i.id),
        (SELECT json_group_array(needs) FROM dependencies WHERE issue = i.id)
    FROM issues i LEFT JOIN keys k ON k.issue = i.id
"""


class SqliteTracker:
    """All that `Tracker` and `Deletes` promise, for threads and for processes on one machine.

    Promised besides: what a call returned from survives a crash of the machine. Not promised:
    a file on a network file system, or use of one object on both sides of a fork. `patience` is
    how many seconds to wait for another process's write before TrackerUnavailable.
    """

    name = "sqlite"

    def __init__(self, path: Path, clock: Clock = utcnow, *, patience: float = 10.0) -> None:
        self._clock = clock
        self._database = Database(path, patience)

    def list(self, query: Query = _ALL) -> Sequence[Issue]:
        where, values = _conditions(as_stored(query))
        limit = -1 if query.limit is None else query.limit
        with self._database.reading() as connection:
            rows = connection.execute(
                f"{_ISSUES} WHERE {where} ORDER BY id LIMIT ?", (*values, limit)
            ).fetchall()
        return tuple(self._issue(row) for row in rows)

    def get(self, id: str) -> Issue:
        with self._database.reading() as connection:
            return self._get(connection, id)

    def comments(self, id: str) -> Sequence[Comment]:
        with self._database.reading() as connection:
            self._get(connection, id)
            return tuple(
                _comment(row)
                for row in connection.execute(
                    "SELECT * FROM comments WHERE issue = ? ORDER BY id", (id,)
                )
            )

    def create(self, draft: Draft) -> Issue:
        key = None if draft.key is None else storable(draft.key)
        with self._database.writing() as connection:
            if key is not None and (known := self._known(connection, key)):
                return known
            self._require(connection, draft.depends_on)
            id = _next_id(connection)
            uid = f"local:{self._database.store}/{id}"
            issue = made(draft, id=id, uid=uid, key=key, now=self._clock())
            _insert(connection, issue)
            return issue

    def update(self, id: str, change: Change) -> Issue:
        with self._database.writing() as connection:
            before = self._get(connection, id)
            self._require(connection, change.add_depends_on)
            after = edited(before, change, self._clock())
            if set(after.depends_on) - set(before.depends_on):
                refuse_cycle(after, _edges(connection))
            if after is not before:
                _save(connection, after)
            return after

    def comment(self, id: str, text: str, *, author: str, key: str | None = None) -> Comment:
        key = None if key is None else storable(key)
        with self._database.writing() as connection:
            self._get(connection, id)
            row = connection.execute(
                "SELECT * FROM comments WHERE issue = ? AND key = ?", (id, key)
            ).fetchone()
            if row is not None:
                return _comment(row)
            values = (id, storable(author), storable(text), self._clock().isoformat(), key)
            made_as = connection.execute(
                "INSERT INTO comments (issue, author, text, created_at, key)"
                " VALUES (?, ?, ?, ?, ?)",
                values,
            ).lastrowid
            return _comment((made_as, *values))

    def delete(self, id: str) -> None:
        with self._database.writing() as connection:
            self._get(connection, id)
            connection.execute(
                "UPDATE issues SET updated_at = ?"
                " WHERE id IN (SELECT issue FROM dependencies WHERE needs = ?)",
                (self._clock().isoformat(), id),
            )
            connection.execute("DELETE FROM issues WHERE id = ?", (id,))

    def close(self) -> None:
        self._database.close()

    def _get(self, connection: sqlite3.Connection, id: str) -> Issue:
        if not _ID.fullmatch(id):
            raise not_found(id)
        row = connection.execute(f"{_ISSUES} WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise not_found(id)
        return self._issue(row)

    def _require(self, connection: sqlite3.Connection, ids: Iterable[str]) -> None:
        for id in ids:
            self._get(connection, id)

    def _known(self, connection: sqlite3.Connection, key: str) -> Issue | None:
        row = connection.execute("SELECT issue FROM keys WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        issue = connection.execute(f"{_ISSUES} WHERE id = ?", row).fetchone()
        if issue is None:
            raise IssueDeleted(
                f"Issue {row[0]}, made with the key {key!r}, was deleted and is not made again. "
                "Use another key to make a new one."
            )
        return self._issue(issue)

    def _issue(self, row: tuple[Any, ...]) -> Issue:
        (id, title, body, state, priority, key, reopened, created, updated, closed) = row[:10]
        return Issue(
            id=str(id),
            uid=f"local:{self._database.store}/{id}",
            title=title,
            body=body,
            state=State(state),
            priority=Priority(priority),
            labels=frozenset(json.loads(row[10])),
            depends_on=tuple(str(one) for one in sorted(json.loads(row[11]))),
            key=key,
            reopened=reopened,
            created_at=datetime.fromisoformat(created),
            updated_at=datetime.fromisoformat(updated),
            closed_at=datetime.fromisoformat(closed) if closed else None,
        )


def _conditions(query: Query) -> tuple[str, tuple[Any, ...]]:
    """The same as `Query.matches`, for SQLite."""
    conditions, values = ["true"], []
    if query.states is not None:
        conditions.append(f"state IN ({', '.join('?' for _ in query.states)})")
        values += [state.value for state in query.states]
    for name in query.labels:
        conditions.append("EXISTS (SELECT 1 FROM labels WHERE issue = i.id AND name = ?)")
        values.append(name)
    if query.key_prefix is not None:
        conditions.append("instr(coalesce(k.key, ''), ?) = 1")
        values.append(query.key_prefix)
    return " AND ".join(conditions), tuple(values)


def _next_id(connection: sqlite3.Connection) -> str:
    """One more than the highest that ever was."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'issues'").fetchone()
    return str(row[0] + 1 if row else 1)


def _insert(connection: sqlite3.Connection, issue: Issue) -> None:
    connection.execute(
        "INSERT INTO issues (id, title, body, state, priority, reopened, created_at, updated_at)"
        " VALUES (?, '', '', '', '', 0, ?, '')",
        (issue.id, issue.created_at.isoformat()),
    )
    if issue.key is not None:
        connection.execute("INSERT INTO keys VALUES (?, ?)", (issue.key, issue.id))
    _save(connection, issue)


def _save(connection: sqlite3.Connection, issue: Issue) -> None:
    """Write all of an issue that can change."""
    connection.execute(
        "UPDATE issues SET title = ?, body = ?, state = ?, priority = ?, reopened = ?,"
        " updated_at = ?, closed_at = ? WHERE id = ?",
        (
            issue.title,
            issue.body,
            issue.state.value,
            issue.priority.value,
            issue.reopened,
            issue.updated_at.isoformat(),
            issue.closed_at.isoformat() if issue.closed_at else None,
            issue.id,
        ),
    )
    connection.execute("DELETE FROM labels WHERE issue = ?", (issue.id,))
    connection.executemany(
        "INSERT INTO labels VALUES (?, ?)", [(issue.id, name) for name in issue.labels]
    )
    connection.execute("DELETE FROM dependencies WHERE issue = ?", (issue.id,))
    connection.executemany(
        "INSERT INTO dependencies VALUES (?, ?)", [(issue.id, one) for one in issue.depends_on]
    )


def _edges(connection: sqlite3.Connection) -> dict[str, list[str]]:
    edges: dict[str, list[str]] = {}
    for issue, needs in connection.execute("SELECT issue, needs FROM dependencies"):
        edges.setdefault(str(issue), []).append(str(needs))
    return edges


def _comment(row: tuple[Any, ...]) -> Comment:
    id, issue, author, text, created, key = row
    return Comment(
        id=str(id),
        issue=str(issue),
        author=author,
        text=text,
        created_at=datetime.fromisoformat(created),
        key=key,
    )
