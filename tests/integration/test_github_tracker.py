"""The GitHub tracker over the double: what it costs, what people do meanwhile, what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from framework.domain.entry import Label, Milestone, User
from framework.domain.errors import (
    AlreadyThere,
    ForgeRefused,
    IssueDeleted,
    IssueNotFound,
    TrackerError,
    TrackerUnavailable,
)
from framework.domain.issue import Change, Draft, Priority, State
from framework.rehearsal.github import deeds
from framework.rehearsal.github.records import Issue as There
from framework.rehearsal.github.records import Pull, Repo
from framework.trackers.github import GitHubTracker
from tests.contracts.tracker_github import Bench, Time, client, opened

PLAN = [Draft(title="0", key="0")] + [
    Draft(title=f"{n}", key=f"{n}", labels=frozenset({"style"}), depends_on=(f"key:{n - 1}",))
    for n in range(1, 20)
]
CLAIM = "mutation addLabelsToLabelable addAssigneesToAssignable"
CLOSE = "mutation removeLabelsFromLabelable removeAssigneesFromAssignable closeIssue"


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def tracker(tmp_path: Path, clock: Time) -> Iterator[Bench]:
    tracker = Bench(tmp_path, clock)
    yield tracker
    tracker.close()


def repo(tracker: Bench) -> Repo:
    return next(iter(tracker.double.store.repos.values()))


def there(tracker: Bench, number: int | str) -> There:
    return repo(tracker).issues[int(number)]


def opened_by(tracker: Bench, login: str, title: str = "Theirs", body: str = "Text") -> There:
    store = tracker.double.store
    with store.lock:
        store.add_user(login)
        return store.add_issue(repo(tracker), login, title, body)


def asked(tracker: Bench) -> list[str]:
    """What was asked since the last look."""
    found = [f"{one.operation.split('/')[0].strip()} {one.status}" for one in tracker.double.log]
    tracker.double.log.clear()
    return found


# What it costs.


def test_requests_per_operation(tracker: Bench, clock: Time) -> None:
    """Planning 20 issues in a chain takes 5 requests and, once, one for the issue types; a claim
    1, a comment 1, closing 1, and looking while nothing happens one 304."""
    tracker.create(Draft(title="first"))  # the repository, its labels, who we are: once
    asked(tracker)
    made = tracker.create_many(PLAN)
    assert len(asked(tracker)) == 5 + 1
    tracker.list()
    clock.forward(60)
    tracker.list()
    asked(tracker)
    tracker.list()
    assert asked(tracker) == ["GET 304"]
    id = made[3].id
    tracker.update(id, Change(state=State.IN_PROGRESS))
    assert asked(tracker) == ["query viewer 200", f"{CLAIM} 200"]  # who we are: once
    tracker.comment(id, "done", author="nightshift", key="landed")
    assert asked(tracker) == ["POST 201"]
    tracker.update(id, Change(state=State.CLOSED))
    assert asked(tracker) == [f"{CLOSE} 200"]


def test_what_was_made_is_what_people_see(tracker: Bench) -> None:
    """Labels in their colours, dependencies of GitHub's own, nothing left in the marker."""
    tracker.create_many(PLAN)
    issue = there(tracker, 2)
    assert [one.title for one in repo(tracker).issues.values()] == [one.title for one in PLAN]
    assert set(issue.labels) == {"style", "priority:medium"}
    assert repo(tracker).labels["priority:urgent"].color.upper() == "B60205"
    assert len(issue.blocked_by) == 1
    assert "needs" not in issue.body


def test_pull_requests_are_no_issues(tracker: Bench) -> None:
    """They share the numbers and the listing."""
    store = tracker.double.store
    with store.lock:
        number, node = store.mint("pull")
        pull = Pull(id=number, node=node, head="x", base="main", head_sha="1", base_sha="2")
        store.add_issue(repo(tracker), "bot", "PR", "", pull=pull)
    tracker.create(Draft(title="issue"))
    assert [one.title for one in tracker.list()] == ["issue"]
    with pytest.raises(IssueNotFound):
        tracker.get("1")


def test_five_hundred_issues_are_listed_in_pages(tracker: Bench) -> None:
    """The first look takes a page of a hundred at a time, the next one asks for changes only."""
    for number in range(500):
        opened_by(tracker, "bot", f"issue {number}")
    assert len(tracker.list()) == 500
    assert tracker.double.log.count("issues") == 6
    tracker.double.log.clear()
    assert len(tracker.list()) == 500
    assert tracker.double.log.count("issues") <= 7


