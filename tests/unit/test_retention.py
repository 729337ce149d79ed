"""What is kept of saved work, over all ages, counts and states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from framework.workspaces.clearing.retention import Retention, outdated
from framework.workspaces.rescues import Saved

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def saved(issue: str, epoch: int, days: int, other: bool) -> Saved:
    name = f"refs/rescue/{issue}/e{epoch}{'-x' if other else ''}"
    at = NOW - timedelta(days=days)
    return Saved(ref=name, issue=issue, epoch=epoch, commit="0" * 40, at=at)


SAVED = st.lists(
    st.builds(saved, st.sampled_from("12"), st.integers(1, 9), st.integers(0, 60), st.booleans()),
    unique_by=lambda one: one.ref,
)


@given(SAVED, st.integers(0, 40), st.integers(0, 4))
def test_only_what_is_closed_old_and_not_among_the_newest_goes(
    every: list[Saved], days: int, keep: int
) -> None:
    """Each of the three alone keeps it; of an attempt all refs count as one."""
    retention = Retention(now=NOW, days=days, keep=keep)
    gone = outdated(every, {"1"}, retention)
    for one in every:
        newer = {two.epoch for two in every if two.issue == one.issue and two.epoch > one.epoch}
        is_old = NOW - one.at > timedelta(days=days)
        assert (one in gone) == (one.issue == "1" and is_old and len(newer) >= keep)


def test_nothing_young_counts_as_unused_however_few_the_days() -> None:
    """With no days at all, what nothing refers to still has one to be taken up."""
    assert Retention(now=NOW, days=0).settled == NOW - timedelta(days=1)
    assert Retention(now=NOW, days=30).settled == NOW - timedelta(days=30)
