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
_AT_MOST = 4


@dataclass(frozen=True, kw_only=True)
class Outage:
    """From when `after` landings have been told to the tracker, until so many `seconds` after the
    first change that it was not told; at most four times as long. So a slow machine has something
    to tell in it, too."""

    after: int
    seconds: float


class Outages:
    """Stands before a tracker, is called like it, and raises TrackerUnavailable instead of
    passing a call on while `is_down` says so. `heard` is given each change of an issue, and
    whether the tracker was told."""

    def __init__(
        self, tracker: Any, is_down: Callable[[], bool], heard: Callable[[Change, bool], None]
    ) -> None:
        self._tracker = tracker
        self._is_down = is_down
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        behind = getattr(self._tracker, name)
        if name in _FREE:
            return behind

        def call(*words: Any, **named: Any) -> Any:
            if self._is_down():
                self._hear(words, named, told=False)
                raise TrackerUnavailable("The tracker is away, as the scenario wants it. Wait.")
            answer = behind(*words, **named)
            self._hear(words, named, told=True)
            return answer

        return call

    def _hear(self, words: tuple[Any, ...], named: dict[str, Any], *, told: bool) -> None:
        for one in (*words, *named.values()):
            if isinstance(one, Change):
                self._heard(one, told)


def disturbed(tracker: Door, outage: Outage, clock: Callable[[], float] = time.monotonic) -> Door:
    """The same tracker with the outage ahead of it. It happens once."""
    landings, has_refused, until = 0, False, float("-inf")

    def heard(change: Change, told: bool) -> None:
        nonlocal landings, has_refused, until
        if not told and not has_refused:
            has_refused = True
            until = min(until, clock() + outage.seconds)
        if told and change.state in DONE:
            landings += 1
            if landings == outage.after:
                until = clock() + _AT_MOST * outage.seconds

    return cast("Door", Outages(tracker, lambda: clock() < until, heard))
