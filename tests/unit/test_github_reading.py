"""A GitHub issue is read as it was written, and people's edits of it win."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.errors import TrackerError
from framework.domain.frozen import replace
from framework.domain.issue import Change, Issue, Priority, State
from framework.trackers._rules import edited
from framework.trackers.github import words
from framework.trackers.github.reading import House, issue_of, shown_text, shown_title
from framework.trackers.github.seen import Snapshot
from framework.trackers.github.writing import fresh, patch

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUSE = House(prefix="github.com/7", login="bot", store="here")
SEEN = Snapshot(
    number=3,
    node="I_3",
    title="Title",
    body="Body",
    is_closed=False,
    reason="",
    labels=(),
    assignees=(),
    milestone=None,
    author="bot",
    association="OWNER",
    created_at="2026-01-01T00:00:00Z",
    updated_at="2026-01-01T00:00:00Z",
    closed_at=None,
    comments=0,
)
texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["", "x" * 300, "a\r\nb\x00", " edge ", "\u202e", "meta", "Blocked", "priority:low"]
)


def read(seen: Snapshot, *, trusted: bool = True) -> Issue:
    return issue_of(seen, HOUSE, needs=(), trusted=trusted)


def after(seen: Snapshot, change: Change) -> Snapshot:
    """The issue as GitHub shows it after our PATCH."""
    before = read(seen)
    now = edited(before, change, NOW)
    logins = {one: one for one in now.assignees}
    fields = patch(seen, before, now, HOUSE, needs=(), logins=logins)
    closed = fields.get("state", "closed" if seen.is_closed else "open") == "closed"
    return replace(
        seen,
        title=fields.get("title", seen.title),
        body=fields.get("body", seen.body),
        labels=tuple(fields.get("labels", seen.labels)),
        assignees=tuple(fields.get("assignees", seen.assignees)),
        is_closed=closed,
        closed_at="2026-01-01T00:00:00Z" if closed else None,
        reason=fields.get("state_reason", seen.reason),
    )


def by_hand(seen: Snapshot, *, closed: bool) -> Snapshot:
    """A person presses the button."""
    at = "2026-01-01T00:00:00Z" if closed else None
    return replace(
        seen, is_closed=closed, closed_at=at, reason="completed" if closed else "reopened"
    )


@given(texts, texts, st.frozensets(texts, max_size=3), texts, st.sampled_from(Priority))
def test_what_is_made_is_read_again(
    title: str, body: str, labels: frozenset[str], author: str, priority: Priority
) -> None:
    """Whatever the texts, and although GitHub takes only a part of them as they are."""
    issue = replace(
        read(SEEN), title=title, body=body, labels=labels, author=author, priority=priority
    )
    new = fresh(issue, HOUSE, (), {})
    assert 0 < len(new.title) <= 256
    assert "\n" not in new.title
    seen = replace(SEEN, title=new.title, body=new.body, labels=new.labels)
    assert read(seen) == issue


@given(texts, texts)
def test_what_github_shows_stays_what_it_is(title: str, body: str) -> None:
    """Cleaning twice is cleaning once."""
    assert shown_title(shown_title(title)) == shown_title(title)
    assert shown_text(shown_text(body)) == shown_text(body)


def test_a_title_that_a_person_changed_is_theirs() -> None:
    """The exact one is forgotten as soon as what stands for it is changed."""
    seen = after(SEEN, Change(title="two\nlines", body="nul\x00"))
    assert (read(seen).title, read(seen).body) == ("two\nlines", "nul\x00")
    theirs = replace(seen, title="Better", body=seen.body.replace("nul\n", "null\n"))
    assert (read(theirs).title, read(theirs).body) == ("Better", "null")


def test_a_marker_copied_to_another_issue_is_not_believed() -> None:
    """It was written for another number."""
    seen = after(SEEN, Change(title="two\nlines"))
    assert '"number":3' in seen.body
    copied = replace(seen, number=4)
    assert read(copied).title == "two lines"


def test_a_strangers_marker_claims_no_key_and_no_author() -> None:
    """Or anybody could keep the plan's issues from being made."""
    issue = replace(read(SEEN), key="plan/1", author="ann")
    seen = replace(SEEN, body=fresh(issue, HOUSE, (), {}).body, author="eve")
    assert (read(seen).key, read(seen).author) == ("plan/1", "ann")
    assert (read(seen, trusted=False).key, read(seen, trusted=False).author) == (None, "eve")