# What people do meanwhile.


def test_a_persons_edits_are_seen_at_the_next_look(tracker: Bench, clock: Time) -> None:
    """Closing, labels, titles, priority: GitHub is right."""
    id = tracker.create(Draft(title="Title", body="Body")).id
    clock.forward()
    store, issue = tracker.double.store, there(tracker, id)
    with store.lock:
        deeds.retitle(store, issue, "Better", "ann")
        deeds.unlabel(store, issue, ["priority:medium"], "ann")
        deeds.label(store, issue, ["priority:urgent", "ui"], "ann")
        deeds.close(store, issue, "ann")
    seen = tracker.list()[0]
    assert (seen.title, seen.priority, seen.state) == ("Better", Priority.URGENT, State.CLOSED)
    assert seen.labels == {"ui"}
    clock.forward()
    with store.lock:
        deeds.reopen(store, issue, "ann")
    assert tracker.list()[0].reopened == 1


def test_a_write_keeps_what_a_person_added_before_it(tracker: Bench, clock: Time) -> None:
    """What was last seen some time ago is looked at again before it is written over."""
    id = tracker.create(Draft(title="Title")).id
    clock.forward()
    store = tracker.double.store
    with store.lock:
        deeds.label(store, there(tracker, id), ["ui"], "ann")
        deeds.rewrite(store, there(tracker, id), "New text", "ann")
    changed = tracker.update(id, Change(state=State.IN_PROGRESS))
    assert (changed.labels, changed.body) == ({"ui"}, "New text")
    assert set(there(tracker, id).labels) >= {"ui", "in progress", "claimed:here"}


def test_deleted_issues_are_noticed(tracker: Bench, clock: Time) -> None:
    """At once where the issue is asked for, else at the next full look; the key stays taken."""
    first, second = (tracker.create(Draft(title=key, key=key)).id for key in ("a", "b"))
    store = tracker.double.store
    with store.lock:
        for id in (first, second):
            del repo(tracker).issues[int(id)]
    with pytest.raises(IssueNotFound):
        tracker.get(first)
    with pytest.raises(IssueDeleted):
        tracker.create(Draft(title="again", key="a"))
    assert [one.id for one in tracker.list()] == [second]
    clock.forward(7 * 3600)
    assert tracker.list() == ()


def test_a_dependency_that_a_person_adds_counts(tracker: Bench, clock: Time) -> None:
    """GitHub says how many there are, and is asked which."""
    first, second = (tracker.create(Draft(title=title)) for title in "ab")
    clock.forward()
    store = tracker.double.store
    with store.lock:
        there(tracker, second.id).blocked_by.append(there(tracker, first.id).id)
        store.touch(there(tracker, second.id))
    assert tracker.list()[1].depends_on == (first.id,)
    changed = tracker.update(second.id, Change(remove_depends_on=frozenset({first.id})))
    assert changed.depends_on == ()
    assert there(tracker, second.id).blocked_by == []


# Whose issues.


def test_a_strangers_issue_waits_for_an_approval(tracker: Bench, clock: Time) -> None:
    """The label of somebody who may write releases it, an edit afterwards takes that back."""
    store, issue = tracker.double.store, opened_by(tracker, "eve")
    assert "opened by eve" in tracker.list()[0].withheld
    clock.forward()
    with store.lock:
        deeds.label(store, issue, ["approved"], "ann")
    assert tracker.list()[0].withheld == ""
    clock.forward()
    with store.lock:
        deeds.rewrite(store, issue, "Do something else", "eve")
    assert tracker.list()[0].withheld.startswith("edited after it was approved")
    assert tracker.get(str(issue.number)).withheld.startswith("edited after it was approved")


def test_a_new_title_or_a_reopening_by_the_stranger_needs_a_new_approval(
    tracker: Bench, clock: Time
) -> None:
    """Both are words that nobody who may write has seen."""
    store, issue = tracker.double.store, opened_by(tracker, "eve")
    approve(tracker, issue)
    clock.forward()
    with store.lock:
        deeds.retitle(store, issue, "Something else", "eve")
    assert tracker.list()[0].withheld.startswith("edited")
    clock.forward()
    approve(tracker, issue)
    assert tracker.list()[0].withheld == ""
    with store.lock:
        deeds.close(store, issue, "eve")
    clock.forward()
    with store.lock:
        deeds.reopen(store, issue, "eve")
    assert tracker.list()[0].withheld.startswith("reopened")


def approve(tracker: Bench, issue: There) -> None:
    store = tracker.double.store
    with store.lock:
        deeds.unlabel(store, issue, ["approved"], "ann")
        deeds.label(store, issue, ["approved"], "ann")


