"""The outbox: a tracker that is away holds nobody up, and is told everything once and in order."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.activity import Kind
from framework.domain.errors import (
    ForgeRefused,
    IssueNotFound,
    TrackerError,
    TrackerUnavailable,
    TransitionRefused,
)
from framework.domain.issue import Change, Draft, Issue, Priority, State
from framework.domain.query import Order as By
from framework.domain.query import Query, Sort
from framework.domain.trouble import Kind as Trouble_
from framework.domain.trouble import Trouble
from framework.leases.process import this_process
from framework.trackers._queue import TURN
from framework.trackers.memory import MemoryTracker
from framework.trackers.outbox import Outbox
from framework.trackers.sqlite import SqliteTracker
from tests.unit import outbox_line
from tests.unit.outbox_line import Line, before

ROOT = Path(__file__).parents[2]
UP, DOWN, CUT = outbox_line.State.UP, outbox_line.State.DOWN, outbox_line.State.CUT
START = datetime(2026, 1, 1, 22, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pair(tmp_path: Path, clock: Clock) -> tuple[Outbox, Line]:
    return before(MemoryTracker(clock=clock), tmp_path, clock=clock)


def make(outbox: Outbox, *titles: str) -> list[Issue]:
    made = [outbox.create(Draft(title=title)) for title in titles or ("One",)]
    outbox.list()
    return made


def texts(tracker, id: str = "1") -> list[str]:
    return [one.text for one in tracker.comments(id)]


def test_with_the_tracker_there_nothing_waits(pair: tuple[Outbox, Line]) -> None:
    """Changes and comments go straight through."""
    outbox, line = pair
    make(outbox)
    outbox.update("1", Change(body="b"))
    outbox.comment("1", "hello", author="ann")
    assert outbox.backlog().count == 0
    assert line.tracker.get("1").body == "b"
    assert texts(line.tracker) == ["hello"]
    assert outbox.flush().sent == 0


def test_a_conclusion_is_a_comment_and_a_change_whether_the_tracker_is_there_or_not(
    pair: tuple[Outbox, Line],
) -> None:
    """Said again it adds nothing; what was kept is told in that order."""
    outbox, line = pair
    make(outbox, "One", "Two")
    for _ in range(2):
        done = outbox.conclude("1", Change(state=State.CLOSED), "proof", author="ann", key="p")
    assert done.is_closed
    line.state = DOWN
    for _ in range(2):
        done = outbox.conclude("2", Change(state=State.CLOSED), "proof", author="ann", key="p")
    assert done.is_closed
    assert not line.tracker.get("2").is_closed
    line.state = UP
    outbox.flush()
    assert [line.tracker.get(id).is_closed for id in "12"] == [True, True]
    assert [texts(line.tracker, id) for id in "12"] == [["proof"], ["proof"]]


def test_with_the_tracker_away_the_caller_gets_the_issue_as_it_will_be(
    pair: tuple[Outbox, Line],
) -> None:
    """Each change shows in what is returned, on top of those before it, and none is told yet."""
    outbox, line = pair
    make(outbox)
    line.state = DOWN
    assert outbox.update("1", Change(state=State.IN_PROGRESS)).state is State.IN_PROGRESS
    after = outbox.update("1", Change(body="b", add_labels=frozenset({"x"})))
    assert (after.state, after.body, after.labels) == (State.IN_PROGRESS, "b", {"x"})
    assert outbox.get("1") == after
    assert outbox.comment("1", "hello", author="ann", key="k").key == "k"
    assert line.tracker.get("1").state is State.OPEN
    assert outbox.backlog().count == 3
    assert outbox.backlog().oldest == START


def test_what_waits_is_told_once_and_in_order(pair: tuple[Outbox, Line]) -> None:
    """After an outage the tracker's own log shows each issue's changes as they were made."""
    outbox, line = pair
    make(outbox, "One", "Two")
    line.state = DOWN
    for step in range(5):
        for id in "12":
            outbox.update(id, Change(body=f"{id}.{step}"))
            outbox.comment(id, f"{id}.{step}", author="ann")
    line.state = UP
    assert (outbox.flush().sent, outbox.flush().sent) == (20, 0)
    log = line.tracker.activity()
    for id in "12":
        told = [one.changes[0].after for one in log if one.issue == id and one.kind is Kind.UPDATED]
        assert told == [f"{id}.{step}" for step in range(5)]
        assert texts(line.tracker, id) == told


def test_a_comment_that_went_out_without_an_answer_is_not_made_twice(
    pair: tuple[Outbox, Line],
) -> None:
    """A comment without a key gets one before the first try; nobody sees it."""
    outbox, line = pair
    make(outbox)
    line.state = CUT
    outbox.comment("1", "hello", author="ann")
    outbox.update("1", Change(state=State.CLOSED))
    line.state = UP
    assert outbox.flush().sent == 2
    assert [(one.text, one.key) for one in outbox.comments("1")] == [("hello", None)]
    assert line.tracker.get("1").reopened == 0


def test_two_comments_alike_without_a_key_are_two(pair: tuple[Outbox, Line]) -> None:
    outbox, line = pair
    make(outbox)
    line.state = DOWN
    for _ in range(2):
        outbox.comment("1", "again", author="ann")
        outbox.comment("1", "once", author="ann", key="k")
    line.state = UP
    assert texts(outbox) == ["again", "once", "again"]
    outbox.flush()
    assert texts(line.tracker) == ["again", "once", "again"]


def test_a_later_change_waits_behind_an_earlier_one_of_its_issue_only(
    pair: tuple[Outbox, Line],
) -> None:
    """The tracker is back: what waits for one issue keeps its order, another goes through."""
    outbox, line = pair
    make(outbox, "One", "Two")
    line.state = DOWN
    outbox.update("1", Change(body="first"))
    line.state = UP
    outbox.update("1", Change(body="second"))
    outbox.update("2", Change(body="other"))
    assert [one.body for one in line.tracker.list()] == ["", "other"]
    assert [one.body for one in outbox.list()] == ["second", "other"]


def test_answers_show_what_waits(pair: tuple[Outbox, Line]) -> None:
    """Filtering, sorting, cutting and counting see the issues as they will be."""
    outbox, line = pair
    make(outbox, "One", "Two", "Three")
    line.state = DOWN
    outbox.update("1", Change(state=State.CLOSED))
    outbox.update("3", Change(priority=Priority.URGENT))
    line.state = UP
    unclosed = Query(states=frozenset({State.OPEN}), sort=(Sort(by=By.PRIORITY),), limit=1)
    assert [one.id for one in outbox.list(unclosed)] == ["3"]
    assert outbox.count(unclosed) == 2
    assert outbox.get("1").closed_at == START


def test_what_cannot_be_asked_is_never_made_up(pair: tuple[Outbox, Line]) -> None:
    """Lists, counts, comments and new issues fail while the tracker is away, and so does an issue
    that was never seen; a comment is kept even for such a one."""
    outbox, line = pair
    line.tracker.create(Draft(title="Unseen"))
    line.state = DOWN
    for ask in (
        lambda: outbox.list(),
        lambda: outbox.count(),
        lambda: outbox.comments("1"),
        lambda: outbox.create(Draft(title="New")),
        lambda: outbox.get("1"),
        lambda: outbox.update("1", Change(body="b")),
    ):
        with pytest.raises(TrackerUnavailable):
            ask()
    outbox.comment("1", "hello", author="ann")
    assert outbox.backlog().count == 1


def test_a_wrong_change_is_refused_at_once_even_without_the_tracker(
    pair: tuple[Outbox, Line],
) -> None:
    """By the same table as the tracker's; it does not wait to be refused later."""
    outbox, line = pair
    make(outbox)
    line.state = DOWN
    outbox.update("1", Change(state=State.CLOSED))
    with pytest.raises(TransitionRefused):
        outbox.update("1", Change(state=State.BLOCKED))
    assert outbox.backlog().count == 1


