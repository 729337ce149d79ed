"""How long a run waits for a forge before it asks for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from framework.domain.pull import Wait
from framework.runner.patience import Patience

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUNNING = Wait(why="its checks are running", patience=timedelta(minutes=10))


def test_the_same_reason_has_an_end() -> None:
    """Then a person is to look; another reason has its own time."""
    now = NOON
    patience = Patience(lambda: now)
    assert not patience.bounded("1", RUNNING).person
    now += timedelta(minutes=11)
    assert patience.bounded("1", RUNNING).person
    assert not patience.bounded("1", Wait(why="its base moved")).person
    assert not patience.bounded("2", RUNNING).person


def test_what_was_waited_for_before_does_not_count() -> None:
    """Reworked and put up again it waits anew, though for the same reason."""
    now = NOON
    patience = Patience(lambda: now)
    patience.bounded("1", RUNNING)
    patience.over("1")
    now += timedelta(hours=3)
    assert not patience.bounded("1", RUNNING).person


def test_what_was_refused_is_tried_again_after_a_while_or_when_something_is_new() -> None:
    """Ten minutes, by the clock that is given."""
    now = NOON
    patience = Patience(lambda: now)
    said = patience.refused("1", "as it was", "no")
    assert said.person
    assert patience.refusal("1", "as it was") == said
    assert patience.refusal("1", "as it is") is None
    now += timedelta(minutes=10)
    assert patience.refusal("1", "as it was") is None