def test_a_label_of_a_stranger_approves_nothing(tracker: Bench, clock: Time) -> None:
    """Nor does a person who lost the right to write, after five minutes."""
    store, issue = tracker.double.store, opened_by(tracker, "eve")
    with store.lock:
        store.add_user("mallory")
        deeds.label(store, issue, ["approved"], "mallory")
    assert "label it `approved`" in tracker.list()[0].withheld
    with pytest.raises(TrackerError, match="put on by people"):
        tracker.update(str(issue.number), Change(add_labels=frozenset({"Approved"})))
    clock.forward()
    with store.lock:
        deeds.unlabel(store, issue, ["approved"], "ann")
        deeds.label(store, issue, ["approved"], "ann")
    assert tracker.list()[0].withheld == ""
    repo(tracker).permissions["ann"] = "read"
    clock.forward(301)
    assert "label it `approved`" in tracker.list()[0].withheld


def test_writers_and_our_own_issues_need_no_approval(tracker: Bench) -> None:
    """Those who may write anyway."""
    opened_by(tracker, "ann")
    tracker.create(Draft(title="ours"))
    assert [one.withheld for one in tracker.list()] == ["", ""]


def test_a_strangers_marker_blocks_no_key(tracker: Bench) -> None:
    """A copied key does not keep the plan's issue from being made."""
    mine = tracker.create(Draft(title="x", key="plan/1"))
    with tracker.double.store.lock:
        body = there(tracker, mine.id).body.replace("plan/1", "plan/2")
    opened_by(tracker, "eve", body=body)
    assert tracker.create(Draft(title="y", key="plan/2")).title == "y"


def test_another_machines_claim_is_respected(tracker: Bench, clock: Time) -> None:
    """Its label withholds the issue; our own does not."""
    id = tracker.create(Draft(title="x")).id
    tracker.update(id, Change(state=State.IN_PROGRESS))
    assert tracker.get(id).withheld == ""
    clock.forward()
    with tracker.double.store.lock:
        deeds.label(tracker.double.store, there(tracker, id), ["claimed:ab12"], "bot")
    assert tracker.get(id).withheld == "claimed by another machine (label claimed:ab12)"


# Labels, milestones, people.


def test_a_renamed_label_is_renamed_on_all_issues(tracker: Bench) -> None:
    """And a milestone, and what is taken away is gone from them; nothing else is updated."""
    draft = Draft(title="x", labels=frozenset({"a", "b"}), milestone="Q1")
    issue = tracker.create(draft)
    tracker.save(Label(name="z", color="00ff00", description="new"), was="a")
    tracker.save(Milestone(name="Q2", due=date(2026, 3, 31)), was="Q1")
    tracker.remove(Label, "b")
    changed = tracker.list()[0]
    assert (changed.labels, changed.milestone) == ({"z"}, "Q2")
    assert changed.updated_at == issue.updated_at
    assert Label(name="z", color="00ff00", description="new") in tracker.entries(Label)
    assert list(tracker.entries(Milestone)) == [Milestone(name="Q2", due=date(2026, 3, 31))]
    tracker.remove(Milestone, "Q2")
    assert tracker.get(issue.id).milestone is None
    with pytest.raises(AlreadyThere):
        tracker.save(Label(name="Z"))


def test_people_are_github_s(tracker: Bench) -> None:
    """They are listed, can be assigned, and are not made here; other names are kept beside."""
    assert [one.name for one in tracker.entries(User)] == ["ann", "bob", "bot"]
    issue = tracker.create(Draft(title="x", assignees=frozenset({"ann", "agent 7"})))
    assert issue.assignees == {"ann", "agent 7"}
    assert there(tracker, issue.id).assignees == ["ann"]
    for refuse in (
        lambda: tracker.save(User(name="eve")),
        lambda: tracker.remove(User, "ann"),
    ):
        with pytest.raises(TrackerError, match="settings/access"):
            refuse()


def test_only_administrators_delete(tmp_path: Path, tracker: Bench, clock: Time) -> None:
    """Others are told what to do instead, and nothing changes."""
    issue = tracker.create(Draft(title="x"))
    tracker.double.store.add_token("ghp_" + "a" * 36, "ann", scopes=frozenset({"repo"}))
    arguments = opened(tracker.double, tmp_path / "ann", clock) | {"api": None}
    other = GitHubTracker(**arguments | {"token": "ghp_" + "a" * 36})
    try:
        with pytest.raises(TrackerError, match="Only administrators"):
            other.delete(issue.id)
        assert [one.id for one in other.list()] == [issue.id]
    finally:
        other.close()