def test_one_try_is_enough_to_see_that_it_is_still_away(pair: tuple[Outbox, Line]) -> None:
    outbox, line = pair
    make(outbox, "One", "Two")
    line.state = DOWN
    for id in "12":
        outbox.comment(id, "hello", author="ann")
    line.tried = 0
    flushed = outbox.flush()
    assert (flushed.sent, flushed.left, line.tried) == (0, 2, 1)
    assert flushed.away is not None


def test_what_is_refused_for_good_is_kept_apart_and_the_rest_goes_on(
    pair: tuple[Outbox, Line], clock: Clock
) -> None:
    """A person closed one issue and deleted another meanwhile: nothing vanishes unsaid."""
    outbox, line = pair
    make(outbox, "One", "Two", "Three")
    line.state = DOWN
    outbox.update("1", Change(state=State.BLOCKED))
    outbox.comment("1", "why", author="ann")
    outbox.comment("2", "lost", author="ann")
    outbox.update("3", Change(body="b"))
    line.tracker.update("1", Change(state=State.CLOSED))
    line.tracker.delete("2")
    line.state = UP
    flushed = outbox.flush()
    assert (flushed.sent, flushed.left, flushed.away) == (2, 0, None)
    assert [(one.issue, one.what) for one in flushed.refused] == [
        ("1", "the state blocked"),
        ("2", "a comment"),
    ]
    assert "closed" in flushed.refused[0].why
    assert texts(line.tracker) == ["why"]
    assert outbox.get("1").state is State.CLOSED
    assert outbox.refused() == flushed.refused
    with pytest.raises(IssueNotFound):
        outbox.get("2")


