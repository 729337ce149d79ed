"""Issues in numbers, counted by SQLite: no issue is read whole."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..domain.frozen import replace
from ..domain.issue import Priority, State
from ..domain.query import Query
from ..domain.statistics import Statistics
from ._clauses import Term
from ._damaged import each
from ._rows import stamp
from ._where import page

_PRIORITIES = tuple(Priority)
_WEEK = timedelta(days=7)
_ALL = Query()


def statistics(connection: sqlite3.Connection, query: Query, now: datetime) -> Statistics:
    """See `Measures`."""
    return _Asked(connection, query).statistics(now)


class _Asked:
    """The issues that a query asks for, without META."""

    def __init__(self, connection: sqlite3.Connection, query: Query) -> None:
        self._connection = connection
        self._chosen = _chosen(connection, query)

    def statistics(self, now: datetime) -> Statistics:
        states, priorities = self._states_and_priorities()
        unclosed = sum(states.values()) - states[State.CLOSED]
        return Statistics(
            total=sum(states.values()),
            states={state: states[state] for state in State},
            priorities={priority: priorities[priority] for priority in Priority},
            labels=self._names("labelled", "label"),
            assignees=self._names("assigned", "user"),
            closed_lately=self._closed_since(now - _WEEK),
            median_age=self._median_age(unclosed, now),
            median_to_close=self._median_to_close(),
        )

    def _states_and_priorities(self) -> tuple[Counter[State], Counter[Priority]]:
        """The priorities are of those that are not closed."""
        rows = self._rows(
            "SELECT state, priority, count(*) FROM issues i WHERE is_meta = 0 AND i.id {in}"
            " GROUP BY state, priority"
        )
        states, priorities = Counter[State](), Counter[Priority]()
        for state, priority, number in each("issues by state", rows, _counted):
            states[state] += number
            if state is not State.CLOSED:
                priorities[priority] += number
        return states, priorities

    def _names(self, table: str, column: str) -> dict[str, int]:
        return dict(
            self._rows(
                f"SELECT {column}, count(*) AS number FROM {table} WHERE state <> 'closed'"  # noqa: S608
                " AND issue NOT IN (SELECT issue FROM labelled WHERE label = 'meta')"
                f" AND issue {{in}} GROUP BY {column} ORDER BY number DESC, {column}"
            )
        )

    def _closed_since(self, since: datetime) -> int:
        ((number,),) = self._rows(
            "SELECT count(*) FROM issues i WHERE state = 'closed' AND closed_at >= ?"
            " AND is_meta = 0 AND i.id {in}",
            stamp(since),
        )
        return int(number)

    def _median_age(self, number: int, now: datetime) -> timedelta | None:
        rows = self._rows(
            "SELECT i.id, created_at FROM issues i WHERE state <> 'closed' AND is_meta = 0"
            " AND i.id {in} ORDER BY created_at LIMIT ? OFFSET ?",
            *_middle(number),
        )
        return _mean(each("issues", rows, lambda row: now - datetime.fromisoformat(row[1])))

    def _median_to_close(self) -> timedelta | None:
        closed = "state = 'closed' AND closed_at IS NOT NULL AND is_meta = 0 AND i.id {in}"
        ((number,),) = self._rows(f"SELECT count(*) FROM issues i WHERE {closed}")  # noqa: S608
        rows = self._rows(
            f"SELECT i.id, created_at, closed_at FROM issues i WHERE {closed}"  # noqa: S608
            " ORDER BY julianday(closed_at) - julianday(created_at) LIMIT ? OFFSET ?",
            *_middle(number),
        )
        return _mean(each("issues", rows, _time_to_close))

    def _rows(self, question: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        """`{in}` stands in the question for what is asked for, before or behind its `values`."""
        sql, chosen = self._chosen
        before = question[: question.index("{in}")].count("?")
        return self._connection.execute(
            question.replace("{in}", sql), (*values[:before], *chosen, *values[before:])
        )


def _chosen(connection: sqlite3.Connection, query: Query) -> Term:
    if query.limit is None and not query.offset:
        query = replace(query, sort=())
    if query == _ALL:
        return "NOT NULL", ()
    sql, values = page(connection, query)
    return f"IN (SELECT id FROM ({sql}))", values  # noqa: S608 - made by us


def _counted(row: Sequence[Any]) -> tuple[State, Priority, int]:
    return State(row[0]), _PRIORITIES[row[1]], int(row[2])


def _time_to_close(row: Sequence[Any]) -> timedelta:
    return datetime.fromisoformat(row[2]) - datetime.fromisoformat(row[1])


def _middle(number: int) -> tuple[int, int]:
    """How many of so many rows are in the middle, and behind how many they are."""
    return 2 - number % 2, max(0, (number - 1) // 2)


def _mean(spans: Sequence[timedelta]) -> timedelta | None:
    return sum(spans, timedelta()) / len(spans) if spans else None
