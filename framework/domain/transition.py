"""Which state may follow which: written down once, enforced by every tracker."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import TransitionRefused
from .issue import State

FOLLOWS: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset(State),
    State.IN_PROGRESS: frozenset(State),
    State.BLOCKED: frozenset(State),
    State.NEEDS_REVIEW: frozenset(State),
    # Closed is closed: whatever is to happen to it, it is reopened first, so that a landing
    # of its own can be recorded for what is done then.
    State.CLOSED: frozenset({State.OPEN, State.CLOSED}),
}


def refuse_wrong(id: str, before: State, after: State) -> None:
    """Raise TransitionRefused if the state `after` may not follow `before`."""
    if after not in FOLLOWS[before]:
        raise TransitionRefused(
            f"Issue {id} is {before.value} and cannot become {after.value}. "
            f"It can become {', '.join(sorted(FOLLOWS[before] - {before}))}: do that first."
        )
