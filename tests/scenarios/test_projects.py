"""The kinds of project a person may have, and what a run leaves of theirs alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from framework import attach
from tests.theatre import Theatre, planned, script, theatre

PLAY = script([planned("a"), planned("b", depends_on=["a"])])


def git(stage: Theatre, *words: str) -> str:
    who = ("-c", "user.name=P", "-c", "user.email=p@example.invalid")
    return subprocess.run(
        ("git", "-C", str(stage.project), *who, *words),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_an_empty_directory_becomes_a_repository(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        ran = stage.run()
        assert ran.returncode == 0, ran.stdout
        assert git(stage, "branch", "--show-current").strip() == "main"
        assert {one.name for one in stage.project.glob("*.txt")} == {
            "a.txt",
            "b.txt",
            "app_spec.txt",
        }


def test_a_dirty_checkout_is_left_exactly_as_it_is(tmp_path: Path) -> None:
    """Staged, unstaged and untracked work stays; the result waits in a ref, and it is said."""
    with theatre(tmp_path, PLAY) as stage:
        git(stage, "init", "-q", "-b", "trunk")
        (stage.project / "mine.txt").write_text("first\n")
        git(stage, "add", "mine.txt")
        git(stage, "commit", "-qm", "mine")
        (stage.project / "mine.txt").write_text("second\n")
        (stage.project / "staged.txt").write_text("staged\n")
        git(stage, "add", "staged.txt")
        before = git(stage, "status", "--porcelain"), git(stage, "rev-parse", "HEAD")
        ran = stage.run()
        assert ran.returncode == 0, ran.stdout
        assert git(stage, "status", "--porcelain").replace("?? plan.yaml\n", "") == before[0]
        assert git(stage, "rev-parse", "HEAD") == before[1]
        assert "refs/nightshift/trunk" in ran.stdout
        assert "a.txt" in git(stage, "ls-tree", "--name-only", "refs/nightshift/trunk")


def test_commits_made_meanwhile_are_taken_in_and_a_clean_checkout_follows(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        stage.hand_in(PLAY)
        assert stage.run("--iterations", "1", "--concurrent", "1").returncode == 1
        (stage.project / "mine.txt").write_text("mine\n")
        git(stage, "add", "mine.txt")
        git(stage, "commit", "-qm", "mine")
        assert stage.run().returncode == 0
        assert {"a.txt", "b.txt", "mine.txt"} <= {one.name for one in stage.project.glob("*.txt")}
        assert git(stage, "status", "--porcelain", "--untracked-files=no") == ""


def test_a_project_that_is_red_before_anyone_worked_is_said_so(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        stage.hand_in(PLAY)
        ran = stage.run("--check", "false", "--check", "true")
        assert ran.returncode == 0, ran.stdout
        assert "red before anyone worked: false" in ran.stdout


def test_plan_only_stops_and_the_edited_plan_is_what_is_made(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        assert stage.run("--plan-only").returncode == 0
        assert stage.standings() == {}
        path = stage.project / "plan.yaml"
        plan = yaml.safe_load(path.read_text())
        plan["issues"] = plan["issues"][:1]
        path.write_text(yaml.safe_dump(plan))
        assert stage.run().returncode == 0
        assert stage.standings() == {"Write a": "closed"}
        assert path.read_text() == yaml.safe_dump(plan)


def test_a_second_run_makes_nothing_twice_and_nothing_that_was_deleted(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        stage.hand_in(PLAY)
        assert stage.run("--iterations", "1", "--concurrent", "1").returncode == 1
        tracker = attach.open_tracker(stage.project)
        tracker.delete("3")  # type: ignore[attr-defined]
        tracker.close()
        ran = stage.run()
        assert ran.returncode == 0, ran.stdout
        assert stage.standings() == {"Write a": "closed"}


def test_one_slot_is_the_same_engine(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        stage.hand_in(PLAY)
        ran = stage.run("--max-iterations", "1", script="autonomous_agent.py")
        assert ran.returncode == 1
        assert stage.standings() == {"Write a": "closed", "Write b": "ready"}
        assert stage.run(script="autonomous_agent.py").returncode == 0
        assert len(stage.board()["slots"]) == 1


def test_nothing_left_to_do_is_a_success_and_changes_nothing(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        stage.hand_in(PLAY)
        assert stage.run().returncode == 0
        tip = stage.git("rev-parse", "main")
        asked = len(stage.endpoint.log)
        assert stage.run().returncode == 0
        assert stage.git("rev-parse", "main") == tip
        assert len(stage.endpoint.log) == asked


@pytest.mark.parametrize("inside", ["sub"])
def test_a_directory_inside_a_repository_is_not_taken_over(tmp_path: Path, inside: str) -> None:
    """A sub-directory that belongs to somebody's work tree: said, and nothing made."""
    with theatre(tmp_path, PLAY) as stage:
        git(stage, "init", "-q", "-b", "main")
        below = stage.project / inside
        below.mkdir()
        (below / "code.py").touch()
        (below / "app_spec.txt").write_text("x")
        git(stage, "add", f"{inside}/code.py")
        git(stage, "commit", "-qm", "x")
        ran = stage.run("--project-dir", str(below))
        assert ran.returncode != 0
        assert str(stage.project) in ran.stdout + ran.stderr
        assert not (below / ".git").exists()


def test_a_rehearsal_works_on_a_copy_and_never_on_the_persons_repository(tmp_path: Path) -> None:
    with theatre(tmp_path, PLAY) as stage:
        git(stage, "init", "-q", "-b", "main")
        (stage.project / "mine.txt").write_text("mine\n")
        git(stage, "add", "mine.txt")
        git(stage, "commit", "-qm", "mine")
        before = sorted(path for path in stage.project.rglob("*") if path.is_file())
        ran = stage.run("--rehearse", str(tmp_path / "scenario"), "--json")
        assert ran.returncode == 0, ran.stderr
        copy = Path(json.loads(ran.stdout)["run"]["project"])
        assert {"mine.txt", "a.txt", "b.txt"} <= {one.name for one in copy.iterdir()}
        assert sorted(path for path in stage.project.rglob("*") if path.is_file()) == before
        assert not stage.endpoint.log  # it brings its own model
