"""Which issue next: readiness, waiting and order, from facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from .issue import WORKABLE, Issue
from .lease import Record

LAST_AFTER = 3
"""From this many failures on an issue goes to the back of the queue."""


def waits_for(issue: Issue, issues: Mapping[str, Issue]) -> tuple[str, ...]:
    """The ids of the dependencies that are not closed; an id nobody knows counts as one."""
    return tuple(
        one for one in issue.depends_on if (other := issues.get(one)) is None or not other.is_closed
    )


def ready(
    issues: Sequence[Issue], records: Mapping[str, Record], now: datetime
) -> tuple[Issue, ...]:
    """The issues that may be worked on now, best first.

    Longest remaining chain of dependants first, so that the run ends soonest; then priority,
    fewest failures, oldest. Issues with `LAST_AFTER` failures or more come after all others.
    """
    known = {issue.id: issue for issue in issues}
    chains = remaining_chains(issues)
    free = (
        issue
        for issue in issues
        if issue.state in WORKABLE
        and not issue.is_meta
        and not issue.withheld
        and not waits_for(issue, known)
        and is_free(records.get(issue.id), now)
    )

    def rank(issue: Issue) -> tuple[object, ...]:
        failures = len(record.failures) if (record := records.get(issue.id)) else 0
        return (
            failures >= LAST_AFTER,
            -chains[issue.id],
            issue.priority.rank,
            failures,
            issue.created_at,
            _natural(issue.id),
        )

    return tuple(sorted(free, key=rank))


def remaining_chains(issues: Iterable[Issue]) -> dict[str, int]:
    """For each issue, the length of the longest chain of open issues that starts with it."""
    issues = tuple(issues)
    open_issues = {issue.id: issue for issue in issues if not issue.is_closed}
    dependants: dict[str, list[str]] = {one: [] for one in open_issues}
    for issue in open_issues.values():
        for one in issue.depends_on:
            if one in dependants:
                dependants[one].append(issue.id)
    lengths: dict[str, int] = {one.id: 1 for one in issues}
    for one in reversed(topological({key: tuple(value) for key, value in dependants.items()})):
        lengths[one] = 1 + max((lengths[other] for other in dependants[one]), default=0)
    return lengths


def topological(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes, each before the ones it points to; nodes on or behind a cycle are left out."""
    incoming = dict.fromkeys(edges, 0)
    for targets in edges.values():
        for target in targets:
            incoming[target] += 1
    queue = [node for node, count in incoming.items() if count == 0]
    for node in queue:
        for target in edges[node]:
            incoming[target] -= 1
            if incoming[target] == 0:
                queue.append(target)
    return queue


def find_cycle(edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One cycle among `edges`, first node repeated at the end; empty when there is none.

    Targets that are no nodes themselves are passed over.
    """
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path = {start: iter(edges[start])}  # the way here, and what is left to follow of each
        while path:
            node, targets = next(reversed(path.items()))
            target = next(targets, None)
            if target is None:
                done.add(node)
                del path[node]
            elif target in path:
                way = list(path)
                return (*way[way.index(target) :], target)
            elif target in edges and target not in done:
                path[target] = iter(edges[target])
    return ()


def is_free(record: Record | None, now: datetime) -> bool:
    """Whether nobody holds the issue of `record` and its next attempt need not wait."""
    if record is None:
        return True
    if record.lease is not None and not record.lease.is_over(now):
        return False
    return record.not_before is None or record.not_before <= now


def _natural(identifier: str) -> tuple[int, str]:
    return (int(identifier) if identifier.isdecimal() else 0, identifier)
