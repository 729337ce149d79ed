"""A run with the real CLI, killed at random moments until it is done."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from framework import box
from tests.theatre import Theatre, planned, script, theatre

from .scale import times

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")

KEYS = [f"k{number}" for number in range(10)]
KILLS = times(10, 500)
LONGEST, LONGER = 2.5, 0.25
"""Runs are killed within as many seconds, and that many more for each kill of the project before:
several lives finish a project, also on a machine that is slow."""


def kill_until_done(stage: Theatre, most: int) -> int:
    """How often a run was killed before one came to its end, or `most`."""
    for kills in range(most):
        runner = stage.start("--concurrent", "3")
        try:
            runner.communicate(
                timeout=random.uniform(0, LONGEST + kills * LONGER)
            )  # the moment of death
        except subprocess.TimeoutExpired:
            runner.kill()
            runner.communicate()
        else:
            return kills
    return most


@pytest.mark.timeout(3600)
def test_random_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """After every kill the next run goes on; in the end each issue is there once, landed once,
    told once, and no process, lease, clone or failure count is left."""
    seed = random.SystemRandom().randrange(10**6)
    random.seed(seed)
    kills = projects = 0
    while kills < KILLS:
        place = tmp_path / str(projects)
        place.mkdir()
        with theatre(place, script([planned(key) for key in KEYS])) as stage:
            kills += kill_until_done(stage, KILLS - kills)
            ran = stage.run("--concurrent", "3")
            assert ran.returncode == 0, f"seed {seed}: {ran.stdout}{ran.stderr}"
            ends_undisturbed(stage)
        projects += 1
    sys.stdout.write(f"{kills} kills over {projects} projects, seed {seed}\n")


def ends_undisturbed(stage: Theatre) -> None:
    board = stage.board()
    rows = [one for one in board["issues"] if one["standing"] != "meta"]
    assert Counter(one["title"] for one in rows) == Counter(f"Write {key}" for key in KEYS)
    assert {one["standing"] for one in rows} == {"closed"}
    landed = Counter(one.partition(": ")[2] for one in stage.landings())
    assert landed == Counter(f"Write {key}" for key in KEYS)
    for key in KEYS:
        assert (stage.project / f"{key}.txt").read_text() == f"{key}.txt\n"
    assert not [one for one in rows if one["failures"]]
    assert not list(stage.state.glob("nightshift/*/*-e*")), "no clone is left"
    assert stage.processes() == []
    assert stage.git("fsck", "--strict", "--no-dangling") == ""
