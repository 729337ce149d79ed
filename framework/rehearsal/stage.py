"""Where a rehearsal plays: a throwaway project that nobody owns."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ..domain.errors import GitFailed
from ..prose import SPEC_FILE
from .scenario import Scenario

_KEPT = 10
_YOUNG_SECONDS = 24 * 3600


def set_up(scenario: Scenario, stages: Path, original: Path | None = None) -> Path:
    """A new project under `stages`, holding the scenario's specification and first commit.

    With `original`, a repository, the stage is a clone of it instead, without its remotes; the
    original is only read. Old stages are cleared away, young ones and the last ten never.
    """
    stages.mkdir(parents=True, exist_ok=True)
    _clear(stages)
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    project = stages / f"{stamp}-{uuid.uuid4().hex[:4]}" / scenario.name
    project.parent.mkdir()
    if original is not None and (original / ".git").exists():
        run_git("clone", "--quiet", "--no-hardlinks", str(original), str(project))
        run_git("-C", str(project), "remote", "remove", "origin")
    else:
        project.mkdir()
        _first_commit(scenario, project)
    (project / SPEC_FILE).write_text(scenario.spec, "utf-8")
    return project


def _first_commit(scenario: Scenario, project: Path) -> None:
    if not scenario.project:
        return
    for path, text in scenario.project.items():
        target = project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    here = ("-C", str(project))
    run_git(*here, "init", "--quiet", "--initial-branch", "main")
    run_git(*here, "add", "--", *scenario.project)
    run_git(*here, "commit", "--quiet", "--message", f"Start of {scenario.name}")


def run_git(*words: str) -> None:
    """Git as the rehearsal's own author, with nobody's configuration."""
    command: Sequence[str] = ("git", *words)
    who = {"NAME": "Rehearsal", "EMAIL": "rehearsal@nightshift.invalid"}
    environment = {
        "PATH": os.defpath,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_AUTHOR_{name}": value for name, value in who.items()},
        **{f"GIT_COMMITTER_{name}": value for name, value in who.items()},
    }
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise GitFailed(f"{' '.join(command)} failed: {ran.stderr.strip()}")


def _clear(stages: Path) -> None:
    old = sorted((path for path in stages.iterdir() if path.is_dir()), reverse=True)[_KEPT:]
    for path in old:
        if time.time() - path.stat().st_mtime > _YOUNG_SECONDS:
            shutil.rmtree(path)
