"""Issues and comments as rows of the SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..domain.issue import Comment, Issue, Priority, State
from ._damaged import each, unreadable

EVERY = """
    SELECT i.id, t.title, t.body, i.state, i.priority, i.author, i.milestone,
        (SELECT key FROM keys WHERE issue = i.id),
        i.reopened, i.created_at, i.updated_at, i.closed_at,
        (SELECT json_group_array(label) FROM labelled WHERE issue = i.id),
        (SELECT json_group_array(needs) FROM dependencies WHERE issue = i.id),
        (SELECT json_group_array(user) FROM assigned WHERE issue = i.id)
    FROM issues i JOIN texts t ON t.id = i.id
"""
_STATES = {state.value: state for state in State}
_PRIORITIES = tuple(Priority)
_ZONE = "+00:00"
_NOTHING: frozenset[str] = frozenset()


def load(connection: sqlite3.Connection, ids: Sequence[int], store: str) -> tuple[Issue, ...]:
    """The issues with these ids, in this order."""
    if len(ids) == 1:
        rows = connection.execute(f"{EVERY} WHERE i.id = ?", ids)
    else:
        among = f"{EVERY} WHERE i.id IN (SELECT value FROM json_each(?))"  # noqa: S608
        rows = connection.execute(among, (json.dumps(ids),))
    found = dict(each("issues", rows, lambda row: (row[0], issue_of(row, store))))
    try:
        return tuple(found[id] for id in ids)
    except KeyError as error:
        raise unreadable("issues", error.args, ValueError("it has no text")) from error


def insert(connection: sqlite3.Connection, issues: Sequence[Issue]) -> None:
    """Write new issues. Their `chain` is for `_chains` to set, as what they name is for
    `_entries` to enter.

    OR FAIL spares SQLite the copies with which it could take back one statement alone: what
    fails here takes back the whole transaction.
    """
    connection.executemany(
        "INSERT OR FAIL INTO issues (id, state, priority, author, milestone, reopened, created_at,"
        " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(one.id, one.state.value, one.priority.rank, one.author or None, one.milestone),
                *(one.reopened, stamp(one.created_at), stamp(one.updated_at)),
            )
            for one in issues
        ),
    )
    connection.executemany(
        "INSERT OR FAIL INTO texts VALUES (?, ?, ?, ?, ?)",
        ((one.id, *_texts(one)) for one in issues),
    )
    connection.executemany(
        "INSERT INTO keys VALUES (?, ?)",
        ((one.key, one.id) for one in issues if one.key is not None),
    )
    _add(connection, "labelled", ((one, name) for one in issues for name in one.labels))
    _add(connection, "assigned", ((one, name) for one in issues for name in one.assignees))
    connection.executemany(
        "INSERT OR FAIL INTO dependencies VALUES (?, ?)",
        ((one.id, needs) for one in issues for needs in one.depends_on),
    )


def write(connection: sqlite3.Connection, before: Issue, after: Issue) -> None:
    """Write what differs. As `insert`, it leaves `chain` and the entries to others."""
    connection.execute(
        "UPDATE issues SET state = ?, priority = ?, milestone = ?, reopened = ?, updated_at = ?,"
        " closed_at = ? WHERE id = ?",
        (
            *(after.state.value, after.priority.rank, after.milestone, after.reopened),
            stamp(after.updated_at),
            stamp(after.closed_at) if after.closed_at else None,
            after.id,
        ),
    )
    if (before.title, before.body) != (after.title, after.body):
        connection.execute(
            "UPDATE texts SET title = ?, body = ?, title_words = ?, body_words = ? WHERE id = ?",
            (*_texts(after), after.id),
        )
    _remove(connection, "labelled", "label", after.id, before.labels - after.labels)
    _remove(connection, "assigned", "user", after.id, before.assignees - after.assignees)
    _add(connection, "labelled", ((after, name) for name in after.labels - before.labels))
    _add(connection, "assigned", ((after, name) for name in after.assignees - before.assignees))
    was, becomes = set(before.depends_on), set(after.depends_on)
    _remove(connection, "dependencies", "needs", after.id, was - becomes)
    connection.executemany(
        "INSERT OR FAIL INTO dependencies VALUES (?, ?)",
        [(after.id, needs) for needs in becomes - was],
    )


def comments(rows: Iterable[Sequence[Any]]) -> tuple[Comment, ...]:
    """The comments that these rows are."""
    return tuple(each("comments", rows, comment_of))


def comment_of(row: Sequence[Any]) -> Comment:
    """Raises ValueError and its like for a row that is none, as `issue_of` does."""
    id, issue, author, text, created, key = row
    return Comment(
        id=str(id),
        issue=str(issue),
        author=author,
        text=text,
        created_at=datetime.fromisoformat(created),
        key=key,
    )


def stamp(at: datetime) -> str:
    """A moment as text that sorts as moments do."""
    return at.astimezone(UTC).isoformat()


def issue_of(row: Sequence[Any], store: str) -> Issue:
    (id, title, body, state, priority, author, milestone, key, reopened) = row[:9]
    created, updated, closed, labels, needs, assignees = row[9:]
    if not (created.endswith(_ZONE) and updated.endswith(_ZONE)):
        raise ValueError(f"a moment of {created!r} and {updated!r} is none in UTC")
    return Issue(
        id=str(id),
        uid=f"{store}/{id}",
        title=title,
        body=body,
        state=_STATES[state],
        priority=_PRIORITIES[priority],
        labels=_names(labels),
        depends_on=tuple(str(one) for one in sorted(json.loads(needs))) if needs != "[]" else (),
        author=author or "",
        assignees=_names(assignees),
        milestone=milestone,
        key=key,
        reopened=reopened,
        created_at=datetime.fromisoformat(created),
        updated_at=datetime.fromisoformat(updated),
        closed_at=datetime.fromisoformat(closed) if closed else None,
    )


def _names(array: str) -> frozenset[str]:
    return frozenset(json.loads(array)) if array != "[]" else _NOTHING


def _texts(issue: Issue) -> tuple[str, str, str | None, str | None]:
    from ._words import indexed  # what only reads does without

    return issue.title, issue.body, indexed(issue.title), indexed(issue.body)


def _add(connection: sqlite3.Connection, table: str, names: Iterable[tuple[Issue, str]]) -> None:
    connection.executemany(
        f"INSERT OR FAIL INTO {table} VALUES (?, ?, ?)",  # noqa: S608 - a name of ours
        ((issue.id, name, issue.state.value) for issue, name in names),
    )


def _remove(
    connection: sqlite3.Connection, table: str, column: str, id: str, gone: Iterable[str]
) -> None:
    connection.executemany(
        f"DELETE FROM {table} WHERE issue = ? AND {column} = ?",  # noqa: S608 - names of ours
        [(id, name) for name in gone],
    )