def test_what_waits_outlives_the_process(tmp_path: Path) -> None:
    """Opened again, it holds all that was kept, with texts of any kind, and tells it."""
    tracker = MemoryTracker()
    text = "half \ud83d, nul \x00, 日本 🤖"
    outbox, line = before(tracker, tmp_path)
    make(outbox)
    line.state = DOWN
    whole = Change(
        title=text,
        priority=Priority.LOW,
        assignees=frozenset({"ann"}),
        milestone="Q1",
        add_labels=frozenset({"a", text}),
    )
    after = outbox.update("1", whole, actor="bob", forced=True)
    outbox.comment("1", text, author=text, key=text)
    outbox._queue.close()
    again, _ = before(tracker, tmp_path)
    assert again.flush().sent == 2
    told = tracker.get("1")
    assert (told.title, told.labels, told.assignees) == (after.title, after.labels, {"ann"})
    assert (told.priority, told.milestone) == (Priority.LOW, "Q1")
    assert (tracker.activity()[-2].actor, tracker.activity()[-2].forced) == ("bob", True)
    assert "half" in texts(tracker)[0]


@pytest.mark.parametrize(
    "point", ["state:before", "state:after", "comment:before", "comment:after"]
)
def test_a_kill_while_it_is_told_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    """kill -9 of a process just before or just after it told something: the next one goes on at
    once, although the dead one had the turn."""
    outbox, line = outbox_line.opened(tmp_path)
    make(outbox)
    line.state = DOWN
    outbox.update("1", Change(body="b"))
    outbox.comment("1", "hello", author="ann")
    outbox.update("1", Change(state=State.CLOSED))
    outbox.close()
    assert tell_all(tmp_path, point).wait(30) == -signal.SIGKILL
    outbox, line = outbox_line.opened(tmp_path)
    assert 0 < outbox.backlog().count <= 3
    outbox.flush()
    assert outbox.backlog().count == 0
    assert texts(line.tracker) == ["hello"]
    issue, log = line.tracker.get("1"), line.tracker.activity(issue="1")
    assert (issue.body, issue.state) == ("b", State.CLOSED)
    assert [one.kind for one in log] == [Kind.CREATED, Kind.UPDATED, Kind.COMMENTED, Kind.CLOSED]
    outbox.close()


def test_processes_that_tell_at_once_keep_each_issues_order(tmp_path: Path) -> None:
    """Three processes tell the same queue: everything arrives once, and nothing is set back."""
    outbox, line = outbox_line.opened(tmp_path)
    make(outbox, "One", "Two")
    line.state = DOWN
    for step in range(15):
        for id in "12":
            outbox.update(id, Change(body=f"{step}"))
        outbox.comment("2", f"{step}", author="ann")
    outbox.close()
    tellers = [tell_all(tmp_path) for _ in range(3)]
    assert [one.wait(60) for one in tellers] == [0, 0, 0]
    with closing(SqliteTracker(tmp_path / "issues.db")) as tracker:
        for id in "12":
            log = tracker.activity(issue=id)
            told = [one.changes[0].after for one in log if one.kind is Kind.UPDATED]
            assert told == [str(step) for step in range(15)]
        assert texts(tracker, "2") == told


