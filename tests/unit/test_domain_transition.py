"""Which state may follow which."""

from __future__ import annotations

import pytest

from framework.domain.errors import TransitionRefused
from framework.domain.issue import State
from framework.domain.transition import FOLLOWS, refuse_wrong


def test_every_state_is_in_the_table_and_may_stay() -> None:
    """No state is forgotten, and setting what is already so is never refused."""
    assert set(FOLLOWS) == set(State)
    assert all(state in FOLLOWS[state] for state in State)


@pytest.mark.parametrize("state", [one for one in State if one is not State.CLOSED])
def test_work_may_move_freely_until_it_is_closed(state: State) -> None:
    """The documents' workflow: open, in progress, in review, closed, and blocked from each."""
    for after in State:
        refuse_wrong("7", state, after)


@pytest.mark.parametrize("after", [State.IN_PROGRESS, State.BLOCKED, State.NEEDS_REVIEW])
def test_what_is_closed_is_reopened_first(after: State) -> None:
    """The refusal names the issue, both states and the way on."""
    with pytest.raises(
        TransitionRefused, match=f"Issue 7 is closed and cannot become {after}"
    ) as e:
        refuse_wrong("7", State.CLOSED, after)
    assert "It can become open" in str(e.value)
    refuse_wrong("7", State.CLOSED, State.OPEN)
