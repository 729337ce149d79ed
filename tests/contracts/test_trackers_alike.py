"""After any steps, every tracker answers everything as the plain one in memory does."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.domain import graph
from framework.domain.entry import Label, Milestone, User
from framework.domain.frozen import replace
from framework.domain.issue import Issue
from framework.domain.query import Order
from framework.trackers._query import order, phrases
from framework.trackers._select import relevance
from framework.trackers.base import Checks
from framework.trackers.memory import MemoryTracker
from tests.contracts.tracker_moves import boards, queries, records, steps, taken
from tests.contracts.tracker_stores import STORES, Clock, Opener, ids

OTHERS = {
    name: opened for name, opened in STORES.items() if name != "memory" and "github" not in name
}
"""GitHub has users and a log of its own, and whole seconds: test_github_tracker_alike.py."""


@pytest.fixture(params=OTHERS)
def opened(request: pytest.FixtureRequest) -> Opener:
    return OTHERS[request.param]


def plain(issues) -> list[Issue]:
    return [replace(issue, uid="") for issue in issues]


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    boards(),
    st.lists(steps, max_size=20),
    st.lists(queries(), min_size=4, max_size=8),
    st.lists(records(), min_size=1, max_size=3),
)
def test_any_steps_leave_all_answers_as_in_memory(
    opened: Opener, board, moves, asked, leases
) -> None:
    """Issues, comments, entries, activity, errors, every query, and what is ready; and what is
    kept beside the facts is found to be right."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        here, there = Clock(), Clock()
        model = MemoryTracker(clock=here)
        tracker = stack.enter_context(closing(opened(Path(directory), there)))
        for move in (board, *moves):
            assert taken(move, tracker, there) == taken(move, model, here)
        every = model.list()
        assert plain(tracker.list()) == plain(every)
        for issue in every:
            assert tracker.comments(issue.id) == model.comments(issue.id)
        for kind in (Label, Milestone, User):
            assert tracker.entries(kind) == model.entries(kind)
        assert tracker.activity() == model.activity()
        for query in asked:
            assert tracker.count(query) == model.count(query), query
            if any(sort.by is Order.RELEVANCE for sort in order(query)):
                whole = replace(query, limit=None, offset=0)
                assert set(ids(tracker.list(whole))) == set(ids(model.list(whole))), query
                assert len(tracker.list(query)) == len(model.list(query)), query
            else:
                assert plain(tracker.list(query)) == plain(model.list(query)), query
        for record in leases:
            for limit in (0, 1, 3, 99):
                expected = graph.ready(every, record, Clock().now)[:limit]
                assert plain(tracker.ready(record, Clock().now, limit)) == plain(expected)
        there.forward(timedelta(days=1))
        if isinstance(tracker, Checks):
            assert [one for one in tracker.check(repair=False) if one.is_bad] == []


@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(boards(), st.lists(steps, max_size=8), st.lists(queries(), min_size=4, max_size=8))
def test_relevance_never_rises_down_the_list(opened: Opener, board, moves, asked) -> None:
    """Best match first by bm25 of our own words, as far as floating point can tell."""
    with tempfile.TemporaryDirectory() as directory:
        clock = Clock()
        with closing(opened(Path(directory), clock)) as tracker:
            for move in (board, *moves):
                taken(move, tracker, clock)
            every = tracker.list()
            for query in asked:
                if order(query)[:1] and order(query)[0].by is Order.RELEVANCE:
                    scores = relevance(every, phrases(query))
                    found = [scores[issue.id] for issue in tracker.list(query)]
                    if order(query)[0].descending:
                        found.reverse()
                    assert all(a <= b + 1e-9 for a, b in pairwise(found))
