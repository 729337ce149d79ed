"""What every tracker must do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier

import pytest

from framework.domain.errors import (
    IssueDeleted,
    IssueNotFound,
    TrackerError,
    TransitionRefused,
)
from framework.domain.issue import Change, Draft, Priority, State
from framework.domain.query import Query
from framework.domain.transition import FOLLOWS
from framework.trackers import BACKENDS
from framework.trackers.base import RUNNER, Tracker
from tests.contracts.tracker_stores import STORES, Clock, ids, make

HOSTILE = (
    "two\nlines\r\nand a tab\t",
    "\U0001f680 naïve 漢字 e\u0301 \u202eright to left",
    "\x1b[31mred\x1b[0m \x07\x00\x7f",
    "'; DROP TABLE issues; --",
    "x" * 10_000,
    "  spaces  ",
    "",
)


def test_every_backend_in_the_table_runs_through_this_suite() -> None:
    assert set(BACKENDS) <= set(STORES)


def test_a_new_issue_is_the_draft_and_open(tracker: Tracker, clock: Clock) -> None:
    first = make(tracker, "First")
    issue = make(
        tracker,
        "Second",
        body="## Description",
        priority=Priority.URGENT,
        labels=frozenset({"functional", "ui"}),
        depends_on=(first.id,),
        key="plan/second",
    )
    assert (issue.title, issue.body, issue.state) == ("Second", "## Description", State.OPEN)
    assert (issue.priority, issue.labels) == (Priority.URGENT, {"functional", "ui"})
    assert (issue.depends_on, issue.key, issue.reopened) == ((first.id,), "plan/second", 0)
    assert (issue.created_at, issue.updated_at, issue.closed_at) == (clock.now, clock.now, None)


def test_get_and_list_give_what_create_and_update_returned(tracker: Tracker, clock: Clock) -> None:
    first = make(tracker, "First", labels=frozenset({"a"}), key="k")
    second = make(tracker, "Second", depends_on=(first.id,))
    clock.forward()
    first = tracker.update(first.id, Change(state=State.CLOSED, add_labels=frozenset({"b"})))
    assert tracker.get(first.id) == first
    assert list(tracker.list()) == [first, second]


def test_an_empty_tracker_lists_nothing(tracker: Tracker) -> None:
    assert list(tracker.list()) == []


def test_issues_are_listed_in_order_of_creation_even_past_ten(tracker: Tracker) -> None:
    made = [make(tracker, f"Issue {n}").id for n in range(12)]
    tracker.update(made[3], Change(title="changed"))
    assert ids(tracker.list()) == made
    assert len(set(made)) == 12


def test_two_trackers_never_share_a_uid(tmp_path: Path, clock: Clock) -> None:
    for name, opened in STORES.items():
        pair = [opened(tmp_path / name / side, clock) for side in ("left", "right")]
        left, right = (make(tracker) for tracker in pair)
        assert left.id == right.id
        assert left.uid != right.uid
        for tracker in pair:
            tracker.close()


def test_every_query_gives_the_same_answer_as_its_matches(tracker: Tracker) -> None:
    for number, (state, labels) in enumerate(
        product(State, (frozenset(), frozenset({"a"}), frozenset({"a", "it's"})))
    ):
        key = ("p/1", "p/%", "p_/", "q", None)[number % 5]
        issue = make(tracker, labels=labels, key=key and f"{key}{number}")
        tracker.update(issue.id, Change(state=state))
    everything = tracker.list()
    states = (None, frozenset(), frozenset({State.CLOSED}), frozenset(set(State) - {State.CLOSED}))
    wanted = (frozenset(), frozenset({"a"}), frozenset({"a", "it's"}), frozenset({"A"}))
    prefixes = (None, "", "p", "p/", "p/%", "p_", "P", "nothing")
    for state, label, prefix, limit in product(states, wanted, prefixes, (None, 0, 2, 99)):
        query = Query(states=state, labels=label, key_prefix=prefix, limit=limit)
        expected = [issue for issue in everything if query.matches(issue)][:limit]
        assert list(tracker.list(query)) == expected, query


def test_a_key_makes_creation_idempotent_and_the_first_draft_wins(
    tracker: Tracker, clock: Clock
) -> None:
    first = make(tracker, "First", key="plan/a")
    clock.forward()
    again = make(tracker, "Other", key="plan/a", labels=frozenset({"x"}), depends_on=("99",))
    assert again == first
    assert len(tracker.list()) == 1


def test_without_a_key_the_same_draft_makes_two_issues(tracker: Tracker) -> None:
    assert make(tracker, "Same").id != make(tracker, "Same").id


def test_eight_threads_creating_the_same_keys_make_each_issue_once(tracker: Tracker) -> None:
    start = Barrier(8)

    def work(_: int) -> list[str]:
        start.wait()
        return [make(tracker, f"Issue {n}", key=f"plan/{n}").id for n in range(20)]

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(work, range(8)))
    assert len(tracker.list()) == 20
    assert all(one == seen[0] for one in seen)


def test_threads_changing_one_issue_lose_no_change(tracker: Tracker) -> None:
    issue = make(tracker)

    def label(n: int) -> None:
        tracker.update(issue.id, Change(add_labels=frozenset({f"l{n}"})))
        tracker.comment(issue.id, f"said {n}", author="agent")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(label, range(40)))
    assert tracker.get(issue.id).labels == {f"l{n}" for n in range(40)}
    assert {one.text for one in tracker.comments(issue.id)} == {f"said {n}" for n in range(40)}


def test_a_deleted_issue_is_gone_and_its_key_and_its_id_stay_taken(tracker: Tracker) -> None:
    issue = make(tracker, key="plan/a")
    tracker.comment(issue.id, "text", author="me")
    tracker.delete(issue.id)
    assert list(tracker.list()) == []
    with pytest.raises(IssueDeleted, match="plan/a"):
        make(tracker, key="plan/a")
    assert make(tracker, key="plan/b").id != issue.id
    for ask in (tracker.get, tracker.comments, tracker.delete):
        with pytest.raises(IssueNotFound):
            ask(issue.id)


def test_deleting_an_issue_frees_those_that_waited_for_it(tracker: Tracker, clock: Clock) -> None:
    first, other = make(tracker), make(tracker)
    dependant = make(tracker, depends_on=(first.id, other.id))
    later = clock.forward()
    tracker.delete(first.id)
    assert tracker.get(dependant.id).depends_on == (other.id,)
    assert tracker.get(dependant.id).updated_at == later
    assert tracker.get(other.id) == other


def test_a_draft_that_depends_on_nothing_known_makes_no_issue(tracker: Tracker) -> None:
    with pytest.raises(IssueNotFound, match="7"):
        make(tracker, key="k", depends_on=("7",))
    assert list(tracker.list()) == []
    assert make(tracker, key="k").key == "k"


def test_dependencies_are_added_and_removed_and_never_doubled(tracker: Tracker) -> None:
    one, two = make(tracker), make(tracker)
    three = make(tracker, depends_on=(one.id, one.id))
    assert three.depends_on == (one.id,)
    changed = tracker.update(three.id, Change(add_depends_on=frozenset({one.id, two.id})))
    assert sorted(changed.depends_on) == sorted((one.id, two.id))
    changed = tracker.update(three.id, Change(remove_depends_on=frozenset({one.id, "77"})))
    assert changed.depends_on == (two.id,)
    with pytest.raises(IssueNotFound, match="77"):
        tracker.update(three.id, Change(add_depends_on=frozenset({"77"})))


def test_a_change_that_would_close_a_cycle_is_refused_and_names_it(tracker: Tracker) -> None:
    one = make(tracker)
    two = make(tracker, depends_on=(one.id,))
    three = make(tracker, depends_on=(two.id,))
    with pytest.raises(TrackerError, match=f"{one.id} -> {three.id} -> {two.id} -> {one.id}"):
        tracker.update(one.id, Change(title="lost", add_depends_on=frozenset({three.id})))
    with pytest.raises(TrackerError, match=f"{one.id} -> {one.id}"):
        tracker.update(one.id, Change(add_depends_on=frozenset({one.id})))
    assert list(tracker.list()) == [one, two, three]


def test_an_update_changes_what_it_names_and_nothing_else(tracker: Tracker, clock: Clock) -> None:
    issue = make(tracker, "Title", body="Body", labels=frozenset({"a", "b"}))
    later = clock.forward()
    changed = tracker.update(
        issue.id,
        Change(
            title="",
            priority=Priority.LOW,
            add_labels=frozenset({"c"}),
            remove_labels=frozenset({"a", "never"}),
        ),
    )
    assert (changed.title, changed.body, changed.priority) == ("", "Body", Priority.LOW)
    assert changed.labels == {"b", "c"}
    assert (changed.created_at, changed.updated_at) == (issue.created_at, later)
    assert (changed.uid, changed.state, changed.reopened) == (issue.uid, State.OPEN, 0)


def test_a_change_that_changes_nothing_does_not_touch_updated_at(
    tracker: Tracker, clock: Clock
) -> None:
    first = make(tracker)
    issue = make(tracker, "Title", labels=frozenset({"a"}), depends_on=(first.id,))
    clock.forward()
    same = Change(
        title="Title",
        state=State.OPEN,
        priority=Priority.MEDIUM,
        add_labels=frozenset({"a"}),
        remove_labels=frozenset({"b"}),
        add_depends_on=frozenset({first.id}),
        remove_depends_on=frozenset({"9"}),
    )
    assert tracker.update(issue.id, same) == issue
    assert tracker.update(issue.id, Change()) == issue
    assert tracker.get(issue.id) == issue


def test_closing_is_dated_and_reopening_is_counted(tracker: Tracker, clock: Clock) -> None:
    issue = make(tracker)
    closing_time = clock.forward()
    closed = tracker.update(issue.id, Change(state=State.CLOSED))
    assert (closed.closed_at, closed.reopened) == (closing_time, 0)
    clock.forward()
    assert tracker.update(issue.id, Change(state=State.CLOSED)) == closed
    for times in (1, 2):
        reopened = tracker.update(issue.id, Change(state=State.OPEN))
        assert (reopened.closed_at, reopened.reopened) == (None, times)
        tracker.update(issue.id, Change(state=State.CLOSED))


def test_only_leaving_what_is_done_counts_as_a_reopening(tracker: Tracker) -> None:
    """A person who is not content with landed work sends it back, whether it was closed or not."""
    issue = make(tracker)
    walk = ((State.IN_PROGRESS, 0), (State.BLOCKED, 0), (State.NEEDS_REVIEW, 0), (State.CLOSED, 0))
    back = ((State.OPEN, 1), (State.NEEDS_REVIEW, 1), (State.IN_PROGRESS, 2), (State.CLOSED, 2))
    for state, times in (*walk, *back):
        assert tracker.update(issue.id, Change(state=state)).reopened == times


def test_comments_are_kept_in_order_with_author_and_time(tracker: Tracker, clock: Clock) -> None:
    issue, other = make(tracker), make(tracker)
    first = tracker.comment(issue.id, "one", author="agent")
    later = clock.forward()
    second = tracker.comment(issue.id, "two", author="me")
    tracker.comment(other.id, "elsewhere", author="me")
    assert list(tracker.comments(issue.id)) == [first, second]
    assert (second.issue, second.author, second.text) == (issue.id, "me", "two")
    assert (second.created_at, second.key) == (later, None)
    assert first.id != second.id


def test_a_comment_with_a_key_is_written_once_per_issue(tracker: Tracker, clock: Clock) -> None:
    issue, other = make(tracker), make(tracker)
    first = tracker.comment(issue.id, "proof", author="runner", key="landed")
    clock.forward()
    assert tracker.comment(issue.id, "again", author="me", key="landed") == first
    assert tracker.comment(other.id, "proof", author="runner", key="landed").issue == other.id
    for _ in range(2):
        tracker.comment(issue.id, "same", author="me")
    assert [one.text for one in tracker.comments(issue.id)] == ["proof", "same", "same"]


def test_threads_writing_one_keyed_comment_write_it_once(tracker: Tracker) -> None:
    issue = make(tracker)
    with ThreadPoolExecutor(8) as pool:
        written = list(
            pool.map(lambda n: tracker.comment(issue.id, f"{n}", author="a", key="k"), range(16))
        )
    assert list(tracker.comments(issue.id)) == [written[0]]
    assert set(written) == {written[0]}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_comes_back_as_it_was(tracker: Tracker, text: str) -> None:
    issue = make(tracker, text, body=text, labels=frozenset({text}), key=f"k{text}")
    comment = tracker.comment(issue.id, text, author=text, key=text)
    assert tracker.get(issue.id) == issue
    assert (issue.title, issue.body, issue.labels) == (text, text, {text})
    assert (comment.text, comment.author) == (text, text)
    assert list(tracker.comments(issue.id)) == [comment]
    query = Query(labels=frozenset({text}), key_prefix=f"k{text}")
    assert list(tracker.list(query)) == [issue]
    assert make(tracker, key=f"k{text}") == issue


def test_half_a_surrogate_pair_is_replaced_instead_of_failing(tracker: Tracker) -> None:
    issue = make(tracker, "cut \ud83d", key="k\ud83d", labels=frozenset({"l\ud83d"}))
    assert issue.title == "cut \ufffd"
    assert make(tracker, key="k\ud83d") == issue
    assert list(tracker.list(Query(key_prefix="k\ud83d", labels=frozenset({"l\ud83d"})))) == [issue]
    assert tracker.comment(issue.id, "\udc00", author="\udc00", key="\udc00").text == "\ufffd"
    assert tracker.update(issue.id, Change(body="\ud83d\ude80")).body == "\U0001f680"
    _, second = tracker.create_many(
        [Draft(title="x", key="\ud83d"), Draft(title="y", depends_on=("key:\ud83d",))]
    )
    assert second.depends_on == ("2",)


@pytest.mark.parametrize(
    "id",
    [
        *("", "0", "2", "01", "+1", "-1", " 1", "1\n", "1.0", "1e0", "１", "²", "abc", "#1"),
        *("../x", "1; DROP TABLE issues", "1 OR 1=1", "\x1b[31m1", "\ud83d", "9" * 10_000),
    ],
)
def test_an_id_that_nobody_has_is_not_found_and_does_no_harm(tracker: Tracker, id: str) -> None:
    issue = make(tracker)
    assert issue.id == "1"
    with pytest.raises(IssueNotFound):
        tracker.get(id)
    with pytest.raises(IssueNotFound):
        tracker.comments(id)
    with pytest.raises(IssueNotFound):
        tracker.update(id, Change(title="x"))
    with pytest.raises(IssueNotFound):
        tracker.comment(id, "x", author="x")
    with pytest.raises(IssueNotFound):
        tracker.delete(id)
    with pytest.raises(IssueNotFound):
        make(tracker, depends_on=(id,))
    with pytest.raises(IssueNotFound):
        tracker.update(issue.id, Change(add_depends_on=frozenset({id})))
    assert list(tracker.list()) == [issue]


def test_authors_assignees_and_milestones_are_kept(tracker: Tracker) -> None:
    """What a draft says of people and milestones comes back; the author is who made it."""
    issue = tracker.create(
        Draft(title="x", assignees=frozenset({"ann", "bob"}), milestone="Q1"), author="eve"
    )
    assert (issue.author, issue.assignees, issue.milestone) == ("eve", {"ann", "bob"}, "Q1")
    assert tracker.get(issue.id) == issue
    assert make(tracker).author == RUNNER
    assert make(tracker, milestone="").milestone is None


def test_assignees_are_replaced_and_an_empty_milestone_takes_off(tracker: Tracker) -> None:
    """None leaves both as they are, an empty set and an empty text take them away."""
    issue = make(tracker, assignees=frozenset({"ann"}), milestone="Q1")
    assert tracker.update(issue.id, Change(title="y")).assignees == {"ann"}
    changed = tracker.update(issue.id, Change(assignees=frozenset({"bob"}), milestone="Q2"))
    assert (changed.assignees, changed.milestone) == ({"bob"}, "Q2")
    changed = tracker.update(issue.id, Change(assignees=frozenset(), milestone=""))
    assert (changed.assignees, changed.milestone) == (frozenset(), None)
    assert tracker.get(issue.id) == changed


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_a_state_follows_only_where_the_one_table_says(
    tracker: Tracker, before: State, after: State
) -> None:
    """A refused change names both states and what can be done, and changes nothing else."""
    issue = make(tracker)
    issue = tracker.update(issue.id, Change(state=before))
    if after in FOLLOWS[before]:
        assert tracker.update(issue.id, Change(state=after)).state is after
    else:
        with pytest.raises(TransitionRefused, match=f"is {before} and cannot become {after}"):
            tracker.update(issue.id, Change(state=after, title="lost"))
        assert tracker.get(issue.id) == issue


def test_a_closed_issue_can_be_edited_without_reopening_it(tracker: Tracker) -> None:
    """Only the state is bound by the table."""
    issue = make(tracker)
    tracker.update(issue.id, Change(state=State.CLOSED))
    changed = tracker.update(issue.id, Change(title="better", add_labels=frozenset({"x"})))
    assert (changed.state, changed.title, changed.reopened) == (State.CLOSED, "better", 0)


def test_many_are_made_in_one_step_and_may_wait_for_each_other(tracker: Tracker) -> None:
    """The answers are in the order of the drafts, and `key:NAME` means the one with that key."""
    old = make(tracker, key="old")
    drafts = [
        Draft(title="a", key="a", depends_on=(old.id,)),
        Draft(title="b", key="b", depends_on=("key:a", old.id, "key:a")),
        Draft(title="c", depends_on=("key:b",)),
    ]
    a, b, c = tracker.create_many(drafts, author="eve")
    assert [one.title for one in (a, b, c)] == ["a", "b", "c"]
    assert (b.depends_on, c.depends_on) == ((old.id, a.id), (b.id,))
    assert {one.author for one in (a, b, c)} == {"eve"}
    assert list(tracker.list()) == [old, a, b, c]
    assert tracker.create_many([]) == ()


def test_of_many_those_with_a_known_key_are_given_as_they_are(tracker: Tracker) -> None:
    """As `create` for each: the first draft of a key wins, within a step as well."""
    old = make(tracker, "old", key="k")
    drafts = [
        Draft(title="again", key="k", depends_on=("99",)),
        Draft(title="new", key="n", depends_on=("key:k",)),
        Draft(title="twice", key="n"),
    ]
    first, second, third = tracker.create_many(drafts)
    assert first == old
    assert second == third
    assert (second.title, second.depends_on) == ("new", (old.id,))
    assert len(tracker.list()) == 2


def test_of_many_either_all_are_made_or_none(tracker: Tracker) -> None:
    """A dependency or a key that cannot be had undoes the whole step."""
    gone = make(tracker, key="gone")
    tracker.delete(gone.id)
    good = Draft(title="good", key="good")
    wrong = [
        (Draft(title="x", depends_on=("77",)), IssueNotFound),
        (Draft(title="x", depends_on=("key:later",)), IssueNotFound),
        (Draft(title="x", key="gone"), IssueDeleted),
    ]
    for draft, error in wrong:
        with pytest.raises(error):
            tracker.create_many([good, draft, Draft(title="later", key="later")])
        assert list(tracker.list()) == []
    with pytest.raises(IssueNotFound):
        tracker.create(Draft(title="alone", depends_on=("key:good",)))
    assert make(tracker, key="good").id == make(tracker, key="good").id


def test_what_was_returned_does_not_change_afterwards(tracker: Tracker) -> None:
    issue = make(tracker, "Before")
    listed, comments = tracker.list(), tracker.comments(issue.id)
    tracker.update(issue.id, Change(title="After", add_labels=frozenset({"x"})))
    tracker.comment(issue.id, "text", author="me")
    make(tracker)
    assert (issue.title, issue.labels) == ("Before", frozenset())
    assert [one.title for one in listed] == ["Before"]
    assert len(comments) == 0