def test_a_first_pass_needs_no_edit_of_the_text() -> None:
    """Claimed, worked on and closed: people's texts are not written over."""
    seen = SEEN
    for state in (State.IN_PROGRESS, State.BLOCKED, State.OPEN, State.IN_PROGRESS, State.CLOSED):
        seen = after(seen, Change(state=state))
        assert (seen.body, read(seen).state) == ("Body", state)
    assert seen.labels == ()


def test_a_claim_is_shown_and_taken_back() -> None:
    """One label for the state, one for the store, and our account; not as what people said."""
    seen = after(replace(SEEN, labels=("ui",), assignees=("ann",)), Change(state=State.IN_PROGRESS))
    assert set(seen.labels) == {"ui", "in progress", "claimed:here"}
    assert set(seen.assignees) == {"ann", "bot"}
    assert (read(seen).labels, read(seen).assignees) == ({"ui"}, {"ann"})
    seen = after(seen, Change(state=State.BLOCKED))
    assert set(seen.labels) == {"ui", "blocked"}
    assert set(seen.assignees) == {"ann"}


def test_another_stores_claim_is_left_alone() -> None:
    """Only ours is ours to take back."""
    seen = replace(SEEN, labels=("in progress", "claimed:there"))
    seen = after(seen, Change(state=State.OPEN))
    assert seen.labels == ("claimed:there",)


@pytest.mark.parametrize("done", [State.CLOSED, State.NEEDS_REVIEW])
def test_every_reopening_after_a_landing_is_counted_once(done: State) -> None:
    """Whoever reopens, ten times over: the count rises by one between two landings."""
    seen = SEEN
    for times in range(10):
        assert read(seen).reopened == times
        seen = after(seen, Change(state=State.IN_PROGRESS))
        assert read(seen).reopened == times
        seen = after(seen, Change(state=done))
        assert read(seen).reopened == times
        if times % 3 == 0:
            seen = after(seen, Change(state=State.OPEN))
        elif done is State.CLOSED:
            seen = by_hand(seen, closed=False)
        else:
            seen = by_hand(by_hand(replace(seen, labels=()), closed=True), closed=False)


def test_taking_off_the_label_in_review_is_a_reopening() -> None:
    """A person sends landed work back that way."""
    seen = after(SEEN, Change(state=State.NEEDS_REVIEW))
    assert read(replace(seen, labels=())).reopened == 1


def test_of_several_words_for_one_thing_the_stronger_counts() -> None:
    """People put labels on by hand."""
    seen = replace(SEEN, labels=("In Progress", "blocked", "priority:low", "Priority:High"))
    assert (read(seen).state, read(seen).priority) == (State.BLOCKED, Priority.HIGH)
    assert read(seen).labels == frozenset()


def test_a_label_with_one_of_our_words_is_kept_as_a_label() -> None:
    """A draft that says `blocked` does not block."""
    seen = after(SEEN, Change(add_labels=frozenset({"blocked", "ui"})))
    assert read(seen).labels == {"blocked", "ui"}
    assert read(seen).state is State.OPEN
    assert not words.fits("blocked")


def test_a_text_that_is_too_long_is_refused_before_anything_is_sent() -> None:
    """With its length and the way out."""
    with pytest.raises(TrackerError, match=r"70000 characters.*Shorten it"):
        after(SEEN, Change(body="x" * 70_000))
