"""What the refs in an agent's clone say, read as the plain files they are.

Reading files runs nothing. What is found is a claim, good for one thing: to see that there is
nothing the hub does not have already, and to spare a fetch then.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

_OBJECT = re.compile(r"[0-9a-f]{40}\n?")
_PACKED = re.compile(r"^([0-9a-f]{40}) (refs/(?:heads/.+|tags/.+|stash))$", re.MULTILINE)
_STASHED = re.compile(r"^[0-9a-f]{40} ([0-9a-f]{40}) ", re.MULTILINE)
_PLAIN = re.compile(r"HEAD|refs/stash(-\d+)?|refs/(heads|tags)/[^\x00-\x20\x7f~^:?*\[\\]+")
OLDER_STASH = "refs/stash-"
"""What an older entry of the stash is called here; git knows it by its commit only."""
_LARGEST = 1 << 20


def heads(clone: Path) -> dict[str, str] | None:
    """Branches, tags and stashes by their full names, and `HEAD` when it is detached.

    None when something is not as we made it, and git has to be asked.
    """
    git = clone / ".git"
    try:
        if not all(_is_directory(path) for path in (clone, git, git / "refs")):
            return None
        packed = _text(git / "packed-refs") if (git / "packed-refs").exists() else ""
        found = {name: commit for commit, name in _PACKED.findall(packed)}
        for path in _loose(git):
            text = _text(path)
            if _OBJECT.fullmatch(text):
                found[path.relative_to(git).as_posix()] = text.strip()
            elif path.name != "HEAD" or path.parent != git:
                return None
        found |= _older_stashes(git)
    except (OSError, ValueError):
        return None
    return found if all(_PLAIN.fullmatch(name) for name in found) else None


def _loose(git: Path) -> list[Path]:
    stash = git / "refs" / "stash"
    branches = [
        Path(parent, name)
        for kind in ("heads", "tags")
        for parent, _, names in os.walk(git / "refs" / kind)
        for name in names
        if not name.endswith(".lock")
    ]
    return [*branches, *([stash] if stash.exists() else []), git / "HEAD"]


def _older_stashes(git: Path) -> dict[str, str]:
    """All entries of the stash but the latest, which has a ref."""
    log = git / "logs" / "refs" / "stash"
    entries = _STASHED.findall(_text(log))[:-1] if log.exists() else []
    return {f"{OLDER_STASH}{number}": commit for number, commit in enumerate(entries, start=1)}


def _text(path: Path) -> str:
    """A small regular file's text. Raises ValueError or OSError for anything else."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path} is no file")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"{path} is too large")
    return data.decode("utf-8")


def _is_directory(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)
