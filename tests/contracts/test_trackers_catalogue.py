"""What every tracker must do that keeps labels, milestones and users as things of their own."""

from __future__ import annotations

from datetime import date

import pytest

from framework.domain.entry import Entry, Label, Milestone, User
from framework.domain.errors import AlreadyThere, EntryNotFound, TrackerError
from framework.domain.issue import Change, Draft, State
from framework.domain.query import Field, Match, Query
from framework.trackers.base import RUNNER, Tracker
from tests.contracts.tracker_stores import Clock, ids, make

EVERY: list[Entry] = [
    Label(name="bug", description='it\'s "broken"', color="d73a4a"),
    Milestone(name="Q1 Release", description="", due=date(2026, 3, 31), is_closed=True),
    User(name="ann", kind="coder"),
]
DRAFT = Draft(title="x", labels=frozenset({"a", "b"}), assignees=frozenset({"ann"}), milestone="Q1")
KINDS = [Label, Milestone, User]


def names(tracker: Tracker, kind: type) -> list[str]:
    return [entry.name for entry in tracker.entries(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_tracker_has_no_entries(tracker: Tracker, kind: type) -> None:
    """Nothing is there that nobody made or named."""
    assert list(tracker.entries(kind)) == []


@pytest.mark.parametrize("entry", EVERY)
def test_an_entry_comes_back_as_it_was_saved(tracker: Tracker, entry: Entry) -> None:
    """All its fields, the texts letter by letter."""
    tracker.save(entry)
    assert list(tracker.entries(type(entry))) == [entry]


@pytest.mark.parametrize("kind", KINDS)
def test_entries_are_sorted_by_name(tracker: Tracker, kind: type) -> None:
    """Whatever the order in which they were made."""
    for name in ("b", "ä", "B", "a"):
        tracker.save(kind(name=name))
    assert names(tracker, kind) == ["B", "a", "b", "ä"]


def test_what_an_issue_names_is_an_entry_and_stays_one(tracker: Tracker) -> None:
    """At creation and at any change, and even when no issue names it any more."""
    issue = tracker.create(DRAFT, author="eve")
    tracker.update(
        issue.id,
        Change(add_labels=frozenset({"c"}), assignees=frozenset({"bob"}), milestone="Q2"),
    )
    tracker.delete(issue.id)
    assert list(tracker.entries(Label)) == [Label(name="a"), Label(name="b"), Label(name="c")]
    assert list(tracker.entries(User)) == [User(name="ann"), User(name="bob"), User(name="eve")]
    assert list(tracker.entries(Milestone)) == [Milestone(name="Q1"), Milestone(name="Q2")]


@pytest.mark.parametrize("entry", EVERY)
def test_naming_an_entry_on_an_issue_does_not_change_it(tracker: Tracker, entry: Entry) -> None:
    """What was said of it is kept."""
    tracker.save(entry)
    make(
        tracker,
        labels=frozenset({"bug"}),
        assignees=frozenset({"ann"}),
        milestone="Q1 Release",
    )
    assert entry in tracker.entries(type(entry))


def test_a_new_name_is_changed_on_all_issues_too(tracker: Tracker, clock: Clock) -> None:
    """In every state, without touching when they were updated; others keep theirs."""
    first = tracker.create(DRAFT, author="ann")
    second = make(tracker, labels=frozenset({"a"}), milestone="Q1", assignees=frozenset({"bob"}))
    tracker.update(second.id, Change(state=State.CLOSED))
    clock.forward()
    tracker.save(Label(name="z", color="00ff00"), was="a")
    tracker.save(Milestone(name="Q3"), was="Q1")
    tracker.save(User(name="amy"), was="ann")
    first, second = tracker.get(first.id), tracker.get(second.id)
    assert (first.labels, first.milestone) == ({"z", "b"}, "Q3")
    assert (first.author, first.assignees) == ("amy", {"amy"})
    assert (second.labels, second.milestone, second.assignees) == ({"z"}, "Q3", {"bob"})
    assert first.updated_at < clock.now
    assert list(tracker.entries(Label)) == [Label(name="b"), Label(name="z", color="00ff00")]
    assert ids(tracker.list(Query(labels=frozenset({"z"})))) == [first.id, second.id]
    assert ids(tracker.list(Query(labels=frozenset({"a"})))) == []
    closed = Query(states=frozenset({State.CLOSED}), labels=frozenset({"z"}))
    assert ids(tracker.list(closed)) == [second.id]


def test_an_entry_that_is_taken_away_is_off_all_issues(tracker: Tracker, clock: Clock) -> None:
    """An author who is taken away is nobody; the issues stay."""
    issue = tracker.create(DRAFT, author="ann")
    clock.forward()
    tracker.remove(Label, "a")
    tracker.remove(Milestone, "Q1")
    tracker.remove(User, "ann")
    changed = tracker.get(issue.id)
    assert (changed.labels, changed.milestone) == ({"b"}, None)
    assert (changed.author, changed.assignees) == ("", frozenset())
    assert changed.updated_at == issue.updated_at
    assert names(tracker, Label) == ["b"]
    assert names(tracker, User) == names(tracker, Milestone) == []
    nobody = Match(field=Field.AUTHOR)
    assert ids(tracker.list(Query(where=(nobody,)))) == [issue.id]


@pytest.mark.parametrize("entry", EVERY)
def test_a_taken_name_is_refused_and_nothing_is_changed(tracker: Tracker, entry: Entry) -> None:
    """For a new entry and for a new name of another one."""
    kind = type(entry)
    tracker.save(entry)
    tracker.save(kind(name="other"))
    before = list(tracker.entries(kind))
    with pytest.raises(AlreadyThere, match=entry.name):
        tracker.save(kind(name=entry.name))
    with pytest.raises(AlreadyThere, match=entry.name):
        tracker.save(kind(name=entry.name), was="other")
    assert list(tracker.entries(kind)) == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_cannot_be_changed_or_taken_away(tracker: Tracker, kind: type) -> None:
    """Nor is it made by the way."""
    with pytest.raises(EntryNotFound, match="ghost"):
        tracker.save(kind(name="new"), was="ghost")
    with pytest.raises(EntryNotFound, match="ghost"):
        tracker.remove(kind, "ghost")
    assert names(tracker, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_needs_a_name(tracker: Tracker, kind: type) -> None:
    """An empty one is refused."""
    with pytest.raises(TrackerError, match="needs a name"):
        tracker.save(kind(name=""))
    assert names(tracker, kind) == []


def test_an_entry_keeps_its_name_while_the_rest_changes(tracker: Tracker) -> None:
    """`was` may be the name itself."""
    tracker.save(Label(name="bug"))
    tracker.save(Label(name="bug", color="ffffff"), was="bug")
    assert list(tracker.entries(Label)) == [Label(name="bug", color="ffffff")]


def test_the_meta_label_by_another_name_makes_work_of_an_issue(
    tracker: Tracker, clock: Clock
) -> None:
    """What is ready follows a renamed label at once, and its return."""
    issue = make(tracker, labels=frozenset({"meta"}))
    assert ids(tracker.ready({}, clock.now, 9)) == []
    tracker.save(Label(name="news"), was="meta")
    assert ids(tracker.ready({}, clock.now, 9)) == [issue.id]
    tracker.save(Label(name="meta"), was="news")
    assert ids(tracker.ready({}, clock.now, 9)) == []
    tracker.remove(Label, "meta")
    assert ids(tracker.ready({}, clock.now, 9)) == [issue.id]


def test_half_a_surrogate_pair_in_an_entry_is_replaced(tracker: Tracker) -> None:
    """As in issues, and the name is found by what was given."""
    tracker.save(Label(name="a\ud83d", description="\udc00"))
    assert list(tracker.entries(Label)) == [Label(name="a\ufffd", description="\ufffd")]
    tracker.save(Label(name="b"), was="a\ud83d")
    tracker.save(User(name="u\ud83d", kind="\ud83d"))
    tracker.remove(User, "u\ud83d")
    assert names(tracker, User) == []


def test_an_author_is_a_user(tracker: Tracker) -> None:
    """The runner too, where nobody else is named; nobody is none."""
    make(tracker)
    tracker.create(DRAFT, author="")
    assert RUNNER in names(tracker, User)
    assert "" not in names(tracker, User)
