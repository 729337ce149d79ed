"""The query language: `is:open label:bug,"needs love" -assignee:me created:>7d memory leak`.

docs/queries.md tells it to people. A comma inside a qualifier is OR, everything else AND, and a
minus negates the part that it stands before. Durations are ages, dates are timestamps in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from .errors import QueryError
from .issue import State
from .part import cut
from .qualifier import Meaning, meaning
from .query import Order, Query, Search, Sort, Words


def parse(text: str, *, now: datetime, me: str) -> Search:
    """Read a text of the query language, asked by the user `me` at `now`, which is UTC.

    An empty text asks for everything. Names of labels, users, milestones and keys are taken as
    they stand; whether there are such is not looked at. Raises QueryError with the column of what
    cannot be understood, or cannot hold together with what stands before it.
    """
    found = [meaning(part, now=now, me=me) for part in cut(text)]
    query = Query(
        states=_states(found),
        labels=frozenset[str]().union(*(one.labels for one in found)),
        where=tuple(clause for one in found for clause in one.where),
        sort=_sorting(found),
    )
    readings = tuple(f"{one.part.source} — {one.told}" for one in found)
    return Search(query=query, claimed=_claimed(found), readings=readings)


def _states(found: Iterable[Meaning]) -> frozenset[State] | None:
    left: frozenset[State] | None = None
    for one in found:
        if one.states is not None:
            left = one.states if left is None else left & one.states
            if not left:
                raise QueryError(
                    "This leaves no state that an issue could be in. "
                    "Write is:open,blocked for either of two.",
                    one.part.column,
                )
    return left


def _claimed(found: Iterable[Meaning]) -> bool | None:
    claimed = None
    for one in found:
        if one.claimed is not None:
            if claimed is (not one.claimed):
                raise QueryError(
                    "No issue is claimed and unclaimed at once. Leave one of the two out.",
                    one.part.column,
                )
            claimed = one.claimed
    return claimed


def _sorting(found: Sequence[Meaning]) -> tuple[Sort, ...]:
    sorts: dict[Order, Sort] = {}
    clauses = [clause for one in found for clause in one.where]
    for one in found:
        for sort in one.sort:
            if sort.by in sorts:
                raise QueryError(
                    f"The result is sorted by {sort.by} already. Leave one of the two out.",
                    one.part.column,
                )
            sorts[sort.by] = sort
            if sort.by is Order.RELEVANCE and not any(map(_is_looked_for, clauses)):
                raise QueryError(
                    "Relevance is about words to look for. Add some, or sort by something else.",
                    one.part.column,
                )
    return tuple(sorts.values())


def _is_looked_for(clause: object) -> bool:
    return isinstance(clause, Words) and not clause.negated
