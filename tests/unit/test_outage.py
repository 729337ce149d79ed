"""A tracker that is away, as a scenario wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework.domain.errors import SettingsError, TrackerUnavailable
from framework.domain.issue import Change, Draft, State
from framework.rehearsal.outage import Outage, disturbed
from framework.rehearsal.scenario import find, load
from framework.trackers.memory import MemoryTracker

HEAD = "name: small\ndescription: A test.\nspec: spec.txt\nsessions: []\n"


def outage(folder: Path, line: str) -> Outage | None:
    (folder / "spec.txt").write_text("Build it.\n")
    (folder / "scenario.yaml").write_text(HEAD + line)
    return load(find(str(folder))).outage


def test_it_is_read_from_the_scenario(tmp_path: Path) -> None:
    assert outage(tmp_path, "") is None
    read = outage(tmp_path, "tracker: {away_after: 2, for: 1.5}")
    assert read == Outage(after=2, seconds=1.5)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("tracker: {away_after: 2}", "tracker: needs the key 'for'"),
        ("tracker: {away_afer: 2, for: 1}", "tracker: unknown key 'away_afer'"),
        ("tracker: {away_after: 0, for: 1}", "tracker.away_after: must be at least 1"),
        ("tracker: {away_after: 1.5, for: 1}", "tracker.away_after: must be a whole number"),
        ("tracker: {away_after: 1, for: long}", "tracker.for: must be a number"),
        ("tracker: gone", "tracker: must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        outage(tmp_path, line)


def test_it_begins_with_the_landing_that_it_waits_for_and_ends_by_itself() -> None:
    """Every call fails meanwhile, closing the tracker does not, and it happens once."""
    now = 100.0
    tracker = disturbed(MemoryTracker(), Outage(after=2, seconds=5), lambda: now)
    for title in ("One", "Two", "Three"):
        tracker.create(Draft(title=title))
    tracker.update("1", Change(state=State.IN_PROGRESS))
    tracker.update("1", Change(state=State.CLOSED))
    assert len(tracker.list()) == 3
    tracker.update("2", Change(state=State.NEEDS_REVIEW))
    for call in (tracker.list, lambda: tracker.get("1"), lambda: tracker.update("3", Change())):
        with pytest.raises(TrackerUnavailable, match="as the scenario wants it"):
            call()
    now += 5
    assert tracker.name == "memory"
    tracker.update("3", Change(state=State.CLOSED))
    assert all(one.state in (State.CLOSED, State.NEEDS_REVIEW) for one in tracker.list())
    tracker.close()


def test_it_lasts_until_there_was_something_to_tell() -> None:
    """A slow machine has nothing for a while: the seconds begin with the first change refused."""
    now = 100.0
    tracker = disturbed(MemoryTracker(), Outage(after=1, seconds=5), lambda: now)
    tracker.create(Draft(title="One"))
    tracker.update("1", Change(state=State.CLOSED))
    for seconds, change in ((9, None), (0, Change()), (4, None)):
        now += seconds
        with pytest.raises(TrackerUnavailable):
            tracker.list() if change is None else tracker.update("1", change)
    now += 1
    assert len(tracker.list()) == 1


def test_it_ends_when_nobody_tells_anything() -> None:
    """Not before four times its seconds are over."""
    now = 100.0
    tracker = disturbed(MemoryTracker(), Outage(after=1, seconds=5), lambda: now)
    tracker.create(Draft(title="One"))
    tracker.update("1", Change(state=State.CLOSED))
    now += 19
    with pytest.raises(TrackerUnavailable):
        tracker.list()
    now += 1
    assert len(tracker.list()) == 1
