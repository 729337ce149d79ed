"""Uncommitted edits of an agent, seen and saved with a git directory and an index of the host's.

The clone is a mere work tree here: nothing in its `.git` is read, no filter runs, and nothing is
asked of repositories inside it (a `git status` would run git there, under the agent's settings).
"""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from pathlib import Path

from ._git import Git
from .attempt import Attempt
from .hub import Hub

_LIST = ("ls-files", "-z", "--modified", "--others", "--exclude-standard")


def edits_of(hub: Hub, attempt: Attempt, head: str) -> Edits:
    """What the clone's files say beyond `head`."""
    index = attempt.index if head == attempt.base else attempt.directory / f"index-{head}"
    if not index.exists():
        new = _copied(attempt.index)
        Edits(hub, attempt.clone, new).start_from(head)
        os.replace(new, index)  # for the next look
    return Edits(hub, attempt.clone, index)


def _copied(index: Path) -> Path:
    """A copy beside it. It keeps its time: git compares it with the files'."""
    return Path(shutil.copy2(index, index.with_name(f"look-{uuid.uuid4().hex}")))


class Edits:
    """The changes in a clone against an index of the host's. Ignored files do not count."""

    def __init__(self, hub: Hub, clone: Path, index: Path) -> None:
        self._clone = clone
        self._index = index
        self._git = Git("--git-dir", str(hub.desk), "--work-tree", str(clone))
        self._objects = str(hub.objects)

    def start_from(self, head: str) -> None:
        """Compare with this commit; what the index knows of the files stays known."""
        self._run(self._index, "read-tree", "-i", "-m", head)

    def paths(self) -> tuple[str, ...]:
        """The changed, new and missing files, sorted."""
        listed = {path for path in self._run(self._index, *_LIST).split("\0") if path}
        inner = {path for path in listed if path.endswith("/")}
        found = {below for path in inner for below in self._below(path)}
        return tuple(sorted((listed - inner) | found))

    def save(self, paths: tuple[str, ...]) -> str:
        """A tree of the commit it started from, with these files as they are now."""
        savable = "".join(f"{path}\0" for path in paths if self._is_savable(path))
        how = ("-z", "--add", "--remove", "--replace", "--stdin")
        index = _copied(self._index)
        self._run(index, "update-index", *how, input=savable)
        return self._run(index, "write-tree")

    def _run(self, index: Path, *arguments: str, input: str | None = None) -> str:
        env = {"GIT_INDEX_FILE": str(index), "GIT_OBJECT_DIRECTORY": self._objects}
        return self._git.run(*arguments, input=input, env=env, cwd=self._clone)

    def _below(self, directory: str) -> list[str]:
        """The files of a repository inside the clone, which git shows as one directory."""
        return [
            Path(parent, name).relative_to(self._clone).as_posix()
            for parent, _, names in os.walk(self._clone / directory)
            for name in names
            if ".git" not in Path(parent, name).relative_to(self._clone).parts
        ]

    def _is_savable(self, path: str) -> bool:
        """Whether git can take it: a file or a link, or one that is gone, not behind a link."""
        full = self._clone / path
        if os.path.realpath(full.parent) != os.path.join(
            os.path.realpath(self._clone), os.path.dirname(path)
        ).rstrip("/"):
            return False
        try:
            mode = full.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return True
        return stat.S_ISREG(mode) or stat.S_ISLNK(mode)
