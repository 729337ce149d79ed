"""What an agent's commits hold besides what the merged tree shows: it lands with them, and stays
in the history when a later commit takes it out of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..domain.constitution import judge_step
from ..domain.disclosure import disclosed
from .content import described, differing
from .history import Step, row
from .hub import Hub
from .trees import Difference

_MOST = 300
_ANEW = (
    "commit the result anew, after "
    '`git fetch -q "$NIGHTSHIFT_HUB" "$NIGHTSHIFT_TARGET" && '
    "git reset --soft $(git merge-base HEAD FETCH_HEAD)`"
)
_FORMAT = "--format=%H%x00%T %P%x00%an %ae %cn %ce%n%B%x00"


def lingering(hub: Hub, tip: str, head: str, judged: Sequence[Difference] = ()) -> tuple[str, ...]:
    """Why `head` may not come onto `tip` although the merged tree may; none when it may.

    Of a merge only what no side of it has counts: what came from the target is there already.
    `judged` is what the merged tree changes: what a commit changes in just the same way has
    passed.
    """
    steps = row(hub, tip, head) or tuple(_steps(hub, tip, head))
    if len(steps) > _MOST:
        return (f"there are more than {_MOST} commits: {_ANEW}",)
    known = frozenset(judged)
    return tuple(dict.fromkeys(why for step in steps for why in _objections(hub, step, known)))


def _steps(hub: Hub, tip: str, head: str) -> Iterator[Step]:
    said = hub.git.run("log", f"--max-count={_MOST + 1}", _FORMAT, head, f"^{tip}")
    fields = said.split("\0")
    for commit, others, words in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        tree, *parents = others.split()
        yield Step(commit=commit.strip(), tree=tree, parents=tuple(parents), words=words)


def _objections(hub: Hub, step: Step, known: frozenset[Difference]) -> Iterator[str]:
    own = [one for one in _own(hub, step) if one not in known]
    found = [
        *judge_step(described(hub, own)),
        *(f"its message holds {one}" for one in disclosed(step.words)),
    ]
    for one in found:
        yield f"in the commit {step.commit[:10]}, {one.partition(':')[0]}: {_ANEW}"


def _own(hub: Hub, step: Step) -> list[Difference]:
    """What this commit alone has brought."""
    if not step.parents:
        return []  # it has nothing in common with the target, which is refused as such
    first, *others = (differing(hub, parent, step.tree) for parent in step.parents)
    elsewhere = [{one.path for one in side} for side in others]
    return [one for one in first if all(one.path in side for side in elsewhere)]
