"""After any steps, the GitHub tracker answers as the plain one in memory does."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain.frozen import replace
from framework.domain.issue import Comment, Issue
from framework.domain.query import Order
from framework.trackers._query import order
from framework.trackers.base import Tracker
from framework.trackers.memory import MemoryTracker
from tests.contracts.tracker_github import github
from tests.contracts.tracker_moves import boards, issue_steps, queries, taken
from tests.contracts.tracker_stores import Clock, ids


def plain(issues) -> list[Issue]:
    """Less what is GitHub's own: its names for issues, and what counts as an update."""
    return [replace(issue, uid="", updated_at=issue.created_at) for issue in issues]


def remarks(tracker: Tracker, id: str) -> list[Comment]:
    return [replace(one, id="") for one in tracker.comments(id)]


def is_of_updates(query) -> bool:
    by_time = any(sort.by in (Order.UPDATED, Order.RELEVANCE) for sort in order(query))
    return by_time or "UPDATED" in repr(query)


@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(boards(), st.lists(issue_steps, max_size=15), st.lists(queries(), min_size=4, max_size=8))
def test_any_steps_leave_all_answers_as_in_memory(board, moves, asked) -> None:
    """Issues, comments, refusals and every query."""
    here, there = Clock(), Clock()
    here.now = here.now.replace(microsecond=0)
    model = MemoryTracker(clock=here)
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        tracker = stack.enter_context(closing(github(Path(directory), there)))
        for move in (board, *moves):
            assert taken(move, tracker, there) == taken(move, model, here)
        every = model.list()
        assert plain(tracker.list()) == plain(every)
        for issue in every:
            assert remarks(tracker, issue.id) == remarks(model, issue.id)
        for query in asked:
            if not is_of_updates(query):
                assert ids(tracker.list(query)) == ids(model.list(query)), query
