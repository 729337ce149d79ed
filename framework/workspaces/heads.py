"""What the refs in an agent's clone say, read as the plain files they are.

Reading files runs nothing. What is found is a claim, good for one thing: to see that there is
nothing the hub does not have already, and to spare a fetch then.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from . import plain

_OBJECT = re.compile(r"[0-9a-f]{40}\n?")
_PACKED = re.compile(r"^([0-9a-f]{40}) (refs/(?:heads/.+|tags/.+|stash))$", re.MULTILINE)
_STASHED = re.compile(r"^[0-9a-f]{40} ([0-9a-f]{40}) ", re.MULTILINE)
_PLAIN = re.compile(r"HEAD|refs/stash(-\d+)?|refs/(heads|tags)/[^\x00-\x20\x7f~^:?*\[\\]+")
OLDER_STASH = "refs/stash-"
"""What an older entry of the stash is called here; git knows it by its commit only."""
_LARGEST = 1 << 20


def branch(clone: Path, name: str) -> str | None:
    """The commit of one branch; None when it cannot be told from a file of its own."""
    *directories, last = name.split("/")
    try:
        with plain.directory(clone, ".git", "refs", "heads", *directories) as handle:
            text = plain.read(last, _LARGEST, within=handle).decode()
    except (OSError, ValueError):
        return None
    return text.strip() if _OBJECT.fullmatch(text) else None


def heads(clone: Path) -> dict[str, str] | None:
    """Branches, tags and stashes by their full names, and `HEAD` when it is detached.

    None when something is not as we made it, and git has to be asked.
    """
    git = f"{clone}/.git"
    try:
        if not all(_is_directory(path) for path in (str(clone), git, f"{git}/refs")):
            return None
        packed = _text(f"{git}/packed-refs") if os.path.exists(f"{git}/packed-refs") else ""
        found = {name: commit for commit, name in _PACKED.findall(packed)}
        for name in _loose(git):
            text = _text(f"{git}/{name}")
            if _OBJECT.fullmatch(text):
                found[name] = text.strip()
            elif name != "HEAD":
                return None
        found |= _older_stashes(f"{git}/logs/refs/stash")
    except (OSError, ValueError):
        return None
    return found if all(_PLAIN.fullmatch(name) for name in found) else None


def _loose(git: str) -> list[str]:
    branches = [
        f"{parent}/{name}".removeprefix(f"{git}/")
        for kind in ("heads", "tags")
        for parent, _, names in os.walk(f"{git}/refs/{kind}")
        for name in names
        if not name.endswith(".lock")
    ]
    stash = ["refs/stash"] if os.path.exists(f"{git}/refs/stash") else []
    return [*branches, *stash, "HEAD"]


def _older_stashes(log: str) -> dict[str, str]:
    """All entries of the stash but the latest, which has a ref."""
    entries = _STASHED.findall(_text(log))[:-1] if os.path.exists(log) else []
    return {f"{OLDER_STASH}{number}": commit for number, commit in enumerate(entries, start=1)}


def _text(path: str) -> str:
    """A small file's text. Raises ValueError or OSError for anything else."""
    return plain.read(path, _LARGEST).decode("utf-8")


def _is_directory(path: str) -> bool:
    return stat.S_ISDIR(os.lstat(path).st_mode)
