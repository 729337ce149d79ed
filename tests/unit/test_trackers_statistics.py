"""What SQLite counts is what counting all issues gives."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.errors import TrackerError
from framework.domain.issue import Draft
from framework.domain.query import Query
from framework.domain.statistics import statistics
from framework.trackers.sqlite import SqliteTracker
from tests.contracts.tracker_moves import boards, queries, steps, taken
from tests.contracts.tracker_stores import Clock


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(boards(), st.lists(steps, max_size=20), st.lists(queries(), min_size=2, max_size=6))
def test_any_board_is_counted_as_in_memory(board, moves, asked) -> None:
    """After any steps and for any query, with its limit, labels and people in the same order;
    also when a clock went backwards."""
    with tempfile.TemporaryDirectory() as directory:
        clock = Clock()
        with closing(SqliteTracker(Path(directory, "issues.db"), clock)) as tracker:
            for move in (board, *moves):
                taken(move, tracker, clock)
            for query in (Query(), *asked):
                now = clock.now + timedelta(days=3)
                found = tracker.statistics(query, now)
                expected = statistics(tracker.list(query), now)
                assert found == expected, query
                assert list(found.labels) == list(expected.labels)
                assert list(found.assignees) == list(expected.assignees)


def test_no_issue_is_read(tmp_path: Path) -> None:
    """Not one text is asked for, whatever the query."""
    asked: list[str] = []
    with closing(SqliteTracker(tmp_path / "issues.db")) as tracker:
        tracker.create(Draft(title="one", labels=frozenset({"bug"})))
        tracker._database._connection.set_trace_callback(asked.append)
        tracker.statistics(Query(labels=frozenset({"bug"})), Clock().now)
    assert any("julianday" in one for one in asked)
    assert not any("texts" in one for one in asked)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE issues SET state = 'weird'",
        "UPDATE issues SET priority = 9",
        "UPDATE issues SET created_at = 'garbage'",
        "UPDATE issues SET created_at = '2026-01-01T00:00:00'",
    ],
)
def test_a_damaged_row_is_said(tmp_path: Path, damage: str) -> None:
    """With the way to all of them, and not as a defect of ours."""
    path = tmp_path / "issues.db"
    with closing(SqliteTracker(path)) as tracker:
        tracker.create(Draft(title="one"))
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DROP TRIGGER state_changed")
            other.execute(damage)
        with pytest.raises(TrackerError, match="issue doctor"):
            tracker.statistics(Query(), Clock().now)
