"""Interrupts and deaths of the runner: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from framework import box
from tests.theatre import Theatre, planned, script, theatre, turns, wait_for

pytestmark = pytest.mark.skipif(not box.is_available(), reason="bubblewrap is not installed")

KEYS = ("a", "b", "c", "d")
BUSY = "echo unsaved > draft.txt; setsid sleep 300 & sleep 300"


def three_busy_sessions() -> dict[str, Any]:
    """a, b and c leave an uncommitted draft and then hang in a tool at their first attempt."""
    busy = [{"bash": BUSY}]
    both = {
        key: {"attempts": [{"turns": busy}, {"turns": turns(f"{key}.txt")}]} for key in KEYS[:3]
    }
    issues = [*(planned(key) for key in KEYS[:3]), planned("d", depends_on=KEYS[:3])]
    return script(issues, **both)


def drafts(stage: Theatre) -> int:
    return len(list(stage.state.glob("nightshift/*/*/clone/draft.txt")))


def start_until_busy(stage: Theatre) -> subprocess.Popen[str]:
    runner = stage.start()
    wait_for(lambda: drafts(stage) == 3 or runner.poll() is not None, "three busy sessions")
    assert runner.poll() is None, runner.communicate()[0]
    return runner


def assert_all_landed_once(stage: Theatre) -> None:
    assert set(stage.standings().values()) == {"closed"}
    assert Counter(stage.landings()) == {
        f"Land issue {number}: Write {key}": 1 for number, key in enumerate(KEYS, start=2)
    }


def test_kill_9_in_the_middle_of_three_sessions(tmp_path: Path) -> None:
    """No agent process is left, the drafts are rescued, the rerun waits for no TTL, nothing is
    lost or doubled."""
    with theatre(tmp_path, play := three_busy_sessions()) as stage:
        stage.hand_in(play)
        runner = start_until_busy(stage)
        assert stage.processes()
        runner.kill()
        runner.communicate()
        wait_for(lambda: not stage.processes(), "the agents end with their runner", seconds=2)
        assert stage.board()["run"]["state"] == "dead"

        again = stage.run()
        assert again.returncode == 0, again.stdout + again.stderr
        assert_all_landed_once(stage)
        rescued = stage.git("for-each-ref", "--format=%(refname)", "refs/rescue").splitlines()
        kept = [stage.git("show", f"{ref}:draft.txt") for ref in rescued]
        assert kept == ["unsaved"] * 3
        assert drafts(stage) == 0
        records = (stage.project / ".nightshift" / "leases").glob("*.json")
        assert not [one for one in records if json.loads(one.read_text()).get("failures")]


def test_ctrl_c_keeps_all_work_and_says_how_to_go_on(tmp_path: Path) -> None:
    """Nothing new starts, leases are given back, work is rescued, the exit status is 130."""
    with theatre(tmp_path, play := three_busy_sessions()) as stage:
        stage.hand_in(play)
        runner = start_until_busy(stage)
        runner.send_signal(signal.SIGINT)
        output, _ = runner.communicate(timeout=120)
        assert runner.returncode == 130, output
        assert "run the same command again" in output
        assert not stage.processes()
        assert drafts(stage) == 0
        assert len(stage.git("for-each-ref", "refs/rescue").splitlines()) == 3
        assert stage.board()["run"]["state"] == "finished"
        assert set(stage.standings().values()) <= {"ready", "waiting"}

        again = stage.run()
        assert again.returncode == 0, again.stdout + again.stderr
        assert_all_landed_once(stage)


def test_two_interrupts_stop_at_once_and_lose_nothing(tmp_path: Path) -> None:
    with theatre(tmp_path, play := three_busy_sessions()) as stage:
        stage.hand_in(play)
        runner = start_until_busy(stage)
        runner.send_signal(signal.SIGINT)
        runner.send_signal(signal.SIGTERM)
        runner.communicate(timeout=60)
        assert runner.returncode == 130
        wait_for(lambda: not stage.processes(), "the agents end with their runner", seconds=2)
        assert stage.run().returncode == 0
        assert_all_landed_once(stage)
        assert len(stage.git("for-each-ref", "refs/rescue").splitlines()) == 3


def test_a_runner_killed_while_planning_plans_again_and_creates_once(tmp_path: Path) -> None:
    """No plan was accepted, so there is none; the second run makes the one and only."""
    play = script([planned("a")])
    play["sessions"][0] = {
        "planning": True,
        "attempts": [
            {"turns": [{"say": "thinking", "delay": 60}]},
            {"turns": [{"submit_plan": {}}, {"say": "done"}]},
        ],
    }
    with theatre(tmp_path, play) as stage:
        runner = stage.start()
        wait_for(lambda: stage.endpoint.log, "the planning session asks")
        runner.kill()
        runner.communicate()
        assert not (stage.project / "plan.yaml").exists()
        assert stage.run().returncode == 0
        assert stage.standings() == {"Write a": "closed"}


def test_two_runners_share_the_work_and_never_an_issue(tmp_path: Path) -> None:
    """Started at once on one project: every issue lands once, and both end well."""
    keys = [f"k{number}" for number in range(6)]
    with theatre(tmp_path, play := script([planned(key) for key in keys])) as stage:
        stage.hand_in(play)
        runners = [stage.start("--concurrent", "2") for _ in range(2)]
        ended = [runner.communicate(timeout=280)[0] for runner in runners]
        assert [runner.returncode for runner in runners] == [0, 0], ended
        assert sorted(Counter(stage.landings()).values()) == [1] * len(keys)
