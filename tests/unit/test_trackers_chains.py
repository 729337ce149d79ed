"""The lengths of chains that the SQLite tracker keeps are those that the domain counts."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.errors import TrackerError
from framework.domain.graph import remaining_chains
from framework.domain.issue import Change, Draft, State
from framework.trackers.sqlite import SqliteTracker

SIZE = 6
numbers = st.integers(1, SIZE).map(str)
states = st.sampled_from([State.OPEN, State.CLOSED])
changes = st.one_of(
    st.none(),  # closed becomes open, open closed
    st.none(),
    st.builds(lambda one: Change(add_depends_on=frozenset({one})), numbers),
    st.builds(lambda one: Change(remove_depends_on=frozenset({one})), numbers),
    st.builds(
        lambda state, more, less: Change(
            state=state, add_depends_on=frozenset(more), remove_depends_on=frozenset(less)
        ),
        st.none() | states,
        st.lists(numbers, max_size=2),
        st.lists(numbers, max_size=2),
    ),
)


def kept(tracker: SqliteTracker) -> dict[str, int]:
    with tracker._database.reading() as connection:
        return {str(id): chain for id, chain in connection.execute("SELECT id, chain FROM issues")}


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.frozensets(st.integers(1, SIZE), min_size=1, max_size=3), min_size=SIZE, max_size=SIZE
    ),
    st.lists(st.tuples(numbers, changes), min_size=12, max_size=30),
)
def test_lengths_are_right_after_every_change(needs, moves) -> None:
    """Of issues made at once, closed, reopened, made to wait for others and freed of them."""
    drafts = [
        Draft(title="x", depends_on=tuple(str(one) for one in sorted(some) if one < number))
        for number, some in enumerate(needs, start=1)
    ]
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(SqliteTracker(Path(directory, "issues.db"))) as tracker,
    ):
        tracker.create_many(drafts)
        assert kept(tracker) == remaining_chains(tracker.list())
        for id, change in moves:
            other = State.OPEN if tracker.get(id).is_closed else State.CLOSED
            try:
                tracker.update(id, change or Change(state=other))
            except TrackerError:
                continue
            assert kept(tracker) == remaining_chains(tracker.list()), (id, change)
        tracker.delete("3")
        assert kept(tracker) == remaining_chains(tracker.list())


def test_a_long_chain_is_carried_to_its_end(tmp_path: Path) -> None:
    """No depth of recursion ends it, whether it grows, breaks or is closed from the end."""
    with closing(SqliteTracker(tmp_path / "issues.db")) as tracker:
        tracker.create_many(
            [
                Draft(title="x", key=f"{n}", depends_on=(f"key:{n - 1}",) if n else ())
                for n in range(1_500)
            ]
        )
        assert kept(tracker)["1"] == 1_500
        last = tracker.create(Draft(title="x", depends_on=("1500",)))
        assert kept(tracker)["1"] == 1_501
        tracker.update("751", Change(remove_depends_on=frozenset({"750"})))
        assert (kept(tracker)["1"], kept(tracker)["751"]) == (750, 751)
        tracker.update(last.id, Change(state=State.CLOSED))
        assert kept(tracker)["751"] == 750
        assert not [one for one in tracker.check(repair=False) if one.is_bad]
