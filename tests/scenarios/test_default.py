"""The bundled rehearsal, as `make rehearse` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from framework import attach, box
from framework.domain.query import Query
from tests.theatre import ROOT

ISSUE = (sys.executable, "-c", "from framework.cli.issue import main; raise SystemExit(main())")


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, str]:
    state = tmp_path_factory.mktemp("state")
    ran = subprocess.run(
        [sys.executable, str(ROOT / "parallel_agent.py"), "--rehearse", "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(state), "XDG_STATE_HOME": str(state)},
        cwd=state,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    board = json.loads(ran.stdout)
    return Path(board["run"]["project"]), board, ran.stderr


def git(project: Path, *words: str) -> str:
    return subprocess.run(
        ("git", "-C", str(project), *words), capture_output=True, text=True, check=True
    ).stdout


def test_every_issue_is_closed_with_a_proof_marked_rehearsed(
    rehearsed: tuple[Path, dict, str],
) -> None:
    project, board, _ = rehearsed
    issues = [one for one in board["issues"] if one["standing"] != "meta"]
    assert len(issues) >= 10
    assert {one["standing"] for one in issues} == {"closed"}
    for one in issues:
        shown = subprocess.run(
            [*ISSUE, "show", one["id"], "--comments", "--project-dir", str(project)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "(rehearsed)" in shown
        assert one["commit"] in shown


def test_one_landing_an_issue_with_its_trailers_in_the_persons_checkout(
    rehearsed: tuple[Path, dict, str],
) -> None:
    project, board, _ = rehearsed
    trailers = "%(trailers:key=Issue,valueonly)%(trailers:key=Attempt,valueonly)"
    log = git(project, "log", "--first-parent", f"--format=%s|{trailers}|", "main")
    landings = [one.split("|")[1].split() for one in log.split("|\n") if one.startswith("Land ")]
    numbers = sorted(int(issue.rpartition("/")[2].partition("#")[0]) for issue, _ in landings)
    issues = [int(one["id"]) for one in board["issues"] if one["standing"] != "meta"]
    assert numbers == sorted(issues)
    assert git(project, "status", "--porcelain", "--untracked-files=no") == ""


def test_the_program_that_was_built_works(rehearsed: tuple[Path, dict, str]) -> None:
    """The tests it came with pass in the person's checkout."""
    project, _, _ = rehearsed
    ran = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "-q", "-s", "tests", "-t", "."],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_it_shows_a_conflict_a_rejection_a_limit_and_a_death(
    rehearsed: tuple[Path, dict, str],
) -> None:
    _, board, news = rehearsed
    outcomes = [one["outcome"] for one in board["attempts"]]
    assert outcomes.count("Rejected") == 1
    assert outcomes.count("Failed") == 1
    assert "conflicts in" in news
    assert "usage limit" in news
    assert "goes on" in news
    assert board["run"]["boxed"] is box.is_available()


def test_the_plan_was_given_back_once(rehearsed: tuple[Path, dict, str]) -> None:
    assert "plan given back, 1 problem" in rehearsed[2]


def test_the_meta_issue_tells_the_progress_of_the_whole_and_is_closed(
    rehearsed: tuple[Path, dict, str],
) -> None:
    project, board, _ = rehearsed
    tracker = attach.open_tracker(project)
    (meta,) = tracker.list(Query(labels=frozenset({"meta"})))
    tracker.close()
    count = len(board["issues"]) - 1
    assert f"**{count} of {count} closed**" in meta.body
    assert meta.is_closed
