"""One of several processes that land into the same hub at once: `python -m` it with the root,
the issues' numbers and an epoch. It prints what became of each issue."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from filelock import FileLock

from framework.domain.errors import LeaseLost
from framework.workspaces.base import Workspace
from tests.integration.hubs import NOBODY, House, commit, make_issue


async def main(root: Path, numbers: list[str], epoch: int) -> None:
    house = House(root)
    lock = FileLock(root / "land.lock", thread_local=False)

    @asynccontextmanager
    async def serialise() -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(lambda: lock.acquire(poll_interval=0.005))
        try:
            yield
        finally:
            lock.release()

    lander = house.open_lander(serialise=serialise)
    say("ready")
    await anyio.to_thread.run_sync(input)
    ends: dict[str, str] = {}
    for number in numbers:
        issue = make_issue(number)
        try:
            async with house.workspaces.open(issue, epoch) as workspace:
                ends[number] = await land(house, lander, workspace, number)
        except LeaseLost:
            ends[number] = "LeaseLost"
    say(json.dumps(ends))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def land(house: House, lander: object, workspace: Workspace, number: str) -> str:
    await anyio.to_thread.run_sync(commit, workspace.directory, {f"f{number}": "x\n"})
    landing = await lander.land(workspace, make_issue(number), NOBODY)  # type: ignore[attr-defined]
    return type(landing).__name__


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3]))
