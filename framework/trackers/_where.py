"""A query in the words of SQLite: the ids of what matches, in order.

The unit is an *arm*: the issues of one state that also have one label (or assignee, milestone,
author, priority, or were created or updated in some span), which one index gives in order. A
query is answered by merging as many arms as it takes, which SQLite does row by row and ends at
the limit; so what a page costs depends neither on how many issues there are, nor on how many of
them are closed. What is left of the query is tested on each row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import product

from ..domain.issue import State
from ..domain.query import Clause, Field, Match, Moment, Order, Query, Sort, Within, Words
from ._clauses import MOMENTS, Term, among, begins, condition, expression, stored
from ._query import as_stored, order, phrases

_MOST_ARMS = 40
_MANY = 2_000
"""So many rows are not sorted where an index gives them in order."""

_SOUGHT = frozenset({Field.ID, Field.KEY, Field.DEPENDS_ON})
"""Fields with so few issues to a value that these are read and sorted."""

# Field -> where its arms are read: the table, its columns for the issue, the value, the state.
_ARMS = {
    Field.LABEL: ("labelled l", "l.issue", "l.label", "l.state"),
    Field.ASSIGNEE: ("assigned l", "l.issue", "l.user", "l.state"),
    Field.MILESTONE: ("issues i INDEXED BY by_milestone", "i.id", "i.milestone", "i.state"),
    Field.AUTHOR: ("issues i INDEXED BY by_author", "i.id", "i.author", "i.state"),
    Field.PRIORITY: ("issues i INDEXED BY by_priority", "i.id", "i.priority", "i.state"),
}
_SPANS = {
    Moment.CREATED: "by_creation",
    Moment.UPDATED: "by_update",
    Moment.CLOSED: "by_closing",
}
_SORTED = {
    Order.CREATED: "by_creation",
    Order.UPDATED: "by_update",
    Order.CLOSED: "by_closing",
    Order.PRIORITY: "by_priority",
}
_KEYS = {
    Order.CREATED: MOMENTS[Moment.CREATED],
    Order.UPDATED: MOMENTS[Moment.UPDATED],
    Order.CLOSED: MOMENTS[Moment.CLOSED],
    Order.PRIORITY: "i.priority",
    Order.TITLE: "(SELECT title FROM texts t WHERE t.id = i.id)",
    Order.RELEVANCE: "bm25(found)",
}


def page(connection: sqlite3.Connection, query: Query) -> Term:
    """The ids of the query's page, in its order. `connection` is asked how much there is."""
    plan = _Plan(connection, query, sorts=_sorts(query))
    sql, values = plan.rows()
    keys = [f"k{place} {_way(sort)}" for place, sort in enumerate(plan.sorts)]
    number = [_way(sort) for sort in query.sort if sort.by is Order.NUMBER]
    limit = -1 if query.limit is None else query.limit
    by = ", ".join([*keys, f"id {[*number, 'ASC'][0]}"])
    return f"{sql} ORDER BY {by} LIMIT ? OFFSET ?", (*values, limit, query.offset)


def number(connection: sqlite3.Connection, query: Query) -> Term:
    """How many issues match, whatever the page."""
    plan = _Plan(connection, query, sorts=())
    if plan.is_tallied:
        states = [state.value for state in plan.states]
        return f"SELECT coalesce(sum(number), 0) FROM tally WHERE state {among(states)}", (*states,)  # noqa: S608
    sql, values = plan.rows()
    return f"SELECT count(*) FROM ({sql})", values  # noqa: S608


