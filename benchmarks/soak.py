"""Whether a long run grows: eight sessions at a time for an hour, memory and descriptors watched.

`python -m benchmarks.soak [MINUTES]`. Bound: after the warm-up, memory rises by less than 1 MB
an hour, and as many descriptors are open at the end as at the beginning.

The warm-up is the first five minutes, or the first quarter of less than twenty: until all code
is loaded, every cache has its size and eight sessions have been busy with the same thing at once.
What is fitted is the rest, as one line and as two; a leak has the same slope in both halves, and
a process that settles has less in the second. What a run must hold does not grow here: the board
is 48 issues, taken up again and again, and the project has one file for each, so that memory of
what was landed is all that could. The journal, the hub's refs and the issues' history do grow.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from anyio import to_thread

from benchmarks.world import Bounds, headline, number_of, row, work, world
from framework.agents.base import Conversation, Report
from framework.agents.scripted import call
from framework.domain.brief import Brief, render
from framework.domain.event import WorkLanded
from framework.domain.issue import DONE, Change, Draft, State
from framework.domain.query import Query
from framework.domain.session import SessionEnd
from framework.runner.parts import Parts
from framework.runner.run import run

SLOTS = 8
SESSION_SECONDS = 20.0
SAMPLE_SECONDS = 5.0
BOARD = 48
WARM_UP_SECONDS = 300.0
WARM_UP_SHARE = 0.25
MOST_MB_AN_HOUR = 1.0
_UNSETTLED = Query(states=frozenset(State) - DONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """`at` in seconds of the monotonic clock, `resident` in bytes. Small: an hour of them is in
    the memory that they measure."""

    at: float
    resident: int
    descriptors: int
    worked: int


@dataclass(kw_only=True)
class Soak:
    """Feeds a run with issues until `until`, and samples its process, which is ours."""

    until: float
    made: int = 0
    worked: int = 0
    samples: list[Sample] = field(default_factory=list)

    async def play(self, conversation: Conversation, report: Report) -> SessionEnd:
        """A session that says every second what it does."""
        number = number_of(conversation)
        for second in range(int(random.uniform(0.5, 1.5) * SESSION_SECONDS)):
            await anyio.sleep(1)
            await call(conversation, "progress", text=f"at second {second} of issue {number}")
        self.worked += 1
        return await work(conversation, f"{number}.txt", text=str(self.worked))

    async def feed(self, parts: Parts) -> None:
        """Keep more issues open than there are slots."""
        while time.monotonic() < self.until:
            await to_thread.run_sync(self._fill, parts)
            await anyio.sleep(SESSION_SECONDS / 4)

    def _fill(self, parts: Parts) -> None:
        """New issues up to BOARD of them, then the same ones again: a run holds the whole board,
        so one that grows would look like a leak."""
        closed = iter(parts.tracker.list(Query(states=DONE)))
        for _ in range(2 * SLOTS - parts.tracker.count(_UNSETTLED)):
            if self.made < BOARD:
                self.made += 1
                body = render(Brief(description=f"Number {self.made}."))
                parts.tracker.create(Draft(title=f"Issue {self.made}", body=body))
            elif again := next(closed, None):
                parts.tracker.update(again.id, Change(state=State.OPEN))

    async def watch(self) -> None:
        while time.monotonic() < self.until:
            self.samples.append(sample(self.worked))
            await anyio.sleep(SAMPLE_SECONDS)


def sample(worked: int) -> Sample:
    with open("/proc/self/statm", "rb") as file:
        pages = int(file.read().split()[1])
    return Sample(
        at=time.monotonic(),
        resident=pages * os.sysconf("SC_PAGE_SIZE"),
        descriptors=len(os.listdir("/proc/self/fd")),
        worked=worked,
    )


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those after the warm-up."""
    begin, end = samples[0].at, samples[-1].at
    ready = begin + min(WARM_UP_SECONDS, WARM_UP_SHARE * (end - begin))
    return [one for one in samples if one.at >= ready]


def slope(samples: Sequence[Sample]) -> float:
    """MB an hour, as a straight line through the samples rises."""
    line = statistics.linear_regression(
        [one.at / 3600 for one in samples], [one.resident / 2**20 for one in samples]
    )
    return line.slope


def fewest(samples: Sequence[Sample]) -> int:
    """What is open while no git runs: a leak raises it, and a busy moment does not."""
    return min(one.descriptors for one in samples)


async def main(minutes: float) -> int:
    soak = Soak(until=time.monotonic() + minutes * 60)
    async with world(soak.play, slots=SLOTS) as parts:
        await to_thread.run_sync(soak._fill, parts)
        async with anyio.create_task_group() as group:
            group.start_soon(soak.feed, parts)
            group.start_soon(soak.watch)
            ending = await run(parts)
        landed = sum(isinstance(one.event, WorkLanded) for one in parts.journal.since())
    print(headline(f"Soak: {minutes:g} minutes, {SLOTS} sessions of {SESSION_SECONDS:g} s"))
    row("landed", f"{landed} times", ending.why)
    return _judge(warm(soak.samples), soak.samples[0])


def _judge(samples: Sequence[Sample], cold: Sample) -> int:
    bounds = Bounds()
    first, last, middle = samples[0], samples[-1], len(samples) // 2
    row("warm-up, not fitted", f"{first.at - cold.at:.0f} s", f"{_mb(cold)} to {_mb(first)}")
    row("resident after it", _mb(first), f"to {_mb(last)}")
    rise = slope(samples)
    met = bounds.told(rise < MOST_MB_AN_HOUR)
    row("memory slope", f"{rise:.2f} MB/h", f"bound {MOST_MB_AN_HOUR} MB/h {met}")
    row("of the first half alone", f"{slope(samples[:middle]):.2f} MB/h")
    row("of the second half alone", f"{slope(samples[middle:]):.2f} MB/h")
    landings = max(1, last.worked - first.worked)
    each = rise * 1024 * (last.at - first.at) / 3600 / landings
    row("a landing", f"{each:.2f} kB", f"{landings} of them fitted")
    before, after = fewest(samples[: len(samples) // 4]), fewest(samples[-len(samples) // 4 :])
    flat = bounds.told(after <= before)
    row("descriptors at rest", f"{before}", f"to {after}; flat {flat}")
    return bounds.verdict


def _mb(one: Sample) -> str:
    return f"{one.resident / 2**20:.1f} MB"


if __name__ == "__main__":
    raise SystemExit(anyio.run(main, float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
