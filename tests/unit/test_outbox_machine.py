"""The outbox behind a line that fails at random moments, against a tracker that never does."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from framework.domain.errors import TrackerError
from framework.domain.issue import Change, Draft, Issue, Priority, State
from framework.domain.query import Query
from framework.trackers.memory import MemoryTracker
from framework.trackers.outbox import Outbox
from tests.unit import outbox_line
from tests.unit.outbox_line import before

ISSUES = ("1", "2", "3")
some = st.frozensets(st.sampled_from("ab"), max_size=2)
changes = st.builds(
    Change,
    title=st.none() | st.sampled_from(["x", "y"]),
    state=st.none() | st.sampled_from(State),
    priority=st.none() | st.sampled_from(Priority),
    milestone=st.none() | st.sampled_from(["Q1", ""]),
    assignees=st.none() | some,
    add_labels=some,
    remove_labels=some,
)


def facts(issue: Issue) -> tuple[object, ...]:
    """All that two trackers can agree on: not their ids and times."""
    return (
        *(issue.id, issue.title, issue.state, issue.priority, issue.labels),
        *(issue.assignees, issue.milestone, issue.reopened, issue.closed_at is None),
    )


class Machine(RuleBasedStateMachine):
    """`line` is up, down, or cut: then what is told arrives, and yet the call fails. A restart
    opens the file anew, as after a kill."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.model, self.real = MemoryTracker(), MemoryTracker()
        self.outbox, self.line = before(self.real, self.directory)
        for tracker in (self.model, self.outbox):
            for id in ISSUES:
                tracker.create(Draft(title=id))
        self.said = 0

    def teardown(self) -> None:
        self.line.state = outbox_line.State.UP
        self.told_in_the_end()
        self.outbox.close()
        shutil.rmtree(self.directory)

    @rule(state=st.sampled_from(outbox_line.State))
    def weather(self, state: outbox_line.State) -> None:
        self.line.state = state

    @rule(id=st.sampled_from(ISSUES), change=changes)
    def update(self, id: str, change: Change) -> None:
        expected, found = (self.result(one, id, change) for one in (self.model, self.outbox))
        assert found == expected

    def result(self, tracker: MemoryTracker | Outbox, id: str, change: Change) -> object:
        try:
            return facts(tracker.update(id, change))
        except TrackerError as error:
            return type(error)

    @rule(id=st.sampled_from(ISSUES), key=st.none() | st.sampled_from("kl"))
    def comment(self, id: str, key: str | None) -> None:
        self.said += 1
        for tracker in (self.model, self.outbox):
            tracker.comment(id, str(self.said), author="ann", key=key)

    @rule(most=st.none() | st.integers(1, 3))
    def flush(self, most: int | None) -> None:
        flushed = self.outbox.flush(most)
        assert flushed.refused == ()
        assert flushed.left == self.outbox.backlog().count

    @precondition(lambda self: self.line.state is outbox_line.State.UP)
    @rule()
    def restart(self) -> None:
        self.outbox._queue.close()
        self.outbox, self.line = before(self.real, self.directory)
        self.outbox.list()

    @invariant()
    def each_issue_shows_as_it_will_be(self) -> None:
        for id in ISSUES:
            assert facts(self.outbox.get(id)) == facts(self.model.get(id))

    @precondition(lambda self: self.line.state is outbox_line.State.UP)
    @invariant()
    def listings_and_comments_show_all(self) -> None:
        closed = Query(states=frozenset({State.CLOSED}))
        for query in (Query(), closed):
            shown, expected = self.outbox.list(query), self.model.list(query)
            assert [facts(one) for one in shown] == [facts(one) for one in expected]
        assert self.outbox.count(closed) == self.model.count(closed)
        assert comments(self.outbox) == comments(self.model)

    def told_in_the_end(self) -> None:
        """Nothing lost, nothing doubled, in order."""
        self.outbox.flush()
        assert self.outbox.backlog().count == 0
        for one, other in zip(self.real.list(), self.model.list(), strict=True):
            assert facts(one) == facts(other)
        assert comments(self.real) == comments(self.model)


def comments(tracker: MemoryTracker | Outbox) -> list[list[str]]:
    return [[one.text for one in tracker.comments(id)] for id in ISSUES]


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
