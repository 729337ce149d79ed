"""A person's project, its hub, workspaces and lander, with real git, for tests."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from framework.box import Box, Bubblewrap, Unboxed, is_available, programs
from framework.domain.brief import Brief, render
from framework.domain.identifier import slug
from framework.domain.issue import Issue
from framework.workspaces.base import Rescue, Siblings, Workspace
from framework.workspaces.clone import CloneWorkspaces
from framework.workspaces.hub import Hub
from framework.workspaces.landing import HubLander

BOXES = ("bubblewrap", "none")
NOBODY: Siblings = list
"""There are no other issues."""

NO_BOX = "bubblewrap is not installed here; CI has it"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}
_ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
    **_WHO,
}


def git(directory: Path, *arguments: str, fails: bool = False) -> str:
    """A person's or an agent's git, whose failure (or success) is a failure of the test."""
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=_ENV, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == fails, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout.strip() if not fails else done.stderr


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(directory: Path, files: Mapping[str, str], message: str = "work") -> str:
    """Write, add and commit these files; the new commit."""
    write(directory, files)
    git(directory, "add", "--all", "--force", "--", *files)
    git(directory, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(directory, "rev-parse", "HEAD")


def make_box(name: str, root: Path) -> Box:
    here = programs(os.environ["PATH"])
    return Bubblewrap(root / "accounts", here) if name == "bubblewrap" else Unboxed(here)


def available_boxes() -> tuple[str, ...]:
    return BOXES if is_available() else ("none",)


@cache
def _prepared(files: tuple[tuple[str, str], ...]) -> Path:
    """A project with one commit and its hub, to be copied: making it takes many processes."""
    project = Path(tempfile.mkdtemp(prefix="prepared-")) / "project"
    atexit.register(shutil.rmtree, project.parent)
    project.mkdir()
    git(project, "init", "--quiet", "-b", "main")
    commit(project, dict(files), "first")
    Hub(project=project, path=project / ".nightshift" / "hub.git", target=None)
    return project


@dataclass
class House:
    """Everything under `root`; `project` is made by the hub unless it is there already, or gets
    one commit with the files of `start`."""

    root: Path
    box_name: str = "none"
    target: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    start: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        self.project = self.root / "project"
        if not self.project.exists() and self.start is not None:
            shutil.copytree(_prepared(tuple(self.start.items())), self.project, symlinks=True)
        self.state = self.root / "state"
        self.logs = self.root / "logs"
        self.box = make_box(self.box_name, self.root)
        self.rescues: list[Rescue] = []
        self.hub = self.open_hub()
        self.workspaces = self.open_workspaces()
        self.lander = self.open_lander(**self.options)

    def open_hub(self) -> Hub:
        path = self.project / ".nightshift" / "hub.git"
        return Hub(project=self.project, path=path, target=self.target)

    def open_workspaces(self) -> CloneWorkspaces:
        return CloneWorkspaces(
            hub=self.hub, root=self.state, box=self.box, on_rescue=self.rescues.append
        )

    def open_lander(self, **options: Any) -> HubLander:
        return HubLander(
            hub=self.hub,
            project=self.project,
            root=self.state,
            logs=self.logs,
            box=self.box,
            **options,
        )

    def in_hub(self, *arguments: str) -> str:
        return git(self.root, "--git-dir", str(self.hub.path), *arguments)

    def text(self, commit: str, path: str) -> str:
        return self.in_hub("show", f"{commit}:{path}")

    def files(self, commit: str) -> list[str]:
        return self.in_hub("ls-tree", "-r", "--name-only", commit).split("\n")

    async def land(self, number: str, files: Mapping[str, str], **changes: Any) -> Any:
        """Open a workspace at the next epoch, commit the files, and land."""
        issue = make_issue(number, **changes)
        async with self.workspaces.open(issue, self.hub.epoch(number) + 1) as workspace:
            commit(workspace.directory, files)
            return await self.lander.land(workspace, issue, NOBODY)


def make_issue(number: str = "1", **changes: Any) -> Issue:
    """An issue whose body is made from the fields of a brief among `changes`."""
    of_brief = {name: changes.pop(name) for name in ("checks", "paths") if name in changes}
    fields = {
        "id": number,
        "uid": f"board:{number}",
        "title": f"Issue {number}",
        "body": render(Brief(description="Do it.", **of_brief)),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Issue(**{**fields, **changes})


def refs_landed(number: str, reopened: int) -> str:
    """The record of a landing of `make_issue(number)`."""
    return f"refs/landed/{slug(f'board:{number}')}/{reopened}"


def place_of(workspace: Workspace) -> Path:
    """The attempt's directory, beside whose clone the host keeps its own files."""
    return workspace.directory.parent
