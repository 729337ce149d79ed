"""What every tracker must do that keeps a log of all changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from framework.domain.activity import Activity, FieldChange, Kind
from framework.domain.entry import Label, Milestone, User
from framework.domain.errors import TrackerError
from framework.domain.issue import Change, Draft, Priority, State
from framework.trackers.base import RUNNER, Tracker
from tests.contracts.tracker_stores import Clock, make


def last(tracker: Tracker) -> Activity:
    return tracker.activity()[-1]


def fields(activity: Activity) -> dict[str, tuple[object, object]]:
    return {one.field: (one.before, one.after) for one in activity.changes}


def test_a_new_issue_is_noted_with_all_that_it_has(tracker: Tracker, clock: Clock) -> None:
    """But for its body, which is not kept twice; nothing was there before."""
    first = make(tracker)
    issue = tracker.create(
        Draft(
            title="Title",
            body="Body",
            priority=Priority.HIGH,
            labels=frozenset({"b", "a"}),
            depends_on=(first.id,),
            assignees=frozenset({"ann"}),
            milestone="Q1",
            key="k",
        ),
        author="eve",
    )
    noted = last(tracker)
    assert (noted.kind, noted.issue, noted.actor) == (Kind.CREATED, issue.id, "eve")
    assert (noted.at, noted.forced) == (clock.now, False)
    assert fields(noted) == {
        "title": (None, "Title"),
        "state": (None, "open"),
        "priority": (None, "high"),
        "labels": (None, ["a", "b"]),
        "depends_on": (None, [first.id]),
        "assignees": (None, ["ann"]),
        "milestone": (None, "Q1"),
        "key": (None, "k"),
    }


def test_a_change_is_noted_field_by_field_before_and_after(tracker: Tracker) -> None:
    """Only the fields that differ, each as it was and became."""
    issue = make(tracker, "Old", body="Body", labels=frozenset({"b", "a"}), milestone="Q1")
    change = Change(title="New", body="", add_labels=frozenset({"c"}), milestone="")
    tracker.update(issue.id, change, actor="bob", forced=True)
    noted = last(tracker)
    assert (noted.kind, noted.actor, noted.forced) == (Kind.UPDATED, "bob", True)
    assert fields(noted) == {
        "title": ("Old", "New"),
        "body": ("Body", ""),
        "labels": (["a", "b"], ["a", "b", "c"]),
        "milestone": ("Q1", None),
    }


def test_closing_and_reopening_are_kinds_of_their_own(tracker: Tracker) -> None:
    """So that whoever follows need not read the fields."""
    issue = make(tracker)
    walk = (
        (State.IN_PROGRESS, Kind.UPDATED),
        (State.NEEDS_REVIEW, Kind.UPDATED),
        (State.IN_PROGRESS, Kind.REOPENED),
        (State.CLOSED, Kind.CLOSED),
        (State.OPEN, Kind.REOPENED),
    )
    before = State.OPEN
    for state, kind in walk:
        tracker.update(issue.id, Change(state=state))
        assert last(tracker).kind is kind
        assert last(tracker).changes == (
            FieldChange(field="state", before=before.value, after=state.value),
        )
        before = state


def test_a_comment_is_noted_by_its_number(tracker: Tracker) -> None:
    """The text is with the comment."""
    issue = make(tracker)
    comment = tracker.comment(issue.id, "text", author="ann", forced=True)
    noted = last(tracker)
    assert (noted.kind, noted.issue, noted.actor) == (Kind.COMMENTED, issue.id, "ann")
    assert noted.forced
    assert fields(noted) == {"comment": (None, comment.id)}


def test_the_activity_of_a_deleted_issue_stays(tracker: Tracker) -> None:
    """With all that went with it; the issues that lost a dependency are noted after it."""
    issue = make(tracker, "Gone", body="Body", labels=frozenset({"a"}), key="k")
    waiting = make(tracker, depends_on=(issue.id,))
    tracker.delete(issue.id, actor="ann", forced=True)
    deleted, freed = tracker.activity()[-2:]
    assert (deleted.kind, deleted.issue, deleted.actor) == (Kind.DELETED, issue.id, "ann")
    assert deleted.forced
    assert fields(deleted) == {
        "title": ("Gone", None),
        "body": ("Body", None),
        "state": ("open", None),
        "priority": ("medium", None),
        "labels": (["a"], None),
        "key": ("k", None),
    }
    assert (freed.kind, freed.issue, freed.actor) == (Kind.UPDATED, waiting.id, "ann")
    assert fields(freed) == {"depends_on": ([issue.id], [])}
    kinds = [one.kind for one in tracker.activity(issue=issue.id)]
    assert kinds == [Kind.CREATED, Kind.DELETED]


def test_entries_are_noted_without_an_issue(tracker: Tracker) -> None:
    """A new one, a new name, and one taken away."""
    tracker.save(Milestone(name="Q1", due=date(2026, 3, 31)), actor="ann")
    tracker.save(Milestone(name="Q2", is_closed=True), was="Q1")
    tracker.remove(Milestone, "Q2", actor="bob")
    made, changed, gone = tracker.activity()
    assert {one.issue for one in (made, changed, gone)} == {None}
    assert [one.kind for one in (made, changed, gone)] == [
        Kind.LISTED,
        Kind.LISTED,
        Kind.UNLISTED,
    ]
    assert [one.actor for one in (made, changed, gone)] == ["ann", RUNNER, "bob"]
    assert fields(made) == {"milestone": (None, "Q1"), "due": (None, "2026-03-31")}
    assert fields(changed) == {
        "milestone": ("Q1", "Q2"),
        "due": ("2026-03-31", None),
        "is_closed": (False, True),
    }
    assert fields(gone) == {"milestone": ("Q2", None), "is_closed": (True, None)}


def test_what_changes_nothing_leaves_no_activity(tracker: Tracker) -> None:
    """The same again, a key that is known, a refusal."""
    issue = make(tracker, "Same", key="k", labels=frozenset({"a"}))
    tracker.comment(issue.id, "text", author="ann", key="k")
    tracker.save(User(name="ann", kind="coder"))
    before = tracker.activity()
    make(tracker, "Other", key="k")
    tracker.create_many([])
    tracker.update(issue.id, Change(title="Same", add_labels=frozenset({"a"})), forced=True)
    tracker.comment(issue.id, "again", author="ann", key="k")
    tracker.save(User(name="ann", kind="coder"), was="ann")
    refused: list[Callable[[], object]] = [
        lambda: tracker.save(Label(name="a")),
        lambda: tracker.remove(Label, "ghost"),
        lambda: tracker.delete("99"),
        lambda: tracker.update(issue.id, Change(add_depends_on=frozenset({issue.id}))),
    ]
    for attempt in refused:
        with pytest.raises(TrackerError):
            attempt()
    assert tracker.activity() == before


def test_ids_rise_and_the_oldest_comes_first(tracker: Tracker, clock: Clock) -> None:
    """Even where the clock was put back."""
    issue = make(tracker)
    for minutes in (1, -5, 2):
        clock.forward(timedelta(minutes=minutes))
        tracker.comment(issue.id, "x", author="a")
    found = [one.id for one in tracker.activity()]
    assert found == sorted(set(found))


def test_activity_is_narrowed_by_issue_actor_and_time(tracker: Tracker, clock: Clock) -> None:
    """All given must hold; `since` is a moment that counts in."""
    one, two = make(tracker), make(tracker)
    at = clock.forward()
    tracker.comment(one.id, "x", author="ann")
    clock.forward(timedelta(hours=-1))
    tracker.comment(two.id, "x", author="ann")
    clock.forward(timedelta(hours=2))
    tracker.comment(two.id, "x", author="bob")
    every = list(tracker.activity())
    created, other, early, late, last_one = every
    assert list(tracker.activity(issue=one.id)) == [created, early]
    assert list(tracker.activity(actor="ann")) == [early, late]
    assert list(tracker.activity(since=at)) == [early, last_one]
    assert list(tracker.activity(issue=two.id, actor="bob", since=at)) == [last_one]
    assert list(tracker.activity(after=early.id, since=at)) == [last_one]
    assert list(tracker.activity(issue=two.id)) == [other, late, last_one]
    for nobody in ("99", "x", "01", "１"):
        assert list(tracker.activity(issue=nobody)) == []
    assert list(tracker.activity(actor="nobody")) == []
    assert list(tracker.activity(since=clock.forward())) == []


def test_activity_is_followed_by_the_last_id_and_cut_to_the_last_ones(tracker: Tracker) -> None:
    """`after` is not given again, and a limit keeps the newest."""
    for number in range(5):
        make(tracker, f"{number}")
    every = list(tracker.activity())
    assert list(tracker.activity(after=every[1].id)) == every[2:]
    assert list(tracker.activity(after=every[-1].id)) == []
    assert list(tracker.activity(limit=2)) == every[-2:]
    assert list(tracker.activity(after=every[1].id, limit=1)) == every[-1:]
    assert list(tracker.activity(limit=0)) == []
    assert list(tracker.activity(limit=99)) == every


def test_threads_leave_one_entry_for_each_change(tracker: Tracker) -> None:
    """Nothing is lost or doubled, and each entry tells the change that was made then."""
    issue = make(tracker)

    def label(n: int) -> None:
        tracker.update(issue.id, Change(add_labels=frozenset({f"l{n:02}"})), actor=f"a{n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(label, range(30)))
    labels: list[str] = []
    for one in tracker.activity(issue=issue.id)[1:]:
        assert fields(one)["labels"] == (labels, sorted([*labels, f"l{int(one.actor[1:]):02}"]))
        labels = sorted([*labels, f"l{int(one.actor[1:]):02}"])
    assert len(labels) == 30


def test_an_odd_actor_is_kept_and_found(tracker: Tracker) -> None:
    """Any text, less what is none."""
    issue = make(tracker)
    tracker.update(issue.id, Change(title="y"), actor="it's \ud83d\n")
    assert last(tracker).actor == "it's \ufffd\n"
    assert len(tracker.activity(actor="it's \ud83d\n")) == 1
    with contextlib.suppress(TrackerError):
        tracker.delete("nobody", actor="x")
    assert len(tracker.activity(actor="x")) == 0
