"""A landing is told in one request: the comment with the proof, and that the issue is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framework.domain.errors import IssueNotFound, TrackerUnavailable, TransitionRefused
from framework.domain.issue import Change, Draft, State
from framework.rehearsal.github import deeds
from framework.rehearsal.github.faults import AFTER, BEFORE, Kind
from framework.trackers.base import Concludes
from tests.contracts.tracker_github import Bench, Time

CLOSED = Change(state=State.CLOSED)
BATCH = "mutation addComment removeLabelsFromLabelable removeAssigneesFromAssignable closeIssue"


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def tracker(tmp_path: Path, clock: Time) -> Iterator[Bench]:
    tracker = Bench(tmp_path, clock)
    yield tracker
    tracker.close()


def begun(tracker: Bench, key: str = "k") -> str:
    """An issue that is worked on, after another one was landed in this process."""
    for one in ("first", key):
        id = tracker.create(Draft(title=one, key=one, labels=frozenset({"style"}))).id
        tracker.update(id, Change(state=State.IN_PROGRESS))
        if one == "first":
            conclude(tracker, id)
    tracker.double.log.clear()
    return id


def conclude(tracker: Bench, id: str, change: Change = CLOSED) -> State:
    return tracker.conclude(id, change, "The proof", author="nightshift", key="proof:1").state


def until_told(tell: Callable[[], object], clock: Time) -> None:
    for _ in range(30):
        try:
            tell()
        except TrackerUnavailable:
            clock.forward(20)
        else:
            return
    raise AssertionError("never told")


def there(tracker: Bench, id: str) -> tuple[str, list[str], list[str], int]:
    """State, labels, assignees and the number of comments, as people see them."""
    (repo,) = tracker.double.store.repos.values()
    issue = repo.issues[int(id)]
    said = [one for one in repo.comments.values() if one.issue == issue.number]
    return issue.state, sorted(issue.labels), issue.assignees, len(said)


DONE: tuple[str, list[str], list[str], int] = ("closed", ["priority:medium", "style"], [], 1)


def test_one_request(tracker: Bench, clock: Time) -> None:
    """However long nobody looked at the issue; what is answered and known is what GitHub has."""
    assert isinstance(tracker, Concludes)
    id = begun(tracker)
    clock.forward(600)
    assert conclude(tracker, id) is State.CLOSED
    assert tracker.double.log.operations() == [BATCH]
    assert there(tracker, id) == DONE
    known = tracker.list()[1]
    assert known == tracker.get(id)
    assert (known.state, known.assignees) == (State.CLOSED, frozenset())
    (comment,) = tracker.comments(id)
    assert (comment.text, comment.author, comment.key) == ("The proof", "nightshift", "proof:1")


def test_a_second_call_changes_nothing(tracker: Bench) -> None:
    """The key is known, and the issue is closed: nothing is sent."""
    id = begun(tracker)
    conclude(tracker, id)
    tracker.double.log.clear()
    assert conclude(tracker, id) is State.CLOSED
    assert tracker.double.log.operations() == []
    assert there(tracker, id) == DONE


def test_what_people_did_meanwhile_stays(tracker: Bench, clock: Time) -> None:
    """Although it was not looked at again: labels are taken off, not written over."""
    id = begun(tracker)
    clock.forward(600)
    store = tracker.double.store
    (repo,) = store.repos.values()
    with store.lock:
        deeds.label(store, repo.issues[int(id)], ["ui"], "ann")
        deeds.rewrite(store, repo.issues[int(id)], "Their text", "ann")
    conclude(tracker, id)
    assert there(tracker, id)[1] == ["priority:medium", "style", "ui"]
    assert tracker.get(id).body == "Their text"


def test_what_it_waits_for_is_not_asked_again(tracker: Bench) -> None:
    """The dependencies are known still, and no question follows."""
    first = begun(tracker)
    second = tracker.create(Draft(title="second", key="2", depends_on=(first,))).id
    tracker.update(second, Change(state=State.IN_PROGRESS))
    tracker.double.log.clear()
    conclude(tracker, second)
    assert tracker.get(second).depends_on == (first,)
    assert tracker.double.log.count("query") == 0


def test_a_refused_change_leaves_the_comment(tracker: Bench, clock: Time) -> None:
    """As the comment and then the change would."""
    id = begun(tracker)
    tracker.update(id, CLOSED)
    with pytest.raises(TransitionRefused):
        conclude(tracker, id, Change(state=State.NEEDS_REVIEW))
    assert there(tracker, id) == DONE
    with pytest.raises(IssueNotFound):
        conclude(tracker, "99")


def test_where_the_text_of_the_issue_changes_it_takes_two(tracker: Bench) -> None:
    """A review is noted down in the marker, so the text is written: comment and change."""
    id = begun(tracker)
    assert conclude(tracker, id, Change(state=State.NEEDS_REVIEW)) is State.NEEDS_REVIEW
    assert len(tracker.double.log) == 2
    assert there(tracker, id)[3] == 1


@pytest.mark.parametrize("kind", [*BEFORE, *AFTER, "limit 403", "missing"])
def test_lost_and_told_again(tracker: Bench, clock: Time, kind: Kind) -> None:
    """Whatever happens to the request, before or after it was done: one comment, and closed."""
    id = begun(tracker)
    tracker.double.faults.add("mutation addComment", kind)
    until_told(lambda: conclude(tracker, id), clock)
    assert len(tracker.double.faults.happened) == 1
    assert there(tracker, id) == DONE
    assert tracker.get(id).state is State.CLOSED


@pytest.mark.parametrize("seed", range(8))
def test_any_weather(tracker: Bench, clock: Time, seed: int) -> None:
    """A third of all requests fails, also those that look what was done."""
    id = begun(tracker)
    tracker.double.faults.seeded(seed, 0.3, BEFORE + AFTER)
    until_told(lambda: conclude(tracker, id), clock)
    tracker.double.faults.clear()
    assert there(tracker, id) == DONE


def test_a_label_that_is_another_one_by_now(tracker: Bench, clock: Time) -> None:
    """A part that GitHub refuses is done by a single call that looks first."""
    id = begun(tracker)
    store = tracker.double.store
    (repo,) = store.repos.values()
    with store.lock:
        del store.nodes[repo.labels.pop("in progress").node]
        store.add_label(repo, "in progress", "c5def5")
    assert conclude(tracker, id) is State.CLOSED
    assert there(tracker, id) == DONE
