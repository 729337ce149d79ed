"""Killed around every effect of a pull request: the next run ends as if nothing had been.

`python -m` it with a root, the double's address, who merges and a crash point: it runs there, and
dies at the point.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from framework.domain.issue import State
from framework.effect import arm
from framework.forge.github import GitHub
from framework.pulls.github import GitHubPullRequests
from framework.rehearsal.github.clock import Clock
from framework.rehearsal.github.serve import Double, serve
from framework.rehearsal.github.store import Store
from framework.runner.run import Ending, run
from tests.integration.test_pulls_door import NEEDS_SCHEMA
from tests.integration.test_pulls_run import Place
from tests.integration.test_runner import add, states

pytestmark = [NEEDS_SCHEMA, pytest.mark.anyio]
TOKEN = "ghp_0123456789abcdefghij"
HUMAN = [f"{name}:{when}" for name in ("propose", "branch", "pull") for when in ("before", "after")]
AUTO = ["merge:before", "merge:after", "land:before", "land:after"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def later() -> datetime:
    """Two minutes from now: whoever asks then knows that the forge has no checks."""
    return datetime.now(UTC) + timedelta(minutes=2)


@contextmanager
def github(url: str, clock: Clock | None = None) -> Iterator[GitHub]:
    """With the double's `clock` where it is in this process: no wait takes any time."""
    clock = clock or Clock()
    api = GitHub(url=url, token=TOKEN, clock=clock.now, sleep=clock.sleep)
    try:
        yield api
    finally:
        api.close()


async def work(
    root: Path, url: str, merge: str, *, new: bool = False, clock: Clock | None = None
) -> tuple[Ending, list[State]]:
    """One run; `new` makes the issue first."""
    with github(url, clock) as api:
        place = Place(root, elsewhere=GitHubPullRequests(api, owner="ann", repo="r"))
        async with place.parts(merge=merge) as parts:
            parts = replace(parts, clock=later)
            if new:
                add(parts, "one")
            return await run(parts), states(parts)


@contextmanager
def forge(root: Path) -> Iterator[Double]:
    Place(root)
    store = Store()
    store.add_token(TOKEN, "ann")
    store.add_repo("ann", "r", path=root / "origin.git")
    with serve(store) as double:
        yield double


def _die(root: Path, url: str, merge: str, point: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    words = [sys.executable, "-m", "tests.integration.test_pulls_kills"]
    done = subprocess.run(
        [*words, str(root), url, merge, point],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def _pulls(url: str) -> list[str]:
    with github(url) as api:
        every = api.pages("repos/ann/r/pulls", state="all")
        return [f"{one['head']['ref']} {one['state']}" for one in every]


@pytest.mark.parametrize("point", HUMAN)
async def test_a_kill_on_the_way_to_a_pull_request_leaves_one(point: str, tmp_path: Path) -> None:
    """One branch, one pull request, the issue in review, and no second session for what was
    recorded before the kill."""
    with forge(tmp_path) as double:
        await anyio.to_thread.run_sync(_die, tmp_path, double.url, "human", point)
        ended, now = await work(tmp_path, double.url, "human")
        assert now == [State.NEEDS_REVIEW], ended
        assert ended.why.startswith("1 pull request waits for a person")
        assert _pulls(double.url) == ["nightshift/ab12/1-one open"]


@pytest.mark.parametrize("point", AUTO)
async def test_a_kill_around_a_merge_merges_once(point: str, tmp_path: Path) -> None:
    """Merged once, closed with the proof, told once."""
    with forge(tmp_path) as double:
        await anyio.to_thread.run_sync(_die, tmp_path, double.url, "auto", point)
        ended, now = await work(tmp_path, double.url, "auto")
        assert (now, ended.code) == ([State.CLOSED], 0), ended
        assert _pulls(double.url) == ["nightshift/ab12/1-one closed"]
        place = Place(tmp_path)
        merges = place("log", "--first-parent", "--merges", "--format=%s", "main").splitlines()
        assert len(merges) == 1
        async with place.parts() as parts:
            told = [one for one in parts.tracker.comments("1") if "**Landed**" in one.text]
            assert len(told) == 1


async def test_a_forge_that_is_away_ends_no_run_and_loses_nothing(tmp_path: Path) -> None:
    """Away at the opening: the issue waits, and is put up at the next try without a session."""
    with forge(tmp_path) as double:
        double.faults.add("^query", "500", first=1, times=8)

        async def pass_time() -> None:
            while True:
                double.clock.forward(1)
                await anyio.sleep(0.02)

        async with anyio.create_task_group() as group:
            group.start_soon(pass_time)
            _, now = await work(tmp_path, double.url, "auto", new=True, clock=double.clock)
            group.cancel_scope.cancel()
        assert now == [State.CLOSED]
        assert len(_pulls(double.url)) == 1


async def test_a_repository_that_cannot_be_seen_ends_the_run_with_the_way_out(
    tmp_path: Path,
) -> None:
    """As with a token that has lost its rights: nothing is lost, and the person is told."""
    with forge(tmp_path) as double:
        await work(tmp_path, double.url, "human", new=True)
        repo = double.store.repo("ann", "r")
        assert repo is not None
        repo.name = "elsewhere"
        ended, now = await work(tmp_path, double.url, "human")
        assert now == [State.NEEDS_REVIEW]
        assert ended.code == 1
        assert "let the token read" in ended.why


async def test_an_issue_costs_few_requests(tmp_path: Path) -> None:
    """From the push to the merge by us: the writes are one opening, one end of the draft and one
    merge, whatever the number of looks."""
    with forge(tmp_path) as double:
        await work(tmp_path, double.url, "auto", new=True)
        writes = [one.operation for one in double.log if one.write]
        assert len(writes) == 3, writes


if __name__ == "__main__":
    arm(sys.argv[4])
    anyio.run(lambda: work(Path(sys.argv[1]), sys.argv[2], sys.argv[3], new=True))
