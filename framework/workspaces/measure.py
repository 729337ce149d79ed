"""How much an attempt committed, as the hub sees it."""

from __future__ import annotations

from pathlib import Path

from ..domain.facts import Work
from . import refs
from ._git import Git

_COMMIT = "commit"
COUNTING = ("--no-ext-diff", "--no-textconv", "--no-renames", "--numstat", "-z")
"""How git is asked for the rows that `counted` takes."""

_COUNTED = (*COUNTING, f"--format=format:{_COMMIT}%x00")


def measure(hub: Path, issue: str, epoch: int, *, merge: str = "") -> Work:
    """The commits of one attempt that the target did not have, and what each changes. `merge` is
    the commit that landed it, if it landed. Nothing when the hub has none of it; uncommitted
    edits do not count. Runs no program that a project names. Raises GitFailed.
    """
    if not (hub / "HEAD").is_file():
        return Work()
    git = Git("--git-dir", str(hub))
    if merge:
        return _between(git, f"{merge}^1", f"{merge}^2")
    head = refs.attempt(issue, epoch)
    base = _onto(git, head)
    return _between(git, base, head) if base else Work()


def _between(git: Git, base: str, head: str) -> Work:
    answer = git.call("log", *_COUNTED, f"{base}..{head}", "--")
    if answer.code != 0:  # there is no such commit
        return Work()
    rows = answer.out.split("\0")
    return counted([row.lstrip("\n") for row in rows], commits=rows.count(_COMMIT))


def counted(rows: list[str], *, commits: int) -> Work:
    """What rows of `--numstat` come to: added and deleted lines, with a tab, and a path."""
    counts = [row.split("\t", 2) for row in rows if row.count("\t") >= 2]
    return Work(
        commits=commits,
        files=len({path for _, _, path in counts}),
        lines=sum(int(n) for row in counts for n in row[:2] if n != "-"),
    )


def _onto(git: Git, head: str) -> str | None:
    """The last commit that it has in common with the targets."""
    heads = git.run("for-each-ref", "--format=%(objectname)", "refs/heads/").split()
    found = git.call("merge-base", head, *heads).out.split() if heads else []
    return found[0] if found else None
