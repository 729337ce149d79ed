"""Issues in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from framework.domain.issue import META_LABEL, Issue, Priority, State
from framework.domain.statistics import statistics

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def made(id: str, days: float, **fields: object) -> Issue:
    at = NOW - timedelta(days=days)
    return Issue(id=id, uid=id, title=id, created_at=at, updated_at=at, **fields)  # type: ignore[arg-type]


def test_an_empty_board_has_no_medians() -> None:
    found = statistics([], NOW)
    assert (found.total, found.median_age, found.median_to_close) == (0, None, None)
    assert set(found.states) == set(State)
    assert set(found.priorities) == set(Priority)


def test_issues_are_counted_and_their_times_halved() -> None:
    """Closed ones count in states and times, unclosed ones in the rest; META in nothing."""
    issues = [
        made("1", 2, labels=frozenset({"bug"}), assignees=frozenset({"ann"})),
        made("2", 4, labels=frozenset({"bug", "ui"}), priority=Priority.HIGH),
        made("3", 9, state=State.CLOSED, closed_at=NOW - timedelta(days=8)),
        made("4", 9, state=State.CLOSED, closed_at=NOW - timedelta(days=2)),
        made("5", 9, labels=frozenset({META_LABEL})),
    ]
    found = statistics(issues, NOW)
    assert found.total == 4
    assert found.states[State.OPEN] == 2
    assert found.states[State.CLOSED] == 2
    assert found.labels == {"bug": 2, "ui": 1}
    assert found.assignees == {"ann": 1}
    assert found.priorities[Priority.HIGH] == 1
    assert found.closed_lately == 1
    assert found.median_age == timedelta(days=3)
    assert found.median_to_close == timedelta(days=4)
