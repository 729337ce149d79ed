"""The rigs of this folder, as long as CI has time for; `make soak` runs them longer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .scale import times
from .verdict import complaints
from .world import World

ROOT = Path(__file__).parents[2]


def rig(name: str, root: Path, *words: object, under: tuple[str, ...] = ()) -> dict[str, Any]:
    """What `python -m tests.chaos.<name> ROOT …` says, and prints for whoever reads the log."""
    ran = subprocess.run(
        [*under, sys.executable, "-m", f"tests.chaos.{name}", str(root), *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    sys.stdout.write(f"{name}: {ran.stdout}")
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
    return {**told, "stderr": ran.stderr}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("leases", "usual"), [("file", 120), ("sqlite", 60)])
def test_every_issue_lands_once_in_chaos(tmp_path: Path, leases: str, usual: int) -> None:
    """8 workers, one killed or stopped beyond its lease every 150 ms: each issue lands once, and
    nothing is lost, told twice, held, counted or left over."""
    options = {"--issues": times(usual, 400), "--seconds": times(usual // 3, 1800)}
    words = [word for option in options.items() for word in option]
    told = rig("rig", tmp_path, *words, "--ttl", 1, "--leases", leases)
    assert told["complaints"] == []
    assert [name for name in told if name.startswith("ended with")] == ["ended with 0"]
    assert told["kills"] + told["pauses"] >= 50


@pytest.mark.timeout(3600)
def test_a_runner_stopped_beyond_its_lease_lands_nothing_twice(tmp_path: Path) -> None:
    """Before its landing and inside it: another takes over and lands, and the woken one is late."""
    trials = times(10, 100)
    taken = 0
    for round in range(trials // 10):
        place = tmp_path / str(round)
        place.mkdir()
        told = rig("stopped", place, "--trials", 10)
        taken += told["taken_over_before"] + told["taken_over_inside"]
    assert taken > trials


@pytest.mark.timeout(600)
def test_issues_of_a_plan_are_made_once_whatever_dies(tmp_path: Path) -> None:
    """20 plans of 30 issues, 4 kills each: none is there twice, and none is missing."""
    told = rig("planned", tmp_path, "--trials", 20, "--kills", 4)
    assert (told["doubled"], told["missing"], told["strange"]) == (0, 0, 0)
    assert told["in time"] >= 10


def test_a_disk_that_fills_ends_the_run_in_words_and_loses_nothing(tmp_path: Path) -> None:
    """On 12 MB that an agent fills: no traceback, and with room again all is finished."""
    small = ("bwrap", "--die-with-parent", "--dev-bind", "/", "/", "--size", "12000000", "--tmpfs")
    told = rig("full", tmp_path, under=(*small, str(tmp_path)))
    assert told["complaints"] == []
    assert "Traceback" not in told["stderr"]
    assert "has room" in told["stderr"]


@pytest.mark.parametrize("offset", ["+300s", "-300s"])
@pytest.mark.parametrize("ttl", [1800, 60])
def test_two_runners_whose_clocks_differ_land_everything_once(
    tmp_path: Path, offset: str, ttl: int
) -> None:
    """By less than a lease and by more; five minutes ahead or behind."""
    world = World(root=tmp_path, ttl=ttl)
    world.make(20)
    start = [sys.executable, "-m", "tests.chaos.worker", str(tmp_path), str(ttl)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": ROOT}
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(world.project)], check=True)
    runners = [
        subprocess.Popen(one, **pipes) for one in (start, ["faketime", "-f", offset, *start])
    ]
    said = [one.communicate()[0] for one in runners]
    assert [one.returncode for one in runners] == [0, 0], said
    assert complaints(world, 20) == []