def tell_all(directory: Path, point: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.unit.outbox_line", str(directory), point]
    return subprocess.Popen(command, cwd=ROOT)


def test_a_process_that_lives_but_does_not_move_on_loses_its_turn(
    tmp_path: Path, clock: Clock
) -> None:
    """Another one waits for the length of a turn and not longer; the first then stops telling."""
    tracker = MemoryTracker()
    first, line = before(tracker, tmp_path, clock=clock)
    second, _ = before(tracker, tmp_path, clock=clock)
    make(first)
    line.state = DOWN
    first.comment("1", "hello", author="ann")
    assert first._queue.take_turn(clock())
    assert second.flush().left == 1
    clock.now += TURN
    assert second.flush().sent == 1
    assert first._queue.next(clock()) is None


def test_the_turn_of_a_dead_process_is_free_at_once(tmp_path: Path, clock: Clock) -> None:
    tracker = MemoryTracker()
    dead, line = before(tracker, tmp_path, clock=clock)
    make(dead)
    line.state = DOWN
    dead.comment("1", "hello", author="ann")
    assert dead._queue.take_turn(clock())
    other, _ = before(tracker, tmp_path, clock=clock, is_alive=lambda one: one != this_process())
    assert other.flush().sent == 1


def test_what_another_process_keeps_is_seen(tmp_path: Path) -> None:
    """Two runs on one board: each shows what waits, whoever was told it."""
    tracker = MemoryTracker()
    here, line = before(tracker, tmp_path)
    there, _ = before(tracker, tmp_path)
    make(here)
    assert there.get("1").body == ""
    line.state = DOWN
    here.update("1", Change(body="b"))
    assert there.get("1").body == "b"
    assert there.backlog().count == 1


def test_a_file_that_cannot_be_used_is_left_as_it_is_and_said(tmp_path: Path) -> None:
    """Rubbish, and a file of a later version."""
    rubbish = tmp_path / "outbox.db"
    rubbish.write_bytes(b"rubbish" * 1000)
    with pytest.raises(TrackerError, match="keep a copy"):
        before(MemoryTracker(), tmp_path)
    assert rubbish.read_bytes() == b"rubbish" * 1000
    rubbish.unlink()
    with closing(sqlite3.connect(rubbish)) as later:
        later.execute("PRAGMA user_version = 99")
    with pytest.raises(TrackerError, match="Update Nightshift"):
        before(MemoryTracker(), tmp_path)


def test_a_row_that_means_nothing_is_said_and_kept(tmp_path: Path) -> None:
    outbox, line = before(MemoryTracker(), tmp_path)
    make(outbox)
    line.state = DOWN
    outbox.comment("1", "hello", author="ann")
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as other, other:
        other.execute("UPDATE waiting SET what = '{}'")
    with pytest.raises(TrackerError, match=r"outbox\.db"):
        outbox.backlog()


def test_the_oldest_is_since_when_it_waits(pair: tuple[Outbox, Line], clock: Clock) -> None:
    outbox, line = pair
    make(outbox, "One", "Two")
    line.state = DOWN
    for id in "21":
        outbox.comment(id, "hello", author="ann")
        clock.now += timedelta(minutes=1)
    assert (outbox.backlog().count, outbox.backlog().oldest) == (2, START)


class Revoked(MemoryTracker):
    """A tracker whose token is no good any more, until `good`."""

    good = True

    def update(self, id, change, **more):
        self._admit()
        return super().update(id, change, **more)

    def comment(self, id, text, **more):
        self._admit()
        return super().comment(id, text, **more)

    def get(self, id):
        self._admit()
        return super().get(id)

    def _admit(self) -> None:
        if not self.good:
            trouble = Trouble(kind=Trouble_.AUTHENTICATION)
            raise ForgeRefused("The token is expired. Make another.", trouble, status=401)


def test_what_a_revoked_token_kept_from_being_told_waits_for_another(
    tmp_path: Path, clock: Clock
) -> None:
    """It is no refusal for good: nothing becomes a dead letter."""
    behind = Revoked(clock=clock)
    outbox, _ = before(behind, tmp_path, clock=clock)
    make(outbox)
    behind.good = False
    outbox.conclude("1", Change(state=State.CLOSED), "proof", author="ann", key="p")
    flushed = outbox.flush()
    assert (flushed.sent, flushed.left, flushed.refused) == (0, 2, ())
    assert "expired" in (flushed.away or "")
    behind.good = True
    assert outbox.flush().sent == 2
    assert behind.get("1").is_closed
