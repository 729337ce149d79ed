"""How long the chain of unclosed issues is that starts with each: kept right under every change.

What is kept is what `domain.graph.remaining_chains` counts. A change is carried from an issue to
what it waits for, and on from there, in the order of the lengths as they were: whatever waits
for an issue has the shorter chain, so each is measured once, after all that wait for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from ..domain.issue import Issue


def added(connection: sqlite3.Connection, new: Sequence[Issue]) -> None:
    """Issues were made; what they wait for was there, or was made before them."""
    lengths = {issue.id: 1 for issue in new}
    behind: dict[str, int] = {}
    for issue in reversed(new):
        length = lengths[issue.id] + 1
        for one in issue.depends_on:
            within = lengths if one in lengths else behind
            within[one] = max(within.get(one, 1), length)
    connection.executemany(
        "UPDATE issues SET chain = ? WHERE id = ?",
        [(length, id) for id, length in lengths.items() if length > 1],
    )
    _lengthen(connection, behind)


def changed(connection: sqlite3.Connection, before: Issue, after: Issue) -> None:
    """One issue's state or dependencies were changed."""
    was, becomes = set(before.depends_on), set(after.depends_on)
    if after.is_closed:
        if not before.is_closed:
            _set(connection, int(after.id), 1)
            shortened(connection, was)
        return
    if before.is_closed:
        _set(connection, int(after.id), _measured(connection, int(after.id)))
        was = set()
    if new := becomes - was:
        _lengthen(connection, dict.fromkeys(new, _kept(connection, int(after.id)) + 1))
    shortened(connection, was - becomes)


def shortened(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Something that waited for the issues `ids` does so no more."""
    seen: set[int] = set()
    queue: list[tuple[int, int]] = []
    for id in ids:
        _queue_up(connection, queue, seen, "i.id = ?", id)
    while queue:
        was, one = heappop(queue)
        if not _still(connection, one, was):
            _set(connection, one, _measured(connection, one))
            _queue_up(connection, queue, seen, _NEEDED, one)


def _lengthen(connection: sqlite3.Connection, least: dict[str, int]) -> None:
    """The chain of each of these is at least so long now."""
    queue: list[tuple[int, int]] = []
    for id, length in least.items():
        _raise(connection, queue, "i.id = ?", id, length)
    while queue:
        _, one = heappop(queue)
        _raise(connection, queue, _NEEDED, one, _kept(connection, one) + 1)


_NEEDED = "i.id IN (SELECT needs FROM dependencies WHERE issue = ?)"


def _raise(
    connection: sqlite3.Connection,
    queue: list[tuple[int, int]],
    which: str,
    id: str | int,
    length: int,
) -> None:
    shorter = connection.execute(
        "SELECT i.chain, i.id FROM issues i"  # noqa: S608 - a condition of ours
        f" WHERE {which} AND i.state <> 'closed' AND i.chain < ?",
        (id, length),
    ).fetchall()
    for was, one in shorter:
        _set(connection, one, length)
        heappush(queue, (was, one))


def _queue_up(
    connection: sqlite3.Connection,
    queue: list[tuple[int, int]],
    seen: set[int],
    which: str,
    id: str | int,
) -> None:
    for length, one in connection.execute(
        f"SELECT i.chain, i.id FROM issues i WHERE {which} AND i.state <> 'closed'",  # noqa: S608
        (id,),
    ):
        if one not in seen:
            seen.add(one)
            heappush(queue, (length, one))


def _still(connection: sqlite3.Connection, id: int, length: int) -> bool:
    """Whether the chain is what it was: known as soon as one long enough still waits."""
    row = connection.execute(
        "SELECT 1 FROM dependencies d JOIN issues i ON i.id = d.issue"
        " WHERE d.needs = ? AND i.state <> 'closed' AND i.chain = ? LIMIT 1",
        (id, length - 1),
    ).fetchone()
    return row is not None


def _measured(connection: sqlite3.Connection, id: int) -> int:
    (longest,) = connection.execute(
        "SELECT coalesce(max(i.chain), 0) FROM dependencies d JOIN issues i ON i.id = d.issue"
        " WHERE d.needs = ? AND i.state <> 'closed'",
        (id,),
    ).fetchone()
    return int(longest) + 1


def _kept(connection: sqlite3.Connection, id: int) -> int:
    (length,) = connection.execute("SELECT chain FROM issues WHERE id = ?", (id,)).fetchone()
    return int(length)


def _set(connection: sqlite3.Connection, id: int, length: int) -> None:
    connection.execute("UPDATE issues SET chain = ? WHERE id = ?", (length, id))
