"""What a change does to an issue, alike in the trackers that keep their issues themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ..domain.errors import IssueNotFound, TrackerError
from ..domain.graph import find_cycle
from ..domain.issue import DONE, Change, Draft, Issue, State
from ..domain.query import Query


def edited(issue: Issue, change: Change, now: datetime) -> Issue:
    """The issue after `change`; the same object when nothing changes.

    What is both added and removed is removed.
    """
    state = change.state or issue.state
    closed_at = (issue.closed_at or now) if state is State.CLOSED else None
    after = replace(
        issue,
        title=issue.title if change.title is None else storable(change.title),
        body=issue.body if change.body is None else storable(change.body),
        state=state,
        priority=change.priority or issue.priority,
        labels=(issue.labels | labels(change.add_labels)) - labels(change.remove_labels),
        depends_on=in_order({*issue.depends_on, *change.add_depends_on} - change.remove_depends_on),
        reopened=issue.reopened + (issue.state in DONE and state not in DONE),
        closed_at=closed_at,
    )
    return issue if after == issue else replace(after, updated_at=now)


def made(draft: Draft, *, id: str, uid: str, key: str | None, now: datetime) -> Issue:
    return Issue(
        id=id,
        uid=uid,
        title=storable(draft.title),
        body=storable(draft.body),
        priority=draft.priority,
        labels=labels(draft.labels),
        depends_on=in_order(draft.depends_on),
        key=key,
        created_at=now,
        updated_at=now,
    )


def refuse_cycle(issue: Issue, edges: Mapping[str, Sequence[str]]) -> None:
    """Raises TrackerError if the dependencies of `issue` close a cycle among `edges`."""
    if cycle := find_cycle({issue.id: (), **edges} | {issue.id: issue.depends_on}):
        raise TrackerError(
            f"Issue {issue.id} would wait for itself: {' -> '.join(cycle)}. "
            "Remove one of these dependencies first."
        )


def as_stored(query: Query) -> Query:
    """The query for texts as they are stored."""
    prefix = query.key_prefix
    return replace(
        query,
        labels=labels(query.labels),
        key_prefix=None if prefix is None else storable(prefix),
    )


def not_found(id: str) -> IssueNotFound:
    return IssueNotFound(f"There is no issue {id[:60]!r}. List the issues to see which exist.")


def in_order(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids), key=int))


def labels(names: Iterable[str]) -> frozenset[str]:
    return frozenset(storable(name) for name in names)


def storable(text: str) -> str:
    """`text`, less what is no text: half a surrogate pair, as a cut JSON escape leaves it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
