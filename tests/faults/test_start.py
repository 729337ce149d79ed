"""What is wrong before a run is said in one line, and nothing is made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def start(
    where: Path, *words: str, script: str = "parallel_agent.py", **environment: str
) -> subprocess.CompletedProcess[str]:
    usual = {"PATH": os.environ["PATH"], "HOME": str(where), "XDG_STATE_HOME": str(where / "s")}
    return subprocess.run(
        [sys.executable, str(ROOT / script), *words],
        cwd=where,
        env={**usual, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("script", ["parallel_agent.py", "autonomous_agent.py"])
def test_no_token_says_what_to_set_and_offers_the_rehearsal(tmp_path: Path, script: str) -> None:
    ran = start(tmp_path, "--project-name", "tally", script=script)
    assert ran.returncode == 2
    assert "CLAUDE_CODE_OAUTH_TOKEN" in ran.stderr
    assert "--rehearse" in ran.stderr
    assert "Traceback" not in ran.stderr


def programs(where: Path, *, git: str | None = None) -> str:
    """A PATH with no git on it, or with one of our making."""
    folder = where / "bin"
    folder.mkdir()
    if git is not None:
        (folder / "git").write_text(f"#!/bin/sh\necho '{git}'\n")
        (folder / "git").chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("git", "said"), [(None, "git is not installed"), ("git version 2.37.9", "2.38 or later")]
)
def test_git_that_is_missing_or_too_old(tmp_path: Path, git: str | None, said: str) -> None:
    path = programs(tmp_path, git=git)
    ran = start(tmp_path, "--rehearse", "--no-box", PATH=path)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_real_run_without_a_box_asks_for_the_package_or_the_option(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("bubblewrap is for Linux")
    folder = Path(programs(tmp_path))
    for name in ("git", "env"):
        found = subprocess.run(["which", name], capture_output=True, text=True, check=True)
        (folder / name).symlink_to(found.stdout.strip())
    ran = start(tmp_path, "--project-name", "tally", PATH=str(folder), CLAUDE_CODE_OAUTH_TOKEN="x")
    assert ran.returncode == 2
    assert "bubblewrap" in ran.stderr
    assert "--no-box" in ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--concurent", "3"), "--concurrent"),
        (("--concurrent", "0"), "at least 1"),
        (("--concurrent", "many"), "many"),
        (("--concurrent", "99999999999"), "at most"),
        (("--check", " "), "is empty"),
        (("--project-name", "tallly"), "tally"),
        (("--rehearse", "defualt"), "default"),
    ],
)
def test_a_typo_names_what_was_meant(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ran = start(tmp_path, *words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "generations").exists()


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "is empty"), (b"\xff\x00", "not UTF-8"), (b"x" * 10**6, "at most")]
)
def test_a_spec_that_cannot_be_planned_from(tmp_path: Path, content: bytes, said: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "app_spec.txt").write_bytes(content)
    ran = start(tmp_path, "--project-dir", "project", "--no-box", CLAUDE_CODE_OAUTH_TOKEN="x")
    assert ran.returncode == 2
    assert said in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--merge", "auto"), "add --land pr"),
        (("--rehearse", "--land", "pr"), "add --tracker github"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """With the one that is missing."""
    ran = start(tmp_path, *words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_shows_examples(tmp_path: Path) -> None:
    for script in ("parallel_agent.py", "autonomous_agent.py", "monitor.py"):
        ran = start(tmp_path, "--help", script=script)
        assert ran.returncode == 0
        assert "example" in ran.stdout.lower()


def test_an_unsound_plan_file_is_named_and_left_alone(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "plan.yaml").write_text("{}")
    ran = start(tmp_path, "--project-dir", "project", "--no-box", CLAUDE_CODE_OAUTH_TOKEN="x")
    assert ran.returncode == 1
    assert "plan.yaml is not a sound plan" in ran.stdout + ran.stderr
    assert (project / "plan.yaml").read_text() == "{}"


def test_no_network_at_the_start_is_said(tmp_path: Path) -> None:
    """A closed port stands for the service."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "app_spec.txt").write_text("Build it.")
    ran = start(
        tmp_path,
        *("--project-dir", "project", "--no-box"),
        CLAUDE_CODE_OAUTH_TOKEN="x",
        ANTHROPIC_BASE_URL="http://127.0.0.1:9",
    )
    assert ran.returncode == 1
    assert "The model cannot be reached" in ran.stdout
    assert "Traceback" not in ran.stderr
