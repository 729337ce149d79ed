from __future__ import annotations

from datetime import UTC, datetime

import pytest

from framework.domain.issue import Issue, State
from framework.domain.query import Query

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ISSUE = Issue(
    id="1",
    uid="local:0/1",
    title="x",
    state=State.BLOCKED,
    labels=frozenset({"a", "b"}),
    key="plan/a",
    created_at=NOW,
    updated_at=NOW,
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), True),
        (Query(states=frozenset({State.BLOCKED, State.OPEN})), True),
        (Query(states=frozenset({State.OPEN})), False),
        (Query(states=frozenset()), False),
        (Query(labels=frozenset({"a"})), True),
        (Query(labels=frozenset({"a", "b"})), True),
        (Query(labels=frozenset({"a", "c"})), False),
        (Query(key_prefix="plan/"), True),
        (Query(key_prefix="lan"), False),
        (Query(states=frozenset({State.BLOCKED}), labels=frozenset({"c"})), False),
    ],
)
def test_an_issue_matches_when_every_given_condition_holds(query: Query, expected: bool) -> None:
    assert query.matches(ISSUE) is expected
