"""Issues in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from .frozen import dataclass
from .issue import Issue, Priority, State


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """`median_age` is of the issues not closed, `median_to_close` from creation to closing;
    None where there are none. `closed_lately` counts the last seven days."""

    total: int
    states: dict[State, int]
    priorities: dict[Priority, int]
    labels: dict[str, int]
    assignees: dict[str, int]
    closed_lately: int
    median_age: timedelta | None
    median_to_close: timedelta | None


def statistics(issues: Iterable[Issue], now: datetime) -> Statistics:
    """Priorities, labels and assignees count the issues that are not closed."""
    every = [issue for issue in issues if not issue.is_meta]
    unclosed = [issue for issue in every if not issue.is_closed]
    closed = [issue for issue in every if issue.is_closed]
    states, priorities = Counter(one.state for one in every), Counter(o.priority for o in unclosed)
    week = now - timedelta(days=7)
    return Statistics(
        total=len(every),
        states={state: states[state] for state in State},
        priorities={priority: priorities[priority] for priority in Priority},
        labels=_counted(name for one in unclosed for name in one.labels),
        assignees=_counted(name for one in unclosed for name in one.assignees),
        closed_lately=sum(one.closed_at is not None and one.closed_at >= week for one in closed),
        median_age=_median(now - one.created_at for one in unclosed),
        median_to_close=_median(one.closed_at - one.created_at for one in closed if one.closed_at),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    """The most frequent first, equals by name."""
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _median(spans: Iterable[timedelta]) -> timedelta | None:
    ordered = sorted(spans)
    if not ordered:
        return None
    middle = len(ordered) // 2  # the two in the middle are the same one when their number is odd
    return (ordered[middle] + ordered[~middle]) / 2