# Several at once, and servers that know less.


def test_two_machines_making_the_same_key_end_with_one(
    tmp_path: Path, tracker: Bench, clock: Time
) -> None:
    """The lowest number wins on both, and the other is closed with a word why."""
    other = GitHubTracker(**opened(tracker.double, tmp_path / "other", clock))
    try:
        tracker.list()
        other.list()
        # The third listing, ours before we make it, does not show yet what the other made.
        tracker.double.faults.add("GET .*/issues$", "stale", first=3)
        first = other.create(Draft(title="theirs", key="k"))
        second = tracker.create(Draft(title="ours", key="k"))
        assert second.id == first.id == "1"
        assert [one.state for one in tracker.list()] == [State.OPEN, State.CLOSED]
        assert there(tracker, 2).state_reason == "not_planned"
        assert other.create(Draft(title="again", key="k")).id == "1"
    finally:
        other.close()


def test_a_tracker_opens_while_github_is_away(tmp_path: Path, tracker: Bench, clock: Time) -> None:
    """It then says that it could not ask, and goes on when it can."""
    tracker.create(Draft(title="x"))
    tracker.double.faults.add("", "502", times=10_000)
    other = GitHubTracker(**opened(tracker.double, tmp_path, clock))
    try:
        with pytest.raises(TrackerUnavailable):
            other.list()
        tracker.double.faults.clear()
        api = client(tracker.double, clock)
    finally:
        other.close()
    again = GitHubTracker(**opened(tracker.double, tmp_path, clock) | {"api": api})
    try:
        assert [one.title for one in again.list()] == ["x"]
    finally:
        again.close()


def test_where_the_server_knows_no_dependencies_the_marker_does(tracker: Bench) -> None:
    """As on older servers of companies: the same answers, and the edges survive a new mirror."""
    tracker.double.store.profile = "ghes"
    made = tracker.create_many(PLAN[:4])
    assert [one.depends_on for one in made] == [(), ("1",), ("2",), ("3",)]
    changed = tracker.update(
        "4", Change(add_depends_on=frozenset({"1"}), remove_depends_on=frozenset({"3"}))
    )
    assert changed.depends_on == ("1",)
    assert tracker.get("4").depends_on == ("1",)
    assert "needs" in there(tracker, 4).body
    assert tracker.double.log.count("BlockedBy") == 0


# The board.


def cards(tracker: Bench) -> dict[int, str]:
    """The column of each card, by the number of its issue."""
    (project,) = tracker.double.store.projects.values()
    (status,) = [one for one in project["fields"] if one["name"] == "Status"]
    names = {one["id"]: one["name"] for one in status["options"]}
    found = {}
    for item in project["items"]:
        value = item["values"].get(status["id"], {}).get("singleSelectOptionId")
        found[tracker.double.store.nodes[item["content"]].number] = names.get(value, "")
    return found


def test_the_board_shows_every_issue_where_it_stands(tmp_path: Path, clock: Time) -> None:
    """After planning, after a claim and after closing, in few requests."""
    tracker = Bench(tmp_path, clock, board=True)
    try:
        made = tracker.create_many(PLAN)
        tracker.update(made[0].id, Change(state=State.CLOSED))
        tracker.update(made[1].id, Change(state=State.IN_PROGRESS), actor="agent 1")
        clock.forward(16)
        tracker.list()
        shown = cards(tracker)
        assert len(shown) == 20
        assert [shown[number] for number in (1, 2, 3)] == ["Done", "In Progress", "Todo"]
    finally:
        tracker.close()


def test_a_card_that_a_person_moves_changes_the_issue(tmp_path: Path, clock: Time) -> None:
    """Their word wins; out of Done it is reopened on the way."""
    tracker = Bench(tmp_path, clock, board=True)
    try:
        id = tracker.create(Draft(title="x")).id
        tracker.update(id, Change(state=State.CLOSED))
        clock.forward(60)
        tracker.list()
        assert cards(tracker) == {1: "Done"}
        clock.forward(60)
        move(tracker, "Blocked")
        clock.forward(60)
        assert tracker.list()[0].state is State.BLOCKED
        assert tracker.get(id).reopened == 1
    finally:
        tracker.close()


