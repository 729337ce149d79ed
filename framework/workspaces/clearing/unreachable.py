"""The hub's objects that nothing refers to any more.

Clones borrow the hub's objects, and git in the hub knows nothing of the clones: what an agent's
commits build on may look unused here. So objects go only while there is no workspace, and none
can be made meanwhile: see `clearance`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from .._git import Git

_OBJECT = re.compile(r"([0-9a-f]{2})([0-9a-f]{38}) [a-z]+")
_PACKED = re.compile(r"rm -f (.+)")
_STALE = re.compile(r"Removing stale temporary file (.+)")
_SECONDS = 1800.0


def unreachable(hub: Path, without: Collection[str], before: datetime) -> tuple[Path, ...]:
    """The files of objects that `prune` deletes once the refs `without` are gone.

    Git is asked in an empty repository that has the other refs and the hub's objects.
    """
    listed = Git("--git-dir", str(hub)).run("for-each-ref", "--format=%(objectname) %(refname)")
    left = [row for row in listed.splitlines() if row.split(" ", 1)[1] not in without]
    with tempfile.TemporaryDirectory(prefix="nightshift-") as made:
        empty = Path(made)
        for name in ("objects", "refs"):
            (empty / name).mkdir()
        (empty / "HEAD").write_text("ref: refs/heads/none\n")
        (empty / "packed-refs").write_text("".join(f"{row}\n" for row in left))
        told = Git("--git-dir", made).run(
            *_prune(before, "--dry-run"),
            env={"GIT_OBJECT_DIRECTORY": str(hub / "objects")},
            seconds=_SECONDS,
        )
    return tuple(filter(None, (_file(hub / "objects", line) for line in told.splitlines())))


def prune(hub: Path, before: datetime) -> None:
    """Delete them. Objects that were used since `before` stay, with all they refer to."""
    Git("--git-dir", str(hub)).run(*_prune(before), seconds=_SECONDS)


def _prune(before: datetime, *options: str) -> tuple[str, ...]:
    return ("prune", *options, f"--expire=@{int(before.timestamp())} +0000")


def _file(objects: Path, line: str) -> Path | None:
    if found := _OBJECT.fullmatch(line):
        return objects / found[1] / found[2]
    if found := _PACKED.fullmatch(line) or _STALE.fullmatch(line):
        return Path(found[1])
    return None
