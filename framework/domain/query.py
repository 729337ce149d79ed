"""Which issues to list, and in what order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from .frozen import dataclass
from .issue import Issue, State


class Field(StrEnum):
    """What a `Match` looks at. Each has none, one or several values on an issue."""

    ID = "id"
    STATE = "state"
    PRIORITY = "priority"
    LABEL = "label"
    ASSIGNEE = "assignee"
    AUTHOR = "author"
    MILESTONE = "milestone"
    DEPENDS_ON = "depends-on"
    KEY = "key"


class Moment(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    CLOSED = "closed"


class Order(StrEnum):
    """What to sort by. `PRIORITY` starts with the most urgent, `RELEVANCE` with the best match
    of the words; the others with the lowest. What has no value (never closed) comes last."""

    NUMBER = "number"
    CREATED = "created"
    UPDATED = "updated"
    CLOSED = "closed"
    PRIORITY = "priority"
    TITLE = "title"
    RELEVANCE = "relevance"


@dataclass(frozen=True, kw_only=True)
class Match:
    """The field has at least one of the values; with no value given, it has none at all."""

    field: Field
    any_of: frozenset[str] = frozenset()
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class Within:
    """The moment is known and lies in [since, until)."""

    moment: Moment
    since: datetime | None = None
    until: datetime | None = None
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class Words:
    """Title or body holds these words, whole, one after another, in any case.

    A word is a run of letters and digits; a text without any matches nothing.
    """

    text: str
    negated: bool = False


Clause = Match | Within | Words


@dataclass(frozen=True, kw_only=True)
class Sort:
    by: Order
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class Query:
    """All given conditions must hold.

    `labels` must all be there; `where` says everything else. Without `sort` the result is in
    order of creation, or by relevance where `where` asks for words; equals are always in order of
    creation. `offset` passes over that many of the result, `limit` ends it.
    """

    states: frozenset[State] | None = None
    labels: frozenset[str] = frozenset()
    key_prefix: str | None = None
    where: tuple[Clause, ...] = ()
    sort: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0

    def matches(self, issue: Issue) -> bool:
        return (
            (self.states is None or issue.state in self.states)
            and self.labels <= issue.labels
            and (self.key_prefix is None or (issue.key or "").startswith(self.key_prefix))
            and all(holds(clause, issue) for clause in self.where)
        )


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a text asks for.

    `claimed` is apart from the query because leases are no matter of a tracker: True asks for
    issues that somebody holds, False for those that nobody does. `readings` says of each part how
    it was read, as `part — meaning`.
    """

    query: Query
    claimed: bool | None = None
    readings: tuple[str, ...] = ()


def holds(clause: Clause, issue: Issue) -> bool:
    match clause:
        case Match():
            found = _has(clause, values(clause.field, issue))
        case Within():
            found = _lies(clause, moment(clause.moment, issue))
        case Words():
            wanted = words(clause.text)
            found = any(_follow(words(text), wanted) for text in (issue.title, issue.body))
    return found is not clause.negated


def values(field: Field, issue: Issue) -> frozenset[str]:
    match field:
        case Field.ID:
            return frozenset({issue.id})
        case Field.STATE:
            return frozenset({issue.state.value})
        case Field.PRIORITY:
            return frozenset({issue.priority.value})
        case Field.LABEL:
            return issue.labels
        case Field.ASSIGNEE:
            return issue.assignees
        case Field.AUTHOR:
            return frozenset({issue.author} if issue.author else ())
        case Field.MILESTONE:
            return frozenset({issue.milestone} if issue.milestone else ())
        case Field.DEPENDS_ON:
            return frozenset(issue.depends_on)
        case Field.KEY:
            return frozenset({issue.key} if issue.key else ())


def moment(which: Moment, issue: Issue) -> datetime | None:
    match which:
        case Moment.CREATED:
            return issue.created_at
        case Moment.UPDATED:
            return issue.updated_at
        case Moment.CLOSED:
            return issue.closed_at


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _has(clause: Match, found: frozenset[str]) -> bool:
    return bool(found & clause.any_of) if clause.any_of else not found


def _lies(clause: Within, at: datetime | None) -> bool:
    return (
        at is not None
        and (clause.since is None or clause.since <= at)
        and (clause.until is None or at < clause.until)
    )


def _follow(text: Sequence[str], wanted: Sequence[str]) -> bool:
    starts = range(len(text) - len(wanted) + 1)
    return bool(wanted) and any(text[at : at + len(wanted)] == wanted for at in starts)
