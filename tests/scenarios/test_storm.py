"""The bundled storm: everything that ends unattended runs, in one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from framework.attach import open_journal
from framework.domain.event import (
    AccountParked,
    AttemptEnded,
    AttemptMoved,
    AttemptPaused,
    ConflictFound,
    TrackerBack,
    TrackerLost,
)
from tests.theatre import ROOT

Night = tuple[Path, dict, list]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The project, the board, and the journal of one run that everything happens to."""
    state = tmp_path_factory.mktemp("state")
    ran = subprocess.run(
        [sys.executable, str(ROOT / "parallel_agent.py"), "--rehearse", "storm", "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(state), "XDG_STATE_HOME": str(state)},
        cwd=state,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    board = json.loads(ran.stdout)
    project = Path(board["run"]["project"])
    with closing(open_journal(project)) as journal:
        return project, board, [one.event for one in journal.since()]


def of(night: Night, kind: type) -> list:
    return [one for one in night[2] if isinstance(one, kind)]


def test_everything_landed_once(night: Night) -> None:
    project, board, _ = night
    issues = [one for one in board["issues"] if one["standing"] != "meta"]
    assert Counter(one["standing"] for one in issues) == {"closed": 8}
    log = subprocess.run(
        ("git", "-C", str(project), "log", "--first-parent", "--format=%s", "main"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    landed = [one for one in log.splitlines() if one.startswith("Land issue ")]
    assert len(landed) == len(set(landed)) == 8


def test_both_tokens_met_their_limits_and_each_was_parked_once(night: Night) -> None:
    parked = Counter(one.account for one in of(night, AccountParked))
    assert parked == {"REHEARSAL_1": 1, "REHEARSAL_2": 1}
    assert of(night, AttemptMoved), "a conversation went on with the other token"
    assert any(one.why == "usage limit" for one in of(night, AttemptPaused)), "none was left"


def test_only_the_crash_and_the_hang_count_against_an_issue(night: Night) -> None:
    counted = Counter(one.outcome for one in of(night, AttemptEnded) if one.counted)
    assert counted == {"Failed": 1, "Stalled": 1}


def test_the_tracker_was_away_and_was_told_everything(night: Night) -> None:
    assert len(of(night, TrackerLost)) == len(of(night, TrackerBack)) == 1
    assert of(night, TrackerBack)[0].sent >= 1


def test_the_conflict_was_resolved_by_its_author(night: Night) -> None:
    assert len(of(night, ConflictFound)) == 1
    outcomes = [one.outcome for one in of(night, AttemptEnded)]
    assert "Conflicted" not in outcomes


def test_the_program_that_was_built_works(night: Night) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "lamp", "show", "SOS at 9"],
        cwd=night[0],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "... --- ... / .- - / ----.\n"
