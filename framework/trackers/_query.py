"""A query as the trackers that keep their issues themselves read it."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.frozen import replace
from ..domain.query import Clause, Match, Order, Query, Sort, Words, words
from ._rules import names, storable


def as_stored(query: Query) -> Query:
    """The query for texts as they are stored."""
    prefix = query.key_prefix
    return replace(
        query,
        labels=names(query.labels),
        key_prefix=None if prefix is None else storable(prefix),
        where=tuple(_clause(clause) for clause in query.where),
    )


def order(query: Query) -> tuple[Sort, ...]:
    """What the result is sorted by before the order of creation."""
    if query.sort or not phrases(query):
        return query.sort
    return (Sort(by=Order.RELEVANCE),)


def phrases(query: Query) -> Sequence[list[str]]:
    """The words that the query asks for, one list for each clause that does."""
    return [
        words(clause.text)
        for clause in query.where
        if isinstance(clause, Words) and not clause.negated
    ]


def _clause(clause: Clause) -> Clause:
    if isinstance(clause, Match):
        return replace(clause, any_of=names(clause.any_of))
    return clause
