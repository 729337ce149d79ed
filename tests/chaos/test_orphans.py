"""Whatever way a runner ends, no process of its agents outlives it by more than two seconds."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from framework import box
from tests.theatre import Theatre, planned, script, theatre, wait_for

from .scale import times

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")

MARK = "chaos-orphan"
BUSY = (
    f"(setsid sh -c 'sleep 300; : {MARK}' </dev/null >/dev/null 2>&1 &); touch draft.txt; sleep 300"
)
"""A daemon: in a session of its own, its parent gone at once. And a tool that hangs."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    play = script([planned("a")], a=[{"bash": BUSY}, {"say": "done"}])
    with theatre(tmp_path_factory.mktemp("orphans"), play) as one:
        one.hand_in(play)
        yield one


def daemons() -> list[int]:
    every = psutil.process_iter(["cmdline", "status"])
    return [
        one.pid
        for one in every
        if MARK in str(one.info["cmdline"])
        and "sleep 300; :" in str(one.info["cmdline"][-1:])
        and one.info["status"] != psutil.STATUS_ZOMBIE
    ]


def drafts(stage: Theatre) -> set[Path]:
    return set(stage.state.glob("nightshift/*/*/clone/draft.txt"))


def busy(stage: Theatre) -> subprocess.Popen[str]:
    """A run whose session has started its daemon; a new file is cheaper to look for than that."""
    before = drafts(stage)
    runner = stage.start("--concurrent", "1")
    wait_for(lambda: drafts(stage) - before or runner.poll() is not None, "a session is busy")
    assert runner.poll() is None, runner.communicate()[0]
    wait_for(daemons, "the daemon is there")
    return runner


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("trial", range(times(10, 50)))
def test_no_agent_process_outlives_its_runner(stage: Theatre, how: int, trial: int) -> None:
    """Killed or told to stop: the CLI, its hanging tool and its daemon are gone 2 s later."""
    runner = busy(stage)
    assert stage.processes()
    runner.send_signal(how)
    runner.communicate(timeout=120)
    wait_for(lambda: not (stage.processes() or daemons()), "all are gone", seconds=2)
