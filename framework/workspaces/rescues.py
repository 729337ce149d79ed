"""The saved work in a hub: what there is, what is in it, and giving it back to people.

Reads the hub as the files and objects that it is, without opening it as a run does: nothing is
made, and the person's repository is touched by `restore` alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..domain.errors import GitFailed, WorkspaceError
from ..domain.identifier import slug
from . import refs
from ._git import EMAIL, FETCH, Git, encoded

_NAME = re.compile(rf"{refs.RESCUES}(?P<issue>[^/]+)/e(?P<epoch>\d+)[^/]*")
_NOTHING = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Git's name for the tree without files."""

_DIFF = ("diff-tree", "-r", "-M", "--no-color", "--no-ext-diff", "--no-textconv")
_NONE = "0" * 40
_MINUTES = 600.0
"""Seconds for a diff or a fetch, which may be large."""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One ref of saved work. `issue` is its id as a ref component (see `slug`); `at` is when the
    ref was last written, by the host's clock: the commits' own times are the agent's to choose.
    """

    ref: str
    issue: str
    epoch: int
    commit: str
    at: datetime

    @property
    def short(self) -> str:
        """The name that people type."""
        return self.ref.removeprefix(refs.RESCUES)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What saved work holds beyond `base`, the last commit it has in common with any target;
    no `base` when there is none. With `has_landed` all of it is in a target by now."""

    base: str | None
    commits: int
    files: int
    added: int
    removed: int
    has_edits: bool
    has_landed: bool


