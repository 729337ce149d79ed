"""`--rehearse --tracker github`: from a specification to a board whose cards are all in Done."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from framework.rehearsal.github.schema import COMMAND, installed, place
from tests.theatre import ROOT

CACHE = place(os.environ)
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not installed(CACHE),
        reason=f"GitHub's schema is not here: make github-schema, or {COMMAND}",
    ),
]


def rehearse(
    home: Path, *words: str, cache: Path = CACHE, as_json: bool = True
) -> subprocess.CompletedProcess[str]:
    words = (*words, "--json") if as_json else words
    return subprocess.run(
        [sys.executable, str(ROOT / "parallel_agent.py"), "--rehearse", *words],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_STATE_HOME": str(home),
            "XDG_CACHE_HOME": str(cache.parents[1]),
        },
        cwd=home,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_all_issues_end_in_done_for_five_requests_each(tmp_path: Path) -> None:
    """Planned, landed, pushed, closed with the proof, told as a card; and what that cost: the looks
    for news, of which a slower machine makes more, are in the bound of test_github_budget."""
    ran = rehearse(tmp_path, "--tracker", "github")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    board = json.loads(ran.stdout)
    work = [one for one in board["issues"] if one["standing"] != "meta"]
    assert {one["standing"] for one in work} == {"closed"}
    assert f"The board's cards: {len(work) + 1} Done." in ran.stderr
    found = re.search(r"(\d+) times for the work, .* of (\d+) issues. (\d+) were look", ran.stderr)
    assert found is not None, ran.stderr
    asked, issues, looks = map(int, found.groups())
    assert issues == len(work) == 12
    assert 0 < looks < asked
    assert (asked - looks) / issues <= 5
    origin = Path(board["run"]["project"]).parent / "github.git"
    heads = [
        subprocess.run(
            ("git", "-C", str(where), "rev-parse", "main"), capture_output=True, check=True
        ).stdout
        for where in (origin, board["run"]["project"])
    ]
    assert heads[0] == heads[1], "every landing was pushed"


def test_work_lands_by_pull_requests(tmp_path: Path) -> None:
    """Opened as drafts, checked by the forge's CI, merged without a person."""
    words = ("remedies", "--tracker", "github", "--land", "pr", "--merge", "auto")
    ran = rehearse(tmp_path, *words)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    board = json.loads(ran.stdout)
    work = [one for one in board["issues"] if one["standing"] != "meta"]
    assert [one["outcomes"][-1] for one in work] == ["PullRequested"] * len(work) != []
    assert {one["standing"] for one in work} == {"closed"}


def test_what_the_summary_says_to_look_at_is_there_afterwards(tmp_path: Path) -> None:
    """That GitHub ends with the rehearsal: no command is named that would ask it."""
    ran = rehearse(tmp_path, "remedies", "--tracker", "github", "--plan-only", as_json=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    _, _, below = ran.stdout.partition("\nWhere to look\n")
    rows = dict(line.split(maxsplit=1) for line in below.splitlines() if line.startswith("  "))
    assert list(rows) == ["project", "commits", "logs", "issues"]
    assert "gone" in rows["issues"]
    assert Path(rows["project"]).is_dir()
    assert Path(rows["logs"]).is_dir()
    shown = subprocess.run(shlex.split(rows["commits"]), capture_output=True, text=True, check=True)
    assert "Start of remedies" in shown.stdout


def test_without_the_schema_the_one_command_is_named(tmp_path: Path) -> None:
    """Before anything is done; it is the command that installs it."""
    ran = rehearse(tmp_path, "--tracker", "github", cache=tmp_path / "none" / "at" / "all")
    assert ran.returncode == 2
    assert COMMAND in json.loads(ran.stderr)["next"] + json.loads(ran.stderr)["what"]
