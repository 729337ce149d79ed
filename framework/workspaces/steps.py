"""What an agent's commits hold besides what the merged tree shows: it lands with them, and stays
in the history when a later commit takes it out of the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..domain.constitution import judge_step
from ..domain.disclosure import disclosed
from ..domain.filechange import FileChange
from .content import changes
from .hub import Hub

_MOST = 300
_ANEW = (
    "commit the result anew, after "
    '`git fetch -q "$NIGHTSHIFT_HUB" "$NIGHTSHIFT_TARGET" && '
    "git reset --soft $(git merge-base HEAD FETCH_HEAD)`"
)
_FORMAT = "--format=%H%x00%P%x00%an %ae %cn %ce%n%B%x00"


@dataclass(frozen=True, kw_only=True)
class _Step:
    commit: str
    parents: tuple[str, ...]
    words: str


def lingering(hub: Hub, tip: str, head: str) -> tuple[str, ...]:
    """Why `head` may not come onto `tip` although the merged tree may; none when it may.

    Of a merge only what no side of it has counts: what came from the target is there already.
    """
    steps = list(_steps(hub, tip, head))
    if len(steps) > _MOST:
        return (f"there are more than {_MOST} commits: {_ANEW}",)
    return tuple(dict.fromkeys(why for step in steps for why in _objections(hub, step)))


def _steps(hub: Hub, tip: str, head: str) -> Iterator[_Step]:
    said = hub.git.run("log", f"--max-count={_MOST + 1}", _FORMAT, head, f"^{tip}")
    fields = said.split("\0")
    for commit, parents, words in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        yield _Step(commit=commit.strip(), parents=tuple(parents.split()), words=words)


def _objections(hub: Hub, step: _Step) -> Iterator[str]:
    found = [
        *judge_step(_own(hub, step)),
        *(f"its message holds {one}" for one in disclosed(step.words)),
    ]
    for one in found:
        yield f"in the commit {step.commit[:10]}, {one.partition(':')[0]}: {_ANEW}"


def _own(hub: Hub, step: _Step) -> tuple[FileChange, ...]:
    """What this commit alone has brought."""
    if not step.parents:
        return ()  # it has nothing in common with the target, which is refused as such
    tree = hub.tree(step.commit)
    first, *others = (changes(hub, parent, tree) for parent in step.parents)
    elsewhere = [{one.path for one in side} for side in others]
    return tuple(one for one in first if all(one.path in side for side in elsewhere))
