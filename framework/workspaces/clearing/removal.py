"""What goes in a clearing: the words for it, and how one thing on disk is measured."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    WORKSPACE = "workspace"
    LEFTOVER = "leftover"
    LOG = "log"
    CONVERSATION = "conversation"
    REHEARSAL = "rehearsal"
    REF = "ref"
    OBJECTS = "objects"


@dataclass(frozen=True, kw_only=True)
class Removal:
    """One thing that goes. `name` is a path or a ref; `size` counts bytes on disk.

    `mark` is what it was when it was looked at: a ref's commit, or the last change of a file or
    directory; what has another one by now stays. `parts` are paths that go with it: of objects,
    their files; of a rehearsal, where its workspaces were.
    """

    kind: Kind
    name: str
    why: str
    size: int = 0
    mark: str = ""
    parts: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """All that is deleted on disk for it."""
        match self.kind:
            case Kind.REF:
                return ()
            case Kind.OBJECTS:
                return tuple(map(Path, self.parts))
            case Kind.WORKSPACE | Kind.LEFTOVER | Kind.LOG | Kind.CONVERSATION | Kind.REHEARSAL:
                return (*map(Path, self.parts), Path(self.name))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What goes, in the order in which it goes, and in words what stays because of the living.
    Objects that nothing refers to go if they were last used `before`."""

    removals: tuple[Removal, ...]
    kept: tuple[str, ...]
    before: datetime


def whole(kind: Kind, path: Path, why: str, *, parts: tuple[Path, ...] = ()) -> Removal:
    """The removal of a file or a tree as it is now, with all `parts`."""
    every = (*parts, path)
    return Removal(
        kind=kind,
        name=str(path),
        why=why,
        size=sum(map(size, every)),
        mark=mark(*every),
        parts=tuple(map(str, parts)),
    )


def mark(*paths: Path) -> str:
    """What tells files and directories from what they become when somebody uses them."""
    return " ".join(str(path.lstat().st_mtime_ns) if _is_there(path) else "-" for path in paths)


def size(path: Path) -> int:
    """What a file or a tree takes on disk, in bytes. Follows no link; what cannot be looked into
    or has gone meanwhile counts as nothing."""
    total, waiting = 0, [os.fspath(path)]
    while waiting:  # an agent may have nested directories deeper than functions can be
        one = waiting.pop()
        with suppress(OSError):
            status = os.lstat(one)
            total += status.st_blocks * 512
            if stat.S_ISDIR(status.st_mode):
                waiting += [f"{one}/{name}" for name in os.listdir(one)]
    return total


def within(directory: Path) -> Iterator[Path]:
    """What is in a directory, links left out; nothing where it is no directory or a link."""
    if directory.is_dir() and not directory.is_symlink():
        yield from (path for path in sorted(directory.iterdir()) if not path.is_symlink())


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)
