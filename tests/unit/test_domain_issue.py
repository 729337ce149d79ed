from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from framework.domain.issue import Issue, Priority, State

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def issue(**fields) -> Issue:
    return Issue(id="1", uid="local:0/1", title="x", created_at=NOW, updated_at=NOW, **fields)


def test_ranks_go_from_the_most_urgent_to_the_least() -> None:
    ordered = (Priority.URGENT, Priority.HIGH, Priority.MEDIUM, Priority.LOW)
    assert [one.rank for one in ordered] == [0, 1, 2, 3]


@pytest.mark.parametrize("state", State)
def test_only_the_state_closed_is_closed(state: State) -> None:
    assert issue(state=state).is_closed == (state == "closed")


def test_an_issue_is_meta_by_its_label_alone() -> None:
    assert issue(labels=frozenset({"meta", "functional"})).is_meta
    assert not issue(labels=frozenset({"metadata"})).is_meta


def test_an_issue_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        issue().title = "y"
