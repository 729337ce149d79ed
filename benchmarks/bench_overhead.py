"""What an issue costs beside the agent's own time: claim, clone, journal, landing, close.

No-op issues, each with its own clone on disk, with and without landing. The agent's own file
and commit (two git processes) are measured alone, as the baseline, and are part of our figure.
Bound: 25 ms an issue.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import anyio

from benchmarks.world import Bounds, add_issues, headline, measured, number_of, row, work, world
from framework.agents.base import Conversation, Report
from framework.agents.scripted import call
from framework.domain.event import WorkLanded
from framework.domain.session import Completed, SessionEnd, Spending

BOUND = 0.025
CLONES = 20


async def landing(conversation: Conversation, report: Report) -> SessionEnd:
    return await work(conversation, f"{number_of(conversation)}.txt")


async def nothing(conversation: Conversation, report: Report) -> SessionEnd:
    """Ends at once with a question: the issue is blocked, nothing lands."""
    await call(conversation, "blocked", question="nothing to do")
    return Completed(spending=Spending())


def git_clone_and_commit() -> float:
    """Seconds for `git clone --shared`, one file and one commit, one after another."""
    with tempfile.TemporaryDirectory() as root:
        run("git", "init", "--quiet", "--bare", f"{root}/hub")
        run("git", "clone", "--quiet", f"{root}/hub", f"{root}/first")
        commit(f"{root}/first")
        run("git", "-C", f"{root}/first", "push", "--quiet", "origin", "HEAD")
        began = time.perf_counter()
        for number in range(CLONES):
            run("git", "clone", "--quiet", "--shared", f"{root}/hub", f"{root}/{number}")
            commit(f"{root}/{number}")
        return (time.perf_counter() - began) / CLONES


def commit(directory: str) -> None:
    Path(directory, "file").write_text(directory)
    run("git", "-C", directory, "add", "file")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    run("git", "-C", directory, *who, "commit", "--quiet", "--message", "x")


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


async def figure(count: int, slots: int, lands: bool) -> float:
    async with world(landing if lands else nothing, slots=slots) as parts:
        add_issues(parts, count)
        seconds, entries = await measured(parts)
    landed = sum(isinstance(one.event, WorkLanded) for one in entries)
    assert landed == (count if lands else 0), f"{landed} landed"
    return seconds / count


async def main() -> int:
    bounds = Bounds()
    print(headline("Overhead an issue"))
    baseline = git_clone_and_commit()
    row("git clone --shared + add + commit (baseline)", f"{baseline * 1000:.1f} ms")
    for count, slots in ((50, 50), (100, 10)):
        for lands in (False, True):
            seconds = await figure(count, slots, lands)
            name = f"{count} issues, {slots} slots, {'landed' if lands else 'not landed'}"
            met = bounds.told(seconds <= BOUND)
            told = f"{seconds / baseline:.1f} x baseline; bound {BOUND * 1000:.0f} ms {met}"
            row(name, f"{seconds * 1000:.1f} ms", told)
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(anyio.run(main))
