"""The clauses of a query as conditions of SQLite on one issue `i`; none is ever NULL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..domain.issue import Priority
from ..domain.query import Clause, Field, Match, Moment, Within, Words, words
from ._rows import stamp
from ._words import phrase

Term = tuple[str, tuple[str | int, ...]]
"""SQL, and the values for its question marks."""

ID = re.compile(r"[1-9][0-9]{0,17}")
"""How the id of an issue is written; what is written otherwise is nobody's."""

MOMENTS = {
    Moment.CREATED: "i.created_at",
    Moment.UPDATED: "i.updated_at",
    Moment.CLOSED: "i.closed_at",
}
_RANKS = {priority.value: priority.rank for priority in Priority}
# Field -> the rows that hold its values, and which column does.
_BESIDE = {
    Field.LABEL: ("labelled WHERE issue = i.id", "label"),
    Field.ASSIGNEE: ("assigned WHERE issue = i.id", "user"),
}
_COLUMNS = {
    Field.PRIORITY: "i.priority",
    Field.AUTHOR: "i.author",
    Field.MILESTONE: "i.milestone",
    Field.ID: "i.id",
}
# Field -> the rows that hold its values; sought from the values' side.
_SOUGHT = {
    Field.KEY: ("keys WHERE key <> ''", "key"),
    Field.DEPENDS_ON: ("dependencies WHERE true", "needs"),
}


def condition(clause: Clause) -> Term:
    match clause:
        case Match():
            sql, values = _matches(clause)
        case Within():
            sql, values = _lies(clause)
        case Words():
            wanted = words(clause.text)
            sql, values = _says([wanted]) if wanted else ("false", ())
    return (f"({sql}) IS NOT TRUE" if clause.negated else sql), values


def stored(clause: Match) -> list[str | int]:
    """The values of the clause that an issue can have, as the file holds them."""
    match clause.field:
        case Field.PRIORITY:
            return [_RANKS[one] for one in sorted(clause.any_of) if one in _RANKS]
        case Field.ID | Field.DEPENDS_ON:
            return sorted(int(one) for one in clause.any_of if ID.fullmatch(one))
        case Field.LABEL | Field.ASSIGNEE:
            return [*sorted(clause.any_of)]
        case Field.AUTHOR | Field.MILESTONE | Field.KEY | Field.STATE:
            return [one for one in sorted(clause.any_of) if one]


def expression(wanted: Iterable[list[str]]) -> str:
    """What FTS5 is asked for to find all these words."""
    return " AND ".join(phrase(one) for one in wanted)


def begins(prefix: str) -> Term:
    """The issues whose key begins so."""
    end = _behind(prefix)
    rows = "SELECT issue FROM keys WHERE key >= ?"
    if end is None:
        return f"i.id IN ({rows})", (prefix,)
    return f"i.id IN ({rows} AND key < ?)", (prefix, end)


def among(values: Sequence[str | int]) -> str:
    return f"IN ({', '.join('?' for _ in values)})"


def _matches(clause: Match) -> Term:
    values = stored(clause)
    if clause.field in _COLUMNS:
        column = _COLUMNS[clause.field]
        sql = f"{column} {among(values)}" if clause.any_of else f"{column} IS NULL"
    elif clause.field in _BESIDE:
        rows, column = _BESIDE[clause.field]
        narrowed = f" AND {column} {among(values)}" if clause.any_of else ""
        sql = f"{'' if clause.any_of else 'NOT '}EXISTS (SELECT 1 FROM {rows}{narrowed})"  # noqa: S608
    else:
        rows, column = _SOUGHT[clause.field]
        narrowed = f" AND {column} {among(values)}" if clause.any_of else ""
        sql = f"i.id {'' if clause.any_of else 'NOT '}IN (SELECT issue FROM {rows}{narrowed})"  # noqa: S608
    return sql, tuple(values)


def _lies(clause: Within) -> Term:
    column = MOMENTS[clause.moment]
    ends = ((">=", clause.since), ("<", clause.until))
    given = [(f"{column} {sign} ?", stamp(at)) for sign, at in ends if at is not None]
    sql = " AND ".join([f"{column} IS NOT NULL", *(sql for sql, _ in given)])
    return sql, tuple(at for _, at in given)


def _says(wanted: Sequence[list[str]]) -> Term:
    return "i.id IN (SELECT rowid FROM found WHERE found MATCH ?)", (expression(wanted),)


def _behind(prefix: str) -> str | None:
    """The least text behind all that begin with `prefix`; None when there is none."""
    for at in reversed(range(len(prefix))):
        code = ord(prefix[at]) + 1
        if code <= 0x10FFFF:
            return prefix[:at] + chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)
    return None
