"""The person's repository. We read it, fetch from it, and fast-forward it; the index, the
uncommitted edits and the configuration in it are theirs alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import GitFailed, TargetMissing, WorkspaceError
from . import locks, refs
from ._git import FETCH, Answer, Git, failed

_QUICKLY = ("--untracked-files=no", "--no-ahead-behind")
_OURS = ".nightshift/"
_TRIES = 5
_PAUSE = 0.1
_DEAD_SECONDS = 600.0
_QUESTIONS = (
    "--is-inside-work-tree",
    "--is-shallow-repository",
    "--show-object-format",
    "--show-prefix",
    *("--git-path", "info/exclude"),
)


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What is checked out: no `branch` when HEAD is detached, no `commit` before the first one.
    Untracked files do not count as changes."""

    branch: str | None
    commit: str | None
    changed: bool


class Project:
    """Opens the repository in `directory`, or makes one where there is none.

    Raises WorkspaceError when the directory is part of a larger repository, or a repository of
    a kind we cannot work with.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory.resolve()
        self.git = Git("-C", str(self.directory))
        exclude = self._look()
        if exclude is None:
            exclude = self._make()
        self._common = exclude.parent.parent
        _keep_out(exclude)

    def _make(self) -> Path:
        """A new repository, also where another run is making it at this moment."""
        for _ in range(_TRIES):
            try:
                self.git.run("init", "--quiet", "--initial-branch", "main")
            except GitFailed:
                time.sleep(_PAUSE)
            else:
                return self.directory / ".git" / "info" / "exclude"
        exclude = self._look()
        if exclude is None:
            raise WorkspaceError(f"git made no repository in {self.directory}: make one there")
        return exclude

    def branch(self) -> str | None:
        """The branch that is checked out, with or without commits; None when HEAD is detached."""
        return self.git.call("symbolic-ref", "--quiet", "--short", "HEAD").out.strip() or None

    def checkout(self) -> Checkout:
        """The state of the person's checkout, in one look."""
        lines = self.git.run("status", "--porcelain=v2", "--branch", *_QUICKLY)
        rows = lines.splitlines()
        head = dict(row.split(" ", 2)[1:] for row in rows if row.startswith("# "))
        branch, commit = head["branch.head"], head["branch.oid"]
        return Checkout(
            branch=None if branch == "(detached)" else branch,
            commit=None if commit == "(initial)" else commit,
            changed=any(not row.startswith("# ") for row in rows),
        )

    def commit(self, ref: str) -> str | None:
        """The commit that `ref` names, if there is one."""
        found = self.on_disk(ref) if ref.startswith("refs/heads/") else None
        if found is not None:
            return found or None
        name = f"{ref}^{{commit}}"
        return self.git.call("rev-parse", "--quiet", "--verify", name).out.strip() or None

    def on_disk(self, branch: str) -> str | None:
        """What the file of a branch's ref says, as `refs.on_disk`."""
        return refs.on_disk(self._common, branch)

    @property
    def hooks(self) -> Path:
        """Where git looks for hooks unless it is told another place."""
        return self._common / "hooks"

    def free(self, ref: str) -> None:
        """Remove the lock that a dead git has left on a ref of ours in here."""
        locks.remove(self._common / f"{ref}.lock", older_than=_DEAD_SECONDS)

    def is_new(self) -> bool:
        """Whether nothing was ever committed here."""
        return self.git.run("for-each-ref", "--count=1") == "" and self.commit("HEAD") is None

    def choose(self, target: str | None) -> str:
        """The branch to land on: `target`, or the one that is checked out."""
        if target is not None:
            if self.git.call("check-ref-format", f"refs/heads/{target}").code != 0:
                raise TargetMissing(
                    f"{target!r} is no branch name: check out a branch with a usual name"
                )
            return target
        branch = self.branch()
        if branch is None:
            raise TargetMissing(
                f"No branch is checked out in {self.directory} (HEAD is detached): check one out, "
                "for example with `git switch main`"
            )
        return branch

    def _look(self) -> Path | None:
        """The repository's exclude file; None when there is no repository yet."""
        answer = self.git.call("rev-parse", *_QUESTIONS)
        if answer.code != 0:
            self._explain(answer)
            return None
        inside, shallow, objects, prefix, exclude = answer.out.splitlines()
        if inside != "true":
            raise WorkspaceError(
                f"{self.directory} lies inside a repository's own data, or is a bare repository: "
                "give a directory with a checkout as the project"
            )
        if prefix:
            self._refuse_part()
            return None
        if shallow == "true":
            raise WorkspaceError(
                f"{self.directory} is a shallow clone: run `git fetch --unshallow` in it first"
            )
        if objects != "sha1":
            raise WorkspaceError(
                f"{self.directory} keeps its objects under {objects}, which Nightshift cannot "
                "work with: give a repository in git's usual format (SHA-1)"
            )
        return self.directory / exclude

    def _explain(self, answer: Answer) -> None:
        if "not a git repository" in answer.err:
            return
        if "dubious ownership" in answer.err:
            raise WorkspaceError(
                f"{self.directory} belongs to another user: run Nightshift as its owner, or make "
                "the directory yours"
            )
        raise failed(("rev-parse", *_QUESTIONS), answer)

    def _refuse_part(self) -> None:
        """A directory inside another repository gets its own only if that one holds none of it."""
        if self.git.run("ls-files", "--", "."):
            outer = self.git.run("rev-parse", "--show-toplevel")
            raise WorkspaceError(
                f"{self.directory} is a part of the repository {outer}: give that directory as the "
                "project, or one that the repository does not track"
            )

    def contains(self, commit: str, other: str) -> bool:
        """Whether `other` is in the history of `commit`; a commit that is not here is not."""
        return self.git.call("merge-base", "--is-ancestor", other, commit).code == 0

    def take(self, hub: Path, refspec: str) -> bool:
        """Fetch from the hub; False when git finds that the person's refs forbid it."""
        try:
            self.git.run(*FETCH, "--no-recurse-submodules", str(hub), refspec)
        except GitFailed as error:
            if "refusing to fetch" in str(error) or "[rejected]" in str(error):
                return False
            raise
        return True


def _keep_out(exclude: Path) -> None:
    """Keep our own files out of the person's `git status`."""
    try:
        text = exclude.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        exclude.parent.mkdir(parents=True, exist_ok=True)
        text = ""
    if _OURS not in text.splitlines():
        gap = "" if not text or text.endswith("\n") else "\n"
        with exclude.open("a", encoding="utf-8") as file:
            file.write(f"{gap}{_OURS}\n")
