"""Whether a recorded history of claims could have happened one call after the other.

The search of Wing and Gong with Lowe's memory, for one key: a lease store is right when every
call can be given a moment between its start and its end, at which it has its whole effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call, from `start` to `end` in nanoseconds of the machine's one monotonic clock.

    An acquisition has `released` None and got `epoch`, or None; a release names what it releases.
    """

    key: str
    start: int
    end: int
    epoch: int | None = None
    released: int | None = None


@dataclass(frozen=True)
class State:
    """A key as the model has it: the epoch of its live lease, and the highest ever given."""

    live: int | None = None
    highest: int = 0

    def after(self, call: Call) -> State | None:
        """The key after `call`, or None where it could not have answered so."""
        if call.released is not None:
            freed = self.live == call.released
            return State(None, self.highest) if freed else self
        if call.epoch is None:
            return self if self.live is not None else None
        free = self.live is None and call.epoch > self.highest
        return State(call.epoch, call.epoch) if free else None


@dataclass(frozen=True)
class _Point:
    """Of the calls in order of their starts, those before `first` are placed, and those whose bit
    is set in `later`, counted from `first`."""

    first: int
    later: int
    state: State


def is_linearizable(history: Sequence[Call]) -> bool:
    """Whether the calls on one key have an order that explains all their answers."""
    calls = sorted(history, key=lambda one: one.start)
    waiting, seen = [_Point(0, 0, State())], set[_Point]()
    while waiting:
        point = waiting.pop()
        if point.first == len(calls):
            return True
        for following in _following(calls, point):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return False


def _following(calls: Sequence[Call], point: _Point) -> Iterator[_Point]:
    """After one more call: any that began before all others that are not placed had ended."""
    earliest = None
    for number in range(point.first, len(calls)):
        call = calls[number]
        if earliest is not None and call.start > earliest:
            return
        if point.later >> (number - point.first) & 1:
            continue
        earliest = call.end if earliest is None else min(earliest, call.end)
        if (state := point.state.after(call)) is not None:
            yield _placed(point, number, state)


def _placed(point: _Point, number: int, state: State) -> _Point:
    first, later = point.first, point.later | 1 << (number - point.first)
    while later & 1:
        first, later = first + 1, later >> 1
    return _Point(first, later, state)


def overlaps(history: Sequence[Call]) -> int:
    """How often a key was granted while an earlier grant was in use for sure: from the answer to
    its acquisition until the start of its release."""
    ends = {one.released: one.start for one in history if one.released is not None}
    grants = sorted((one.end, one.epoch) for one in history if one.epoch is not None)
    held = [(since, ends.get(epoch, since)) for since, epoch in grants]
    return sum(after[0] < before[1] for before, after in pairwise(held))
