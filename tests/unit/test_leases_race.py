"""Real processes race for real files."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.lease_race import STORES

ROOT = Path(__file__).parents[2]
KEYS = 400
"""So many that the first process does not come through before the last has begun."""


def race(directory: Path, store: str, processes: int) -> list[list[str]]:
    """What each of the processes was granted, after starting at the same moment."""
    command = [sys.executable, "-m", "tests.unit.lease_race", str(directory), store, str(KEYS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with ExitStack() as stack:
        racers = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(processes)]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        answers = [racer.communicate()[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * processes
    return [json.loads(answer) for answer in answers]


def assert_each_key_went_once(grants: list[list[str]]) -> None:
    granted = sorted((key for got in grants for key in got), key=int)
    assert granted == [str(key) for key in range(KEYS)]


@pytest.mark.parametrize("store", ["FileLeases", "SqliteLeases"])
@pytest.mark.parametrize("processes", [2, 8])
def test_every_key_goes_to_exactly_one_process(tmp_path: Path, store: str, processes: int) -> None:
    """No key is granted twice, none is left, and every epoch is another one, although all of
    them make the store at the same moment."""
    assert_each_key_went_once(race(tmp_path, store, processes))
    records = STORES[store](tmp_path).records()
    assert {record.epoch for record in records.values()} == set(range(1, KEYS + 1))


@pytest.mark.parametrize("bug", ["Unlocked", "Undivided"])
def test_the_race_catches_a_store_without_lock(tmp_path: Path, bug: str) -> None:
    """The same check fails on the planted bug, so it would notice it in the real store."""
    grants = race(tmp_path, bug, 8)
    with pytest.raises(AssertionError):
        assert_each_key_went_once(grants)
