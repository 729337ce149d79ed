from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.merge import Proof
from framework.domain.outcome import (
    Blocked,
    Conflicted,
    Deferred,
    Failed,
    Landed,
    LeaseLost,
    Outcome,
    OutOfBudget,
    PullRequested,
    Rejected,
    Stalled,
    Unfinished,
    explain,
)
from framework.domain.retry import MAX_FAILURES, Done, GiveUp, Retry, backoff, decide

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
PROOF = Proof(commit="c" * 40, tree="t", head="h", base="b", target="main", epoch=1)

FAULTS = (
    Rejected(reasons=("tests failed",)),
    Conflicted(paths=("a.py",)),
    Unfinished(why="no commit"),
    Stalled(seconds=300.0),
    OutOfBudget(what="turns"),
    Failed(error="crash"),
)
TABLE = (
    (Landed(proof=PROOF), Done()),
    (PullRequested(url="https://example.org/1"), Done()),
    (LeaseLost(), Retry(at=NOW + timedelta(seconds=30), counted=False)),
    (Blocked(question="Which colour?"), GiveUp(why="Which colour?", counted=False)),
    (Deferred(why="limit", until=LATER), Retry(at=LATER, counted=False)),
    (Deferred(why="outage"), Retry(at=NOW + timedelta(seconds=30), counted=False)),
    (Failed(error="disk", ours=True), Retry(at=NOW + timedelta(seconds=30), counted=False)),
    *((fault, Retry(at=NOW + timedelta(seconds=10), counted=True)) for fault in FAULTS),
)


def test_the_table_has_every_outcome() -> None:
    assert {type(outcome) for outcome, _ in TABLE} == set(get_args(Outcome))


@pytest.mark.parametrize(("outcome", "expected"), TABLE, ids=lambda one: type(one).__name__)
def test_a_first_attempt_is_decided_by_the_table(outcome, expected) -> None:
    assert decide(outcome, failures=0, now=NOW) == expected


@pytest.mark.parametrize("outcome", FAULTS, ids=lambda one: type(one).__name__)
def test_the_last_allowed_failure_gives_up_and_says_how_many(outcome: Outcome) -> None:
    before = decide(outcome, failures=MAX_FAILURES - 2, now=NOW)
    last = decide(outcome, failures=MAX_FAILURES - 1, now=NOW)
    assert isinstance(before, Retry)
    assert isinstance(last, GiveUp)
    assert last.counted
    assert str(MAX_FAILURES) in last.why
    assert isinstance(decide(outcome, failures=0, now=NOW, max_failures=1), GiveUp)


@pytest.mark.parametrize(
    "outcome", [Deferred(why="x", until=LATER), Deferred(why="x"), Failed(error="x", ours=True)]
)
def test_weather_never_makes_an_issue_give_up(outcome: Outcome) -> None:
    decision = decide(outcome, failures=1000, now=NOW)
    assert isinstance(decision, Retry)
    assert not decision.counted
    assert decision.at > NOW


def test_the_waiting_time_doubles_up_to_five_minutes() -> None:
    waits = [backoff(failures).total_seconds() for failures in range(8)]
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


@given(st.integers(0, 10_000), st.floats(0, 1000))
def test_the_waiting_time_never_shrinks_and_never_passes_five_minutes(
    failures: int, seconds: float
) -> None:
    first = timedelta(seconds=seconds)
    wait = backoff(failures, first=first)
    assert wait <= backoff(failures + 1, first=first) <= timedelta(minutes=5)
    assert wait >= min(first, timedelta(minutes=5))


@pytest.mark.parametrize("outcome", [one for one, _ in TABLE], ids=lambda one: type(one).__name__)
def test_every_outcome_is_explained_in_words(outcome: Outcome) -> None:
    assert explain(outcome).strip()
