"""Merging in the hub, without any checkout."""

from __future__ import annotations

from dataclasses import dataclass

from ._git import Git, failed, readable


@dataclass(frozen=True, kw_only=True)
class Combination:
    """The merged tree, or the paths that conflict. `unrelated`: there was nothing to merge on."""

    tree: str | None = None
    paths: tuple[str, ...] = ()
    unrelated: bool = False


def combine(git: Git, ours: str, theirs: str, *, any_history: bool = False) -> Combination:
    """Merge two commits. `any_history` accepts ones that have no ancestor in common."""
    arguments = (
        *("merge-tree", "--write-tree", "--name-only", "-z"),
        *(("--allow-unrelated-histories",) if any_history else ()),
        *(ours, theirs),
    )
    answer = git.call(*arguments)
    if answer.code == 0:
        return Combination(tree=answer.out.strip("\0\n"))
    if answer.code == 1:
        names = answer.out.split("\0")[1:]
        paths = dict.fromkeys(readable(name) for name in names[: names.index("")])
        return Combination(paths=tuple(paths))
    if "unrelated histories" in answer.err:
        return Combination(unrelated=True)
    raise failed(arguments, answer)