class Rescues:
    """The saved work in the hub at `hub`, which need not be there."""

    def __init__(self, hub: Path) -> None:
        self._hub = hub
        self._git = Git("--git-dir", str(hub))

    @property
    def is_there(self) -> bool:
        """Whether there is a hub, which a damaged one is, too."""
        return self._hub.exists()

    def all(self) -> list[Saved]:
        """Everything, by issue and then the latest first; an attempt's own branch comes before
        the other ones of its clone."""
        if not self.is_there:
            return []
        listed = self._git.run("for-each-ref", "--format=%(objectname) %(refname)", refs.RESCUES)
        found = [self._saved(*row.split(" ", 1)) for row in listed.splitlines()]
        return sorted(filter(None, found), key=_rank)

    def find(self, word: str) -> Saved:
        """The one that a ref's name, long or short, or else an issue's id means; of an issue the
        latest. Raises WorkspaceError when there is none."""
        every = self.all()
        names = {word, f"refs/{word}", f"{refs.RESCUES}{word}"}
        exact = [one for one in every if one.ref in names]
        of_issue = [one for one in every if one.issue == slug(word.removeprefix("#"))]
        for one in (*exact, *of_issue):
            return one
        raise WorkspaceError(
            f"Nothing is saved under {word!r}. See what there is with `nightshift rescue list`"
        )

    def content(self, saved: Saved) -> Content:
        """What it adds. Raises WorkspaceError when it is no commit."""
        commit = self._commit(saved)
        base = self._base(commit)
        beyond = int(self._git.run("rev-list", "--count", commit, "--not", "--branches"))
        counts = self._git.run(*_DIFF, "--no-renames", "--numstat", base or _NOTHING, commit)
        rows = [row.split("\t", 2) for row in counts.splitlines()]
        return Content(
            base=base,
            commits=beyond,
            files=len(rows),
            added=sum(int(row[0]) for row in rows if row[0] != "-"),
            removed=sum(int(row[1]) for row in rows if row[1] != "-"),
            has_edits=self._has_edits(commit),
            has_landed=beyond == 0,
        )

    def log(self, saved: Saved) -> str:
        """A line for each commit that it adds, the latest first."""
        shown = "--format=%h %an: %s"
        return self._git.run("log", shown, self._commit(saved), "--not", "--branches")

    def diff(self, saved: Saved, *, patch: bool) -> bytes:
        """All that it changes against its base: how much in each file, or with `patch` the
        changes themselves, which `git apply` takes. Runs no program that a project names."""
        commit = self._commit(saved)
        how = ("--patch", "--binary") if patch else ("--stat=100",)
        base = self._base(commit) or _NOTHING
        return encoded(self._git.call(*_DIFF, *how, base, commit, seconds=_MINUTES).out)

    def restore(self, saved: Saved, project: Path, branch: str | None = None) -> str:
        """Make a branch with it in the person's repository, and say its name.

        It is there already: fine. Checkout, index and all other branches stay as they are.
        Raises WorkspaceError for a name that is taken or cannot be a branch's.
        """
        commit = self._commit(saved)
        name = branch or f"rescue/{saved.short.replace('/', '-')}"
        git = Git("-C", str(project))
        if git.call("rev-parse", "--git-dir").code != 0:
            raise WorkspaceError(
                f"{project} is no git repository any more. Look at the work with "
                f"`nightshift rescue show {saved.short}`, or take it from {self._hub} with "
                "`git fetch`"
            )
        if _is_there(git, name, commit):
            return name
        git.run(*FETCH, "--no-recurse-submodules", str(self._hub), saved.ref, seconds=_MINUTES)
        _make(git, name, commit)
        return name

    def _saved(self, commit: str, ref: str) -> Saved | None:
        found = _NAME.fullmatch(ref)
        if found is None:
            return None  # a person's own
        return Saved(
            ref=ref,
            issue=found["issue"],
            epoch=int(found["epoch"]),
            commit=commit,
            at=refs.written(self._hub, ref),
        )

    def _commit(self, saved: Saved) -> str:
        """An agent may have tagged what is no commit, and that is saved, too."""
        answer = self._git.call("rev-parse", "--quiet", "--verify", f"{saved.commit}^{{commit}}")
        if answer.code != 0:
            raise WorkspaceError(
                f"{saved.ref} is no commit. Look at it with "
                f"`git --git-dir {self._hub} cat-file -p {saved.commit}`"
            )
        return answer.out.strip()

    def _base(self, commit: str) -> str | None:
        """The last commit in common with the targets; of what has landed, its first parent."""
        heads = self._git.run("for-each-ref", "--format=%(objectname)", "refs/heads/").split()
        found = self._git.call("merge-base", commit, *heads).out.split()
        if found[:1] != [commit]:
            return found[0] if found else None
        parent = self._git.call("rev-parse", "--quiet", "--verify", f"{commit}^1")
        return parent.out.strip() or None

    def _has_edits(self, commit: str) -> bool:
        """Whether the runner made it, of what was not committed."""
        told = self._git.run("log", "-1", "--format=%ce %s", commit)
        return told.startswith(f"{EMAIL} Uncommitted edits of attempt ")


def _rank(saved: Saved) -> tuple[int, str, int, int, str]:
    number = int(saved.issue) if saved.issue.isdecimal() else 0
    return number, saved.issue, -saved.epoch, len(saved.ref), saved.ref


def _is_there(git: Git, name: str, commit: str) -> bool:
    """Whether the branch is there and means the commit already. Raises WorkspaceError when the
    name cannot be used."""
    ref = refs.target(name)
    if name.startswith("-") or git.call("check-ref-format", ref).code != 0:
        raise WorkspaceError(f"{name!r} is no branch name. Give another one with --branch")
    now = git.call("rev-parse", "--quiet", "--verify", ref).out.strip()
    if now == commit:
        return True
    if now or git.call("symbolic-ref", "--quiet", "HEAD").out.strip() == ref:
        raise WorkspaceError(
            f"The branch {name} is there already and is not this work. Give another name with "
            "--branch"
        )
    return False


def _make(git: Git, name: str, commit: str) -> None:
    """Only if there still is none: whoever made one meanwhile keeps theirs."""
    try:
        git.run("update-ref", refs.target(name), commit, _NONE)
    except GitFailed as error:
        raise WorkspaceError(
            f"The branch {name} cannot be made: {error}. Give another name with --branch"
        ) from error
