"""What an issue costs beside the agent's own time: claim, clone, journal, landing, close.

No-op issues, each with its own clone on disk, with and without landing. Where something lands,
three figures: the *total* from the first attempt's start to the last one's end, divided by the
issues; *the agents' own*, which is the same number of the same files and commits (two git
processes each) by as many at a time and nothing else, in clones made before, by the same clock;
and *ours*, the one less the other. The clones of the second run are empty where those of the
first hold what has landed, so that rather too little is subtracted. Where nothing lands the agent
does nothing, and all is ours. A clone and a commit without any of this are the baseline.
Bound: 25 ms an issue for ours.

Three rounds; each figure is the best, with the median beside it, because what disturbs a round
only ever adds. Much can: on ext4 without a journal every file that was deleted in the last
minutes makes each new one dearer, for git alone as for us, so that each round there is slower
than the one before, and the first one too if the machine did not rest before.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from benchmarks.world import (
    Bounds,
    add_issues,
    commit,
    headline,
    measured,
    number_of,
    row,
    work,
    world,
)
from framework.agents.base import Conversation, Report
from framework.agents.scripted import call
from framework.domain.event import WorkLanded
from framework.domain.session import Completed, SessionEnd, Spending
from framework.workspaces.base import Workspace

BOUND = 0.025
CLONES = 20
ROUNDS = 3
NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


async def landing(conversation: Conversation, report: Report) -> SessionEnd:
    return await work(conversation, f"{number_of(conversation)}.txt")


async def nothing(conversation: Conversation, report: Report) -> SessionEnd:
    """Ends at once with a question: the issue is blocked, nothing lands."""
    await call(conversation, "blocked", question="nothing to do")
    return Completed(spending=Spending())


def git_clone_and_commit() -> float:
    """Seconds for `git clone --shared`, one file and one commit, one after another."""
    with tempfile.TemporaryDirectory() as root:
        git("init", "--quiet", "--bare", f"{root}/hub")
        git("clone", "--quiet", f"{root}/hub", f"{root}/first")
        add_and_commit(f"{root}/first")
        git("-C", f"{root}/first", "push", "--quiet", "origin", "HEAD")
        began = time.perf_counter()
        for number in range(CLONES):
            git("clone", "--quiet", "--shared", f"{root}/hub", f"{root}/{number}")
            add_and_commit(f"{root}/{number}")
        return (time.perf_counter() - began) / CLONES


def add_and_commit(directory: str) -> None:
    Path(directory, "file").write_text(directory)
    git("-C", directory, "add", "file")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    git("-C", directory, *who, "commit", "--quiet", "--message", "x")


def git(*words: str) -> None:
    subprocess.run(("git", *words), check=True, capture_output=True)


async def total(count: int, slots: int, lands: bool) -> float:
    """Seconds an issue, with everything."""
    async with world(landing if lands else nothing, slots=slots) as parts:
        add_issues(parts, count)
        seconds, entries = await measured(parts)
    landed = sum(isinstance(one.event, WorkLanded) for one in entries)
    assert landed == (count if lands else 0), f"{landed} landed"
    return seconds / count


async def agents_own(count: int, slots: int) -> float:
    """Seconds an issue for what the agents do themselves, in clones that are there already."""
    async with world(landing, slots=slots) as parts, AsyncExitStack() as stack:
        add_issues(parts, count)
        opened = [parts.workspaces.open(issue, 1) for issue in parts.tracker.list()]
        clones = [await stack.enter_async_context(one) for one in opened]
        began = time.perf_counter()
        await commit_in_each(clones, slots)
        return (time.perf_counter() - began) / count


async def commit_in_each(clones: Sequence[Workspace], at_a_time: int) -> None:
    waiting = iter(clones)

    async def slot() -> None:
        for one in waiting:
            await commit(one.directory, NO_SETTINGS, f"{one.issue}.txt")

    async with anyio.create_task_group() as group:
        for _ in range(at_a_time):
            group.start_soon(slot)


@dataclass(frozen=True, kw_only=True)
class Case:
    """So many issues on so many slots, and what was measured, round by round."""

    count: int
    slots: int
    lands: bool
    totals: list[float] = field(default_factory=list)
    owns: list[float] = field(default_factory=list)

    async def measure(self) -> None:
        self.totals.append(await total(self.count, self.slots, self.lands))
        self.owns.append(await agents_own(self.count, self.slots) if self.lands else 0.0)

    def tell(self, bounds: Bounds, baseline: float) -> None:
        name = (
            f"{self.count} issues, {self.slots} slots, {'landed' if self.lands else 'not landed'}"
        )
        ours = [one - own for one, own in zip(self.totals, self.owns, strict=True)]
        if self.lands:
            tell(f"{name}: total", self.totals)
            tell(f"{name}: the agents' own", self.owns)
            name = f"{name}: ours"
        bound = f"bound {BOUND * 1000:.0f} ms {bounds.told(min(ours) <= BOUND)}"
        tell(name, ours, f"; {min(ours) / baseline:.1f} x baseline; {bound}")


def tell(name: str, figures: Sequence[float], more: str = "") -> None:
    best, usual = min(figures) * 1000, statistics.median(figures) * 1000
    row(name, f"{best:.1f} ms", f"median {usual:.1f} ms{more}")


async def main() -> int:
    bounds = Bounds()
    print(headline("Overhead an issue"))
    sizes = ((50, 50), (100, 10))
    cases = [Case(count=a, slots=b, lands=one) for a, b in sizes for one in (False, True)]
    baselines: list[float] = []
    for _ in range(ROUNDS):
        baselines.append(git_clone_and_commit())
        for case in cases:
            await case.measure()
    tell("git clone --shared + add + commit (baseline)", baselines)
    for case in cases:
        case.tell(bounds, min(baselines))
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(anyio.run(main))
