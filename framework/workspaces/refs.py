"""The names of refs, the hub's vocabulary in one place, and what their files say."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from ..domain.identifier import slug

ATTEMPTS = "refs/attempts/"
RESCUES = "refs/rescue/"
PROPOSED = "refs/proposed/"
LANDED = "refs/landed/"

_OBJECT = re.compile(rb"[0-9a-f]{40}\n")


def on_disk(repository: Path, name: str) -> str | None:
    """The object that a ref's own file names; nothing ("") where no ref of that name can be.
    None when only git can tell: the ref is packed, leads to another one, or is kept elsewhere."""
    try:
        text = _start(f"{repository}/{name}")
    except FileNotFoundError:
        return None if os.path.exists(f"{repository}/packed-refs") else ""
    except (NotADirectoryError, IsADirectoryError):
        return None
    return text[:-1].decode() if _OBJECT.fullmatch(text) else None


def written(repository: Path, name: str) -> datetime:
    """When a ref was last written, by the file system. Of a packed one this is when refs were
    last packed, so it may look younger than it is, and never older."""
    for path in (repository / name, repository / "packed-refs"):
        if path.is_file():
            return datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    return datetime.now(UTC)  # it has gone this moment


def _start(path: str) -> bytes:
    """What fits a ref and a little more. Asked all the time, so without what `open` does."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 64)
    finally:
        os.close(handle)


def target(branch: str) -> str:
    """The branch that landings go to."""
    return f"refs/heads/{branch}"


def person(branch: str) -> str:
    """What the person's branch was when the hub last looked."""
    return f"refs/project/{branch}"


def origin(branch: str) -> str:
    """What the target has taken in of the remote's branch: its history contains this commit."""
    return f"refs/origin/{branch}"


def looked_up(branch: str) -> str:
    """Where the person's repository keeps what the remote's branch was at our last look."""
    return f"refs/nightshift-origin/{branch}"


def epoch(issue: str) -> str:
    """A blob whose text is the issue's latest epoch."""
    return f"refs/nightshift/epochs/{slug(issue)}"


def attempt(issue: str, number: int) -> str:
    """The attempt's own branch, as fetched from its clone."""
    return f"{ATTEMPTS}{slug(issue)}/e{number}"


def leaving(issue: str, number: int) -> str:
    """Where all branches of a clone stand while they are sorted; nothing stays here."""
    return f"refs/leaving/{slug(issue)}-e{number}/"


def rescue(issue: str, number: int, branch: str | None = None) -> str:
    """Saved work: of the attempt's own branch, or of another `branch` of its clone."""
    other = f"-{slug(branch)}" if branch is not None else ""
    return f"{RESCUES}{slug(issue)}/e{number}{other}"


def landed(uid: str, reopened: int) -> str:
    """A tag object that holds the proof and points to the landing's commit. By the issue's name
    among all trackers: another board's issue of the same number has not landed."""
    return f"{LANDED}{slug(uid)}/{reopened}"


def proposed(uid: str, reopened: int) -> str:
    """A tag object that holds the proof of what was put up for a pull request, and points to its
    commit: written before it is pushed, so that whatever follows can be done again."""
    return f"{PROPOSED}{slug(uid)}/{reopened}"


def landed_before(uid: str, tag: str) -> str:
    """The same of an earlier issue that had this name."""
    return f"refs/landed-before/{slug(uid)}/{tag}"


def branch(issue: str, number: int) -> str:
    """The branch of an attempt in its clone, as people read it."""
    return f"agent/{slug(issue)}-e{number}"
