"""A throwaway project with a scripted agent: what the benchmarks run in."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import anyio
from anyio import to_thread

from framework import bootstrap
from framework.agents.base import Conversation
from framework.agents.scripted import Play, ScriptedAgent, call
from framework.config import settings as config
from framework.domain.brief import Brief, render
from framework.domain.event import AttemptEnded, AttemptStarted, Entry
from framework.domain.issue import Draft
from framework.domain.session import Completed, SessionEnd, Spending
from framework.runner.parts import Parts
from framework.runner.run import run


@asynccontextmanager
async def world(play: Play, *, slots: int) -> AsyncIterator[Parts]:
    """The real stores, hub, clones and landing on disk; no box, no checks, no model."""
    with tempfile.TemporaryDirectory(prefix="ns-") as root:
        project = Path(root, "project")
        await anyio.Path(project).mkdir()
        settings = config.load(
            project=project,
            slots=slots,
            boxed=False,
            checks=(),
            variables={"XDG_STATE_HOME": str(Path(root, "state")), "PATH": os.environ["PATH"]},
        )
        async with bootstrap.open_parts(settings, agent=ScriptedAgent(play)) as parts:
            yield parts


async def work(conversation: Conversation, name: str, *, text: str = "") -> SessionEnd:
    """What the cheapest agent does: one file written, one commit, `finished`."""
    await commit(conversation.directory, conversation.environment, name, text=text)
    await call(conversation, "finished", summary="done", evidence="none")
    return Completed(spending=Spending(turns=1))


def number_of(conversation: Conversation) -> int:
    """The issue's number, from the first line of the prompt."""
    return int(conversation.prompt.partition(":")[0].rpartition(" ")[2])


async def commit(
    directory: Path, environment: Mapping[str, str], name: str, *, text: str = ""
) -> None:
    """The agent's own work: a file with a text, else its name, and two git processes."""
    await to_thread.run_sync(_commit, directory, environment, name, text)


def _commit(directory: Path, environment: Mapping[str, str], name: str, text: str) -> None:
    (directory / name).write_text(text or name)
    environment = {"PATH": os.environ["PATH"], **environment}
    for words in (("add", name), ("commit", "--quiet", "--message", name)):
        subprocess.run(("git", *words), cwd=directory, env=environment, check=True)


def add_issues(parts: Parts, count: int, chain: Sequence[int] = ()) -> None:
    """Issues 1..count; those in `chain` depend each on the one before it in `chain`."""
    before: dict[int, int] = dict(zip(chain[1:], chain, strict=False))
    for number in range(1, count + 1):
        parts.tracker.create(
            Draft(
                title=f"Issue {number}",
                body=render(Brief(description=f"Number {number}.")),
                depends_on=(str(before[number]),) if number in before else (),
                key=f"bench/{number}",
            )
        )


async def measured(parts: Parts) -> tuple[float, list[Entry]]:
    """Seconds from the first attempt's start to the last attempt's end, and the journal."""
    await run(parts)
    entries = list(parts.journal.since())
    starts = [one.at for one in entries if isinstance(one.event, AttemptStarted)]
    ends = [one.at for one in entries if isinstance(one.event, AttemptEnded)]
    return (max(ends) - min(starts)).total_seconds(), entries


def headline(what: str) -> str:
    cpus = os.cpu_count()
    return (
        f"\n{what} — {date.today().isoformat()}, {cpus} CPUs, "  # noqa: DTZ011 - a label
        f"Python {platform.python_version()}, {platform.system()}, {where()}"
    )


def row(name: str, figure: str, bound: str = "") -> None:
    print(f"  {name:<48} {figure:>12}   {bound}")


class Bounds:
    """Which bounds were met. `verdict` is the process's exit status."""

    def __init__(self) -> None:
        self.missed = 0

    def told(self, met: bool) -> str:
        self.missed += not met
        return "met" if met else "MISSED"

    @property
    def verdict(self) -> int:
        return int(self.missed > 0)


def where() -> str:
    """The file system that the throwaway projects are on; it decides much of an issue's cost."""
    place = tempfile.gettempdir()
    ran = subprocess.run(
        ("stat", "--file-system", "--format=%T", place), capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or "unknown"
