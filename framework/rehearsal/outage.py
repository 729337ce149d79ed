"""A tracker that is away for a while, in the middle of a rehearsed run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from ..domain.errors import TrackerUnavailable
from ..domain.issue import DONE, Change

Door = TypeVar("Door")

_FREE = frozenset({"name", "close"})
"""What needs nobody at the other end."""


@dataclass(frozen=True, kw_only=True)
class Outage:
    """From when `after` landings have been told to the tracker, for so many seconds."""

    after: int
    seconds: float


class Outages:
    """Stands before a tracker, is called like it, and raises TrackerUnavailable instead of
    passing a call on while `is_down` says so. `on_landing` hears of each landing told."""

    def __init__(
        self, tracker: Any, is_down: Callable[[], bool], on_landing: Callable[[], None]
    ) -> None:
        self._tracker = tracker
        self._is_down = is_down
        self._on_landing = on_landing

    def __getattr__(self, name: str) -> Any:
        behind = getattr(self._tracker, name)
        if name in _FREE:
            return behind

        def call(*words: Any, **named: Any) -> Any:
            if self._is_down():
                raise TrackerUnavailable("The tracker is away, as the scenario wants it. Wait.")
            answer = behind(*words, **named)
            if any(
                isinstance(one, Change) and one.state in DONE for one in (*words, *named.values())
            ):
                self._on_landing()
            return answer

        return call


def disturbed(tracker: Door, outage: Outage, clock: Callable[[], float] = time.monotonic) -> Door:
    """The same tracker with the outage ahead of it. It happens once."""
    told, until = 0, float("-inf")

    def landing() -> None:
        nonlocal told, until
        told += 1
        if told == outage.after:
            until = clock() + outage.seconds

    return cast("Door", Outages(tracker, lambda: clock() < until, landing))
