"""What an issue costs beside the agent's own time: claim, clone, journal, landing, close.

No-op issues, each with its own clone on disk, with and without landing. Where something lands,
three figures: the *total* from the first attempt's start to the last one's end, divided by the
issues; *the agents' own*, which is the same number of the same files and commits (two git
processes each) by as many at a time and nothing else, in clones made before, by the same clock;
and *ours*, the one less the other. The clones of the second run are empty where those of the
first hold what has landed, so that rather too little is subtracted. Where nothing lands the agent
does nothing, and all is ours. Each figure is the median of three runs.
Bound: 25 ms an issue for ours. A clone and a commit without any of this are the baseline.

Not promised: figures that repeat on a busy machine. On ext4 without a journal, whatever was
deleted in the last minutes makes each new file dearer, for us and for the baseline.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
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


async def median(figure: Callable[[], Awaitable[float]]) -> float:
    return statistics.median([await figure() for _ in range(ROUNDS)])


def tell(name: str, seconds: float, more: str = "") -> None:
    row(name, f"{seconds * 1000:.1f} ms", more)


async def compare(bounds: Bounds, baseline: float, count: int, slots: int, lands: bool) -> None:
    name = f"{count} issues, {slots} slots, {'landed' if lands else 'not landed'}"
    whole = await median(lambda: total(count, slots, lands))
    own = await median(lambda: agents_own(count, slots)) if lands else 0.0
    if lands:
        tell(f"{name}: total", whole, f"{whole / baseline:.1f} x baseline")
        tell(f"{name}: the agents' own", own)
        name = f"{name}: ours"
    met = bounds.told(whole - own <= BOUND)
    told = f"{(whole - own) / baseline:.1f} x baseline; bound {BOUND * 1000:.0f} ms {met}"
    tell(name, whole - own, told)


async def main() -> int:
    bounds = Bounds()
    print(headline("Overhead an issue"))
    baseline = git_clone_and_commit()
    tell("git clone --shared + add + commit (baseline)", baseline)
    for count, slots in ((50, 50), (100, 10)):
        for lands in (False, True):
            await compare(bounds, baseline, count, slots, lands)
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(anyio.run(main))