class _Plan:
    """Which arms answer a query. With `sorts`, their rows hold what is sorted by."""

    def __init__(
        self, connection: sqlite3.Connection, query: Query, *, sorts: Sequence[Sort]
    ) -> None:
        query = as_stored(query)
        self._connection = connection
        self._prefix = query.key_prefix
        self._phrases = phrases(query)
        self._clauses = _clauses(query)
        self.states = _states(query)
        self.sorts = sorts

    @property
    def is_tallied(self) -> bool:
        return not (self._prefix or self._phrases or self._clauses)

    def rows(self) -> Term:
        """Each matching issue once."""
        if not self.states or not all(self._phrases):
            return "SELECT 0 AS id" + self._columns("NULL") + " WHERE false", ()
        if self._phrases:
            asked = ("found MATCH ?", (expression(self._phrases),))
            return self._arm("found", "found.rowid", [asked, self._in_states()], self._clauses)
        if self._prefix or any(_is_sought(clause) for clause in self._clauses):
            return self._arm("issues i NOT INDEXED", "i.id", [self._in_states()], self._clauses)
        if lead := self._lead():
            return self._led(lead)
        index = self._index()
        if index is None and len(self.states) == len(State):
            return self._arm("issues i NOT INDEXED", "i.id", [], self._clauses)
        return self._by_state(index or "by_state")

    def _led(self, lead: Match) -> Term:
        table, id, column, state_column = _ARMS[lead.field]
        values, rest = stored(lead), [one for one in self._clauses if one is not lead]
        arms = [
            self._arm(
                table, id, [(f"{column} = ? AND {state_column} = ?", (value, state.value))], rest
            )
            for value, state in product(values, self.states)
        ]
        several = len(values) > 1 and lead.field in (Field.LABEL, Field.ASSIGNEE)
        return _joined(arms, " UNION " if several else " UNION ALL ")

    def _by_state(self, index: str) -> Term:
        arms = [
            self._arm(
                f"issues i INDEXED BY {index}",
                "i.id",
                [("i.state = ?", (state.value,))],
                self._clauses,
            )
            for state in self.states
        ]
        return _joined(arms, " UNION ALL ")

    def _arm(self, table: str, id: str, having: Sequence[Term], clauses: Sequence[Clause]) -> Term:
        terms = [*having, *(condition(clause) for clause in clauses)]
        if self._prefix:
            terms.append(begins(self._prefix))
        where = " AND ".join(["true", *(sql for sql, _ in terms)])
        columns = self._columns()
        # The issue itself is looked up only where something of it is asked for.
        if id != "i.id" and "i." in columns + where:
            table = f"{table} CROSS JOIN issues i ON i.id = {id}"
        sql = f"SELECT {id} AS id{columns} FROM {table} WHERE {where}"  # noqa: S608
        return sql, tuple(value for _, values in terms for value in values)

    def _columns(self, all: str = "") -> str:
        keys = (all or _KEYS[sort.by] for sort in self.sorts)
        return "".join(f", {key} AS k{place}" for place, key in enumerate(keys))

    def _in_states(self) -> Term:
        states = [state.value for state in self.states]
        if len(states) == len(State):
            return "true", ()
        return f"i.state {among(states)}", (*states,)

    def _index(self) -> str | None:
        """That of the span that is asked for, else that of the order."""
        for clause in self._clauses:
            if isinstance(clause, Within) and not clause.negated:
                return _SPANS[clause.moment]
        return _SORTED.get(self.sorts[0].by) if self.sorts else None

    def _lead(self) -> Match | None:
        """The clause with the fewest issues; none where there are many and an order is given."""
        leads = [one for one in self._clauses if isinstance(one, Match) and self._may_lead(one)]
        is_ordered = any(sort.by in _SORTED for sort in self.sorts[:1])
        if len(leads) + is_ordered < 2:
            return next(iter(leads), None)
        sizes = [(self._size(one), place) for place, one in enumerate(leads)]
        size, place = min(sizes, default=(_MANY, 0))
        return leads[place] if size < _MANY or not is_ordered else None

    def _may_lead(self, clause: Match) -> bool:
        if clause.field not in _ARMS or clause.negated:
            return False
        return 0 < len(stored(clause)) * len(self.states) <= _MOST_ARMS

    def _size(self, clause: Match) -> int:
        table, _, column, state_column = _ARMS[clause.field]
        values, states = stored(clause), [state.value for state in self.states]
        (size,) = self._connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {column} {among(values)}"  # noqa: S608
            f" AND {state_column} {among(states)} LIMIT {_MANY})",
            (*values, *states),
        ).fetchone()
        return int(size)


def _states(query: Query) -> list[State]:
    """The states in which an issue may match."""
    states = [state for state in State if query.states is None or state in query.states]
    for clause in query.where:
        if isinstance(clause, Match) and clause.field is Field.STATE:
            states = [one for one in states if (one.value in clause.any_of) is not clause.negated]
        elif isinstance(clause, Within) and not clause.negated and clause.moment is Moment.CLOSED:
            states = [one for one in states if one is State.CLOSED]
    return states


def _clauses(query: Query) -> list[Clause]:
    """What else is asked for, but for the words that must be there."""
    labels = [Match(field=Field.LABEL, any_of=frozenset({name})) for name in sorted(query.labels)]
    return labels + [
        clause
        for clause in query.where
        if not (isinstance(clause, Match) and clause.field is Field.STATE)
        and not (isinstance(clause, Words) and not clause.negated)
    ]


def _sorts(query: Query) -> list[Sort]:
    """As far as they can tell anything: nothing after the number, which no two share."""
    sorts: list[Sort] = []
    for sort in order(query):
        if sort.by is Order.NUMBER:
            break
        if sort.by is not Order.RELEVANCE or phrases(query):
            sorts.append(sort)
    return sorts


def _is_sought(clause: Clause) -> bool:
    return (
        isinstance(clause, Match)
        and clause.field in _SOUGHT
        and bool(clause.any_of)
        and not clause.negated
    )


def _way(sort: Sort) -> str:
    """What has no value, which only the closing can lack, comes last both ways."""
    if sort.descending:
        return "DESC"
    return "ASC NULLS LAST" if sort.by is Order.CLOSED else "ASC"


def _joined(arms: Sequence[Term], by: str) -> Term:
    return by.join(sql for sql, _ in arms), tuple(value for _, values in arms for value in values)
