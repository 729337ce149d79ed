"""Writers are killed in the middle of their writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def damaged_after_kills(directory: Path, store: str, kills: int) -> int:
    command = [sys.executable, "-m", "tests.unit.lease_kill", str(directory), store, str(kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("store", ["FileLeases", "SqliteLeases"])
def test_no_kill_damages_a_record(tmp_path: Path, store: str) -> None:
    """After each of 50 kills the record is whole, has its failures, and no epoch above the mark;
    and a lock or a transaction that a killed process left stops nobody."""
    assert damaged_after_kills(tmp_path, store, 50) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("bug", ["TornWrites", "MarksLate"])
def test_the_kills_catch_a_store_that_writes_in_two_steps(tmp_path: Path, bug: str) -> None:
    """The same kills damage what the planted bugs write, so they do hit the writing."""
    assert damaged_after_kills(tmp_path, bug, 50) > 0
