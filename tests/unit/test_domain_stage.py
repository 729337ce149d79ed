"""Where the work on an issue stands, as its agents reported it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.errors import UsageError
from framework.domain.message import Message, messages, render
from framework.domain.stage import (
    MOST_CHECKPOINTS,
    WorkState,
    checkpoint_message,
    fold,
    progress_message,
)

AT = datetime(2026, 1, 31, 10, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
DATA = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("progress", "status", "stage", "name", "next"), JSON),
)


def message(type: str, data: Any) -> Message:
    return Message(type=type, agent="coder", timestamp=AT, data=data)


def test_nothing_reported_is_no_state() -> None:
    """Without a report, and after other messages only, there is no state."""
    assert fold([]) is None
    assert fold([message("question", {"progress": 0.5})]) is None


def test_p16_p17_progress_and_checkpoints_add_up() -> None:
    """P16, P17: the state is the last progress, all checkpoints in order, and the next one."""
    state = fold(
        [
            checkpoint_message(agent="coder", at=AT, name="analysis", next="design"),
            checkpoint_message(agent="coder", at=AT, name="design", next="testing"),
            message("question", {"text": "which?"}),
            progress_message(
                agent="coder", at=LATER, progress=0.75, status="parser done", stage="implementation"
            ),
        ]
    )
    assert state == WorkState(
        agent="coder",
        progress=0.75,
        status="parser done",
        stage="implementation",
        checkpoints=("analysis", "design"),
        next_checkpoint="testing",
        updated_at=LATER,
    )


def test_another_agent_goes_on_where_the_first_left_off() -> None:
    """A report changes who reported and what it says, and leaves the rest."""
    state = fold(
        [
            progress_message(agent="first", at=AT, progress=0.5, status="half", stage="coding"),
            progress_message(agent="second", at=LATER, progress=0.6),
            checkpoint_message(agent="third", at=LATER, name="design"),
        ]
    )
    assert state == WorkState(
        agent="third",
        progress=0.6,
        status="",
        stage="coding",
        checkpoints=("design",),
        next_checkpoint=None,
        updated_at=LATER,
    )


def test_a_checkpoint_is_reached_once() -> None:
    """A repeated report moves nothing, and the number of checkpoints has an end."""
    twice = [checkpoint_message(agent="a", at=AT, name=name) for name in ("x", "y", "x")]
    many = [checkpoint_message(agent="a", at=AT, name=str(at)) for at in range(200)]
    reached, kept = fold(twice), fold(many)
    assert reached is not None
    assert reached.checkpoints == ("x", "y")
    assert kept is not None
    assert len(kept.checkpoints) == MOST_CHECKPOINTS


@pytest.mark.parametrize(
    "fields",
    [
        {"progress": 1.01},
        {"progress": -0.01},
        {"progress": float("nan")},
        {"progress": 10**400},
        {"progress": True},
        {"progress": "0.5"},
        {"progress": 0.5, "status": "two\nlines"},
        {"progress": 0.5, "status": None},
        {"progress": 0.5, "status": "x" * 201},
        {"progress": 0.5, "stage": " "},
        {"progress": 0.5, "stage": "x\x1b[2J"},
    ],
)
def test_wrong_progress_is_refused(fields: dict[str, Any]) -> None:
    """What is no progress is refused when made and passed over when found."""
    with pytest.raises(UsageError, match=r"cannot be reported: .*must be"):
        progress_message(agent="a", at=AT, **fields)
    assert fold([message("progress", fields)]) is None


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "a\nb"}, {"name": None}, {"name": 3}, {"name": "x", "next": ""}],
)
def test_wrong_checkpoints_are_refused(fields: dict[str, Any]) -> None:
    """What is no checkpoint is refused when made and passed over when found."""
    with pytest.raises(UsageError, match=r"cannot be reported: .*must"):
        checkpoint_message(agent="a", at=AT, **fields)
    assert fold([message("checkpoint", fields)]) is None


@pytest.mark.parametrize("progress", [0, 1, 0.0, 1.0, 0.333])
def test_a_report_survives_its_comment(progress: float) -> None:
    """What one agent posts is what the next one folds."""
    sent = progress_message(agent="a", at=AT, progress=progress, status="`on`", stage="s")
    assert messages(render(sent)) == (sent,)


@given(st.lists(st.builds(message, st.sampled_from(["progress", "checkpoint", "x"]), JSON | DATA)))
def test_any_messages_fold(found: list[Message]) -> None:
    """No data raises, and whatever state comes out is within its bounds."""
    state = fold(found)
    if state is not None:
        assert 0 <= state.progress <= 1
        assert len(set(state.checkpoints)) == len(state.checkpoints)
        assert all(isinstance(name, str) for name in state.checkpoints)
