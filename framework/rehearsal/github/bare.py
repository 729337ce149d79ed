"""The double's repository: a bare one on this machine, read and written with git itself."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

_HEADS = "refs/heads/"


class GitRefused(Exception):
    """Git said no; the text is git's."""


def git(path: Path, *words: str, at: datetime | None = None, entry: str = "") -> str:
    """Run git in the repository and return what it printed; GitRefused where it fails."""
    done = _run(path, words, at, entry)
    if done.returncode:
        raise GitRefused(done.stderr.strip())
    return done.stdout.strip()


def _run(
    path: Path, words: tuple[str, ...], at: datetime | None = None, entry: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "-C", str(path), *words],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(at),
        input=entry,
    )


def _environment(at: datetime | None) -> Mapping[str, str]:
    """Nothing of the person's configuration: the forge is another machine."""
    own = {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "GitHub",
        "GIT_AUTHOR_EMAIL": "noreply@github.com",
        "GIT_COMMITTER_NAME": "GitHub",
        "GIT_COMMITTER_EMAIL": "noreply@github.com",
    }
    if at is None:
        return own
    date = f"{int(at.timestamp())} +0000"
    return {**own, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}


def branches(path: Path | None) -> dict[str, str]:
    """Names of branches and their commits; none where there is no repository."""
    if path is None:
        return {}
    lines = git(path, "for-each-ref", "--format=%(objectname) %(refname)", _HEADS).splitlines()
    return {
        name.removeprefix(_HEADS): sha for sha, _, name in (one.partition(" ") for one in lines)
    }


def commit(path: Path | None, name: str) -> str | None:
    """The commit of a branch, a tag, a ref or a hash, also a short one; None where none is."""
    if path is None or name.startswith("-"):
        return None
    for candidate in (_HEADS + name, name):
        done = _run(path, ("rev-parse", "--verify", "--quiet", candidate + "^{commit}"))
        if done.returncode == 0:
            return done.stdout.strip()
    return None


def contains(path: Path, old: str, new: str) -> bool:
    """Whether commit `new` has `old` in its history."""
    return _run(path, ("merge-base", "--is-ancestor", old, new)).returncode == 0


def merged_tree(path: Path, base: str, head: str) -> str | None:
    """The tree of a merge; None where it conflicts."""
    done = _run(path, ("merge-tree", "--write-tree", base, head))
    return done.stdout.splitlines()[0] if done.returncode == 0 else None


def rebased(path: Path, base: str, head: str, *, at: datetime) -> str | None:
    """The commits that `head` has and `base` has not, made anew on top of it without its merges;
    the last of them. None where one conflicts, or none is left."""
    with tempfile.TemporaryDirectory() as place:
        tree = str(Path(place) / "tree")
        git(path, "worktree", "add", "--quiet", "--detach", tree, head)
        words = ("-C", tree, "-c", f"core.hooksPath={os.devnull}")
        try:
            done = _run(path, (*words, "rebase", "--quiet", "--no-ff", base), at)
            made = git(path, "-C", tree, "rev-parse", "HEAD")
        finally:
            git(path, "worktree", "remove", "--force", "--force", tree)
    return made if done.returncode == 0 and made != base else None


def move(path: Path, ref: str, new: str, old: str) -> None:
    """Move a ref from `old` to `new`; GitRefused where it is not at `old` any more."""
    git(path, "update-ref", ref, new, old)
