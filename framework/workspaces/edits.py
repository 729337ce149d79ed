"""Uncommitted edits of an agent, seen and saved with a git directory and an index of the host's.

The clone is a mere work tree here: nothing in its `.git` is read, no filter runs, and nothing is
asked of repositories inside it (a `git status` would run git there, under the agent's settings).
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ._git import Git
from .attempt import Attempt
from .hub import Hub

_LIST = ("ls-files", "-z", "--modified", "--others", "--exclude-standard")


@contextmanager
def edits_of(hub: Hub, attempt: Attempt, head: str) -> Iterator[Edits]:
    """What the clone's files say beyond `head`, with an index for this one look."""
    with tempfile.TemporaryDirectory(dir=attempt.directory, prefix="look-") as scratch:
        index = Path(scratch, "index")
        shutil.copy2(attempt.index, index)  # with its time: git compares it with the files'
        edits = Edits(hub, attempt.clone, index)
        if head != attempt.base:
            edits.start_from(head)
        yield edits


class Edits:
    """The changes in a clone against an index of the host's. Ignored files do not count."""

    def __init__(self, hub: Hub, clone: Path, index: Path) -> None:
        self._clone = clone
        self._git = Git("--git-dir", str(hub.desk), "--work-tree", str(clone))
        self._env = {"GIT_INDEX_FILE": str(index), "GIT_OBJECT_DIRECTORY": str(hub.objects)}

    def start_from(self, head: str) -> None:
        """Compare with this commit; what the index knows of the files stays known."""
        self._run("read-tree", "-i", "-m", head)

    def paths(self) -> tuple[str, ...]:
        """The changed, new and missing files, sorted."""
        listed = {path for path in self._run(*_LIST).split("\0") if path}
        inner = {path for path in listed if path.endswith("/")}
        found = {below for path in inner for below in self._below(path)}
        return tuple(sorted((listed - inner) | found))

    def save(self, paths: tuple[str, ...]) -> str:
        """A tree of the commit it started from, with these files as they are now."""
        savable = "".join(f"{path}\0" for path in paths if self._is_savable(path))
        self._run("update-index", "-z", "--add", "--remove", "--replace", "--stdin", input=savable)
        return self._run("write-tree")

    def _run(self, *arguments: str, input: str | None = None) -> str:
        return self._git.run(*arguments, input=input, env=self._env, cwd=self._clone)

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