def test_what_an_archived_repository_refuses_can_be_told_later(tmp_path: Path, clock: Time) -> None:
    """A write is put off, and whoever lists then hears why, until it is archived no more; a list
    alone is as ever, and what is refused for another reason is refused."""
    tracker = Bench(tmp_path, clock, board=True)
    try:
        id = tracker.create(Draft(title="x")).id
        repo(tracker).archived = True
        assert tracker.count() == 1
        close = Change(state=State.CLOSED)
        with pytest.raises(TrackerUnavailable, match="is archived"):
            tracker.conclude(id, close, "proof", author="a", key="k")
        with pytest.raises(TrackerUnavailable, match="bot/game/settings"):
            tracker.comment(id, "more", author="a", key="l")
        with pytest.raises(TrackerUnavailable, match="Unarchive it"):
            tracker.create(Draft(title="y"))
        with pytest.raises(ForgeRefused, match="is archived"):
            tracker.list()
        repo(tracker).archived = False
        assert tracker.conclude(id, close, "proof", author="a", key="k").is_closed
        assert [one.state for one in tracker.list()] == [State.CLOSED]
        tracker.double.store.tokens[tracker.double.token].scopes = frozenset()
        with pytest.raises(ForgeRefused, match="public_repo"):
            tracker.comment(id, "more", author="a", key="m")
    finally:
        tracker.close()


def test_a_move_that_is_refused_puts_the_card_back(tmp_path: Path, clock: Time) -> None:
    """And one to where the issue is already, by what a person did to both, changes nothing."""
    said: list[str] = []
    tracker = Bench(tmp_path, clock, board=True, say=said.append)
    try:
        id = tracker.create(Draft(title="x")).id
        look(tracker, clock)
        assert cards(tracker) == {1: "Todo"}
        clock.forward(60)
        move(tracker, "In Progress")
        with tracker.double.store.lock:
            deeds.label(tracker.double.store, there(tracker, id), ["claimed:other"], "ann")
        look(tracker, clock)
        with tracker.double.store.lock:
            deeds.unlabel(tracker.double.store, there(tracker, id), ["claimed:other"], "ann")
        assert "issue 1 was not: " in said[0]
        look(tracker, clock)
        assert tracker.get(id).state is State.OPEN
        assert cards(tracker) == {1: "Todo"}
        clock.forward(60)
        move(tracker, "Done")
        with tracker.double.store.lock:
            deeds.close(tracker.double.store, there(tracker, id), "ann")
        tracker.double.log.clear()
        look(tracker, clock)
        assert tracker.get(id).state is State.CLOSED
        assert tracker.double.log.count("PATCH") == 0
        assert cards(tracker) == {1: "Done"}
    finally:
        tracker.close()


def test_a_move_waits_for_a_github_that_is_away(tmp_path: Path, clock: Time) -> None:
    """The card stays where the person put it, and the issue follows."""
    tracker = Bench(tmp_path, clock, board=True)
    try:
        id = tracker.create(Draft(title="x")).id
        look(tracker, clock)
        clock.forward(60)
        move(tracker, "Blocked")
        tracker.double.faults.add("mutation addLabelsToLabelable", "502", times=100)
        look(tracker, clock)
        tracker.double.faults.clear()
        assert (tracker.get(id).state, cards(tracker)) == (State.OPEN, {1: "Blocked"})
        clock.forward(600)  # until the client tries again
        look(tracker, clock)
        assert (tracker.get(id).state, cards(tracker)) == (State.BLOCKED, {1: "Blocked"})
    finally:
        tracker.close()


def look(tracker: Bench, clock: Time) -> None:
    """As a run does: several polls."""
    for _ in range(3):
        clock.forward(30)
        tracker.list()


def move(tracker: Bench, column: str) -> None:
    """A person drags the only card."""
    store = tracker.double.store
    with store.lock:
        (project,) = store.projects.values()
        (status,) = [one for one in project["fields"] if one["name"] == "Status"]
        (option,) = [one["id"] for one in status["options"] if one["name"] == column]
        (item,) = project["items"]
        item["values"][status["id"]]["singleSelectOptionId"] = option
        item["updated_at"] = store.clock.second()


def test_without_the_scope_issues_go_on_alone(tmp_path: Path, clock: Time) -> None:
    """And what is missing is said once."""
    said: list[str] = []
    tracker = Bench(tmp_path, clock, board=True, say=said.append)
    try:
        for token in tracker.double.store.tokens.values():
            token.scopes = frozenset({"repo"})
        tracker.create(Draft(title="x"))
        for _ in range(3):
            clock.forward(60)
            tracker.list()
        assert [one.title for one in tracker.list()] == ["x"]
        assert len(said) == 1
        assert "project" in said[0]
    finally:
        tracker.close()
