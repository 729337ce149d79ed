"""Options that choose issues, as one search."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING

from ...domain.errors import QueryError, UsageError
from ...domain.frozen import replace
from ...domain.issue import UNCLOSED, Priority, State
from ...domain.query import Clause, Field, Match, Moment, Order, Query, Search, Sort, Within
from .._options import Parser

if TYPE_CHECKING:
    from ...facade.facade import Facade

_EVERY = "all"
_UNITS = "smhdw"


def add_query(parser: Parser) -> None:
    parser.add_argument(
        "--query", default="", metavar="QUERY", help='such as "is:open label:bug created:>7d"'
    )
    parser.add_argument("--explain", action="store_true", help="say how the query was read")


def add_filters(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "--state",
        action="append",
        choices=[*(state.value for state in State), _EVERY],
        metavar="STATE",
        help="open, in_progress, blocked, needs_review, closed or all; repeatable [not closed]",
    )
    add("--label", action="append", default=[], metavar="LABEL", help="repeatable: all of them")
    add("--assignee", metavar="USER", help="`me` for yourself, `none` for nobody's")
    add("--author", metavar="USER", help="who made it")
    add("--milestone", metavar="NAME", help="`none` for those without")
    add("--priority", choices=[one.value for one in Priority], metavar="PRIORITY")
    add("--depends-on", type=lambda text: text.removeprefix("#"), metavar="N")
    add("--key", metavar="KEY", help="the idempotency key it was made with")
    add("--since", metavar="WHEN", help="changed since: 7d, 2026-01-31, or an ISO time")
    add("--updated-before", metavar="WHEN", help="not changed since")
    orders = [one.value for one in Order if one is not Order.RELEVANCE]
    add(
        "--sort",
        choices=[f"{one}{way}" for one in orders for way in ("", "-asc", "-desc")],
        metavar="ORDER",
        help=f"{', '.join(orders)}; also with -asc or -desc [number]",
    )


def selected(facade: Facade, options: Namespace) -> Search:
    """What the query and the other options mean together: all of it must hold."""
    search = facade.parse(options.query)
    query = replace(
        search.query,
        states=_states(options.state, search.query),
        labels=search.query.labels | frozenset(options.label),
        where=(*search.query.where, *_clauses(facade, options)),
        sort=_sort(facade, options) or search.query.sort,
    )
    return replace(search, query=query)


def instant(text: str, now: datetime) -> datetime:
    """`7d` is that long ago; a date is its first moment, UTC. Raises UsageError."""
    from ...domain.span import read_span

    try:
        span = read_span(f"{'>' if text[-1:] in _UNITS else '<'}{text}", column=1, now=now)
    except QueryError:
        span = None
    if span is None or span.until is None:
        raise UsageError(f"{text!r} is no time. Say how long ago (7d, 12h) or when (2026-01-31).")
    return span.until


def _states(given: list[str] | None, query: Query) -> frozenset[State] | None:
    """Closed issues are out of the way unless somebody speaks of states."""
    if given is None:
        closing = any(isinstance(o, Within) and o.moment is Moment.CLOSED for o in query.where)
        return query.states if query.states is not None or closing else UNCLOSED
    if _EVERY in given:
        return query.states
    asked = frozenset(State(one) for one in given)
    return asked if query.states is None else asked & query.states


def _clauses(facade: Facade, options: Namespace) -> list[Clause]:
    me = facade.identity
    found: list[Clause] = []
    for field, value in (
        (Field.ASSIGNEE, options.assignee and me.named(options.assignee)),
        (Field.AUTHOR, options.author and me.named(options.author)),
        (Field.MILESTONE, options.milestone),
        (Field.PRIORITY, options.priority),
        (Field.DEPENDS_ON, options.depends_on),
        (Field.KEY, options.key),
    ):
        if value is not None:
            any_of = frozenset[str]() if value == "none" else frozenset({value})
            found.append(Match(field=field, any_of=any_of))
    if options.since:
        found.append(Within(moment=Moment.UPDATED, since=instant(options.since, facade.clock())))
    if options.updated_before:
        until = instant(options.updated_before, facade.clock())
        found.append(Within(moment=Moment.UPDATED, until=until))
    return found


def _sort(facade: Facade, options: Namespace) -> tuple[Sort, ...]:
    """As the query language reads it."""
    return facade.parse(f"sort:{options.sort}").query.sort if options.sort else ()
