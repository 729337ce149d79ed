"""Every known way to have git run a program, against every operation of ours: none runs one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from framework.domain.merge import Landing
from framework.workspaces.base import Workspace
from framework.workspaces.rescues import Rescues
from tests.integration.hubs import NOBODY, House, commit, git, make_issue, write
from tests.security.test_hostile_clone import CONFIGS

pytestmark = pytest.mark.anyio
HOOKS = (
    *("applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout"),
    *("post-commit", "post-index-change", "post-merge", "post-rewrite", "post-update"),
    *("pre-applypatch", "pre-auto-gc", "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase"),
    *("pre-receive", "prepare-commit-msg", "proc-receive", "push-to-checkout"),
    *("reference-transaction", "sendemail-validate", "update"),
)
ROOT = Path(__file__).parents[2]
DIE = """
import os, sys
from pathlib import Path
import anyio
from tests.integration.hubs import House, make_issue
async def main(root):
    house = House(root)
    async with house.workspaces.open(make_issue("2"), 1) as workspace:
        print(workspace.directory, end="", flush=True)
        os._exit(9)
anyio.run(main, Path(sys.argv[1]))
"""
"""A runner that dies with a workspace open."""

ATTRIBUTES = "* filter=x diff=x merge=x ident\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Poison:
    """Programs that leave a mark, and the places in a clone from which git might start them."""

    def __init__(self, root: Path) -> None:
        self.tools, self.marks = root / "tools", root / "marks"
        self.marks.mkdir()
        self.run = self.tools / "run"
        for name in ("run", *HOOKS):
            write(self.tools, {name: f"#!/bin/sh\necho >> {self.marks}/{name}\ncat\n"})
            (self.tools / name).chmod(0o755)
        write(self.tools, {"more": self.config("fsmonitor")})

    def config(self, name: str) -> str:
        return CONFIGS[name].format(run=self.run, directory=self.tools)

    def all_config(self) -> str:
        """What works best; a `worktree` or an unknown extension would keep git from the rest."""
        good = ("fsmonitor", "hooks", "pager", "ssh", "filter", "diff", "merge", "gpg", "remote")
        return "".join(self.config(name) for name in good)

    def poisoned(self, where: Path) -> Path:
        """A repository elsewhere, with all of it."""
        where.mkdir()
        git(where, "init", "--quiet", "-b", "main")
        commit(where, {"x": "1\n"})
        _append(where / ".git" / "config", self.all_config())
        return where


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def _of_config(name: str) -> Callable[[Poison, Path], None]:
    return lambda poison, clone: _append(clone / ".git" / "config", poison.config(name))


def _hooks(poison: Poison, clone: Path) -> None:
    shutil.copytree(poison.tools, clone / ".git" / "hooks", dirs_exist_ok=True)


def _git_file(poison: Poison, clone: Path) -> None:
    moved = clone.with_name("moved")
    shutil.move(clone / ".git", moved)
    _append(moved / "config", poison.all_config())
    (clone / ".git").write_text(f"gitdir: {moved}\n")


def _common_directory(poison: Poison, clone: Path) -> None:
    (clone / ".git" / "commondir").write_text(f"{poison.poisoned(clone.with_name('c'))}/.git\n")


def _worktree_config(poison: Poison, clone: Path) -> None:
    _append(clone / ".git" / "config", "[extensions]\n\tworktreeConfig = true\n")
    _append(clone / ".git" / "config.worktree", poison.all_config())


def _modules(poison: Poison, clone: Path) -> None:
    text = f'[submodule "m"]\n\tpath = m\n\turl = ext::{poison.run}\n\tupdate = !{poison.run}\n'
    commit(clone, {".gitmodules": text})
    _append(clone / ".git" / "config", text)


def _nested(poison: Poison, clone: Path) -> None:
    poison.poisoned(clone / "nested")
    git(clone, "add", "nested")
    git(clone, "commit", "--quiet", "-m", "nested")


def _alternates(poison: Poison, clone: Path) -> None:
    other = poison.poisoned(clone.with_name("other"))
    _append(clone / ".git" / "objects" / "info" / "alternates", f"{other}/.git/objects\n")


VECTORS: dict[str, Callable[[Poison, Path], None]] = {
    **{f"config: {name}": _of_config(name) for name in CONFIGS},
    "hooks of the clone": _hooks,
    "a .git file": _git_file,
    "commondir": _common_directory,
    "config.worktree": _worktree_config,
    "submodules": _modules,
    "a repository inside": _nested,
    "alternates": _alternates,
}


async def operate(house: House, attack: Callable[[Path], None]) -> Landing:
    """All that the host ever does about a clone: 8 operations on one that ends in good order, and
    the recovery of one whose runner died."""
    async with house.workspaces.open(make_issue("1"), 1) as workspace:
        attack(workspace.directory)
        await house.workspaces.inspect(workspace)
        landing = await house.lander.land(workspace, make_issue("1"), NOBODY)
        await house.lander.deliver()
    ran = await anyio.run_process(
        [sys.executable, "-c", DIE, str(house.root)], cwd=ROOT, check=False
    )
    attack(Path(ran.stdout.decode()))
    assert len(await house.open_workspaces().recover(frozenset())) == 1
    rescues = Rescues(house.hub.path)
    for number, saved in enumerate(rescues.all()):
        rescues.content(saved)
        rescues.log(saved)
        rescues.diff(saved, patch=True)
        rescues.restore(saved, house.project, f"back-{number}")
    assert rescues.all()
    return landing


def test_there_are_enough_vectors() -> None:
    """The 21 that were tried before there was anything of this, and more."""
    assert len(VECTORS) >= 21


@pytest.mark.parametrize("vector", VECTORS)
async def test_the_host_runs_nothing_of_the_agents(tmp_path: Path, vector: str) -> None:
    """0 programs started by inspect, fetch, land, check out, deliver, rescue, recover, show,
    diff and restore, with no box to help. What the agent had is saved."""
    house = House(tmp_path, box_name="none", start={"a": "one\n", "sub/b": "two\n"})
    poison = Poison(tmp_path)

    def attack(clone: Path) -> None:
        commit(clone, {"c": f"{clone}\n", ".gitattributes": ATTRIBUTES})
        write(clone, {"a": "edited\n"})
        write(clone / ".git", {"info/attributes": ATTRIBUTES})
        VECTORS[vector](poison, clone)

    await operate(house, attack)
    assert [one.name for one in poison.marks.iterdir()] == []
    # Saved work may hold a `.gitmodules` that nobody should use; it is saved as it was.
    usable = ("-c", "fsck.gitmodulesUpdate=ignore", "-c", "fsck.gitmodulesUrl=ignore")
    assert house.in_hub(*usable, "fsck", "--strict", "--no-dangling") == ""


async def test_the_poison_is_good(tmp_path: Path) -> None:
    """A person's careless git in those clones does run the agent's programs, in most of them."""
    ran = []
    for number, vector in enumerate(VECTORS):
        root = tmp_path / str(number)
        house = House(root, box_name="none", start={"a": "one\n"})
        poison = Poison(root)
        async with house.workspaces.open(make_issue("1"), 1) as workspace:
            _be_careless(workspace, poison, vector)
        if list(poison.marks.iterdir()):
            ran.append(vector)
    assert len(ran) >= 9, ran


def _be_careless(workspace: Workspace, poison: Poison, vector: str) -> None:
    clone = workspace.directory
    commit(clone, {"c": "1\n", ".gitattributes": ATTRIBUTES})
    write(clone, {"a": "edited\n"})
    VECTORS[vector](poison, clone)
    for words in (("status",), ("diff",), ("add", "a"), ("commit", "-m", "x"), ("fetch",)):
        _any(clone, *words)
    _any(clone, "checkout", "-b", "x")
    _any(clone, "commit", "--amend", "--allow-empty", "--no-edit", "-S")


def _any(clone: Path, *words: str) -> None:
    subprocess.run(("git", *words), cwd=clone, capture_output=True, timeout=20, check=False)
