"""Uncommitted edits of an agent, seen and saved with a git directory and an index of the host's.

The clone is a mere work tree here: nothing in its `.git` is read, no filter runs, and nothing is
asked of repositories inside it (a `git status` would run git there, under the agent's settings).
"""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from pathlib import Path, PurePosixPath

from ..domain.filechange import SYMLINK
from . import plain
from ._git import Git
from .attempt import Attempt
from .glance import differing
from .hub import Hub
from .objects import identify
from .trees import Entry, Packed, differences, root

_LIST = ("ls-files", "-z", "--modified", "--others", "--exclude-standard")
_LARGEST = 4 << 20


class Edits:
    """The changes in a clone against a commit. Ignored files do not count."""

    def __init__(self, hub: Hub, attempt: Attempt, head: str) -> None:
        self._hub = hub
        self._attempt = attempt
        self._clone = attempt.clone
        self._head = head
        self._git = Git("--git-dir", str(hub.desk), "--work-tree", str(attempt.clone))
        self._objects = str(hub.objects)

    def paths(self) -> tuple[str, ...]:
        """The changed, new and missing files, sorted."""
        seen = differing(self._clone, self._attempt.index)
        if self._head == self._attempt.base:
            return () if seen == set() else self._listed(self._attempt.index)
        return () if self._is_all_committed(seen) else self._listed(self._index())

    def save(self, paths: tuple[str, ...]) -> str:
        """A tree of the commit, with these files as they are now."""
        savable = "".join(f"{path}\0" for path in paths if self._is_savable(path))
        how = ("-z", "--add", "--remove", "--replace", "--stdin")
        index = _copied(self._index())
        self._run(index, "update-index", *how, input=savable)
        return self._run(index, "write-tree")

    def _listed(self, index: Path) -> tuple[str, ...]:
        """The paths that differ from an index, as git sees it."""
        listed = {path for path in self._run(index, *_LIST).split("\0") if path}
        inner = {path for path in listed if path.endswith("/")}
        found = {below for path in inner for below in self._below(path)}
        return tuple(sorted((listed - inner) | found))

    def _index(self) -> Path:
        """An index of the commit, in which what is known of the files stays known."""
        if self._head == self._attempt.base:
            return self._attempt.index
        index = self._attempt.directory / f"index-{self._head}"
        if not index.exists():
            new = _copied(self._attempt.index)
            self._run(new, "read-tree", "-i", "-m", self._head)
            os.replace(new, index)  # for the next look
        return index

    def _is_all_committed(self, seen: set[str] | None) -> bool:
        """Whether all that differs from the base is, byte for byte, what the commit says, as
        after most commits. A no may be wrong, as for files whose line ends git changes, or where
        git would have to be asked; an index of the commit tells then. `seen` is what a glance
        saw, None when it saw nothing."""
        store, base = self._hub.store, self._attempt.base
        try:
            found = differences(store, root(store, base), root(store, self._head))
        except Packed:
            return False
        committed = {one.path: one.new for one in found}
        if seen is None or not committed.keys() >= seen:  # git knows what is ignored
            seen = set(self._listed(self._attempt.index))
        return committed.keys() >= seen and all(
            self._is_inside(path) and _holds(self._clone / path, new)
            for path, new in committed.items()
        )

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
        try:
            mode = (self._clone / path).lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return self._is_inside(path)
        return self._is_inside(path) and (stat.S_ISREG(mode) or stat.S_ISLNK(mode))

    def _is_inside(self, path: str) -> bool:
        """Whether no directory on the way to it is a link."""
        parents = list(PurePosixPath(path).parents)[:-1]
        return not any((self._clone / one).is_symlink() for one in parents)


def _copied(index: Path) -> Path:
    """A copy beside it. It keeps its time: git compares it with the files'."""
    return Path(shutil.copy2(index, index.with_name(f"look-{uuid.uuid4().hex}")))


def _holds(path: Path, entry: Entry | None) -> bool:
    """Whether there is on disk just what a tree says: the same bytes and the same mode."""
    try:
        mode = path.lstat().st_mode
        if entry is None or stat.S_ISDIR(mode):
            return False
        if entry.mode == SYMLINK:
            return stat.S_ISLNK(mode) and _is_blob(os.fsencode(os.readlink(path)), entry)
        is_same_kind = entry.mode == ("100755" if mode & 0o100 else "100644")
        return is_same_kind and _is_blob(plain.read(path, _LARGEST), entry)
    except (FileNotFoundError, NotADirectoryError):
        return entry is None
    except (OSError, ValueError):
        return False


def _is_blob(data: bytes, entry: Entry) -> bool:
    return identify("blob", data) == entry.name
