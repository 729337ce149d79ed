"""What would land, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..domain import brief, constitution
from ..domain.check import CheckResult
from ..domain.filechange import FileChange
from ..domain.issue import Issue
from ..domain.others import is_test
from .base import Siblings


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """`tree`, merged from `tip` and `head`, with the commands to judge it. `joined` is what the
    tip contains of the remote's branch."""

    tip: str
    joined: str | None
    head: str
    tree: str
    own: tuple[str, ...]
    project: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.own, *self.project)))


def broken_rules(
    issue: Issue, siblings: Siblings, changed: Iterable[FileChange]
) -> tuple[str, ...]:
    """Which content rules a change of these files breaks."""
    changed = tuple(changed)
    work = brief.parse(issue.body)
    claimed = _claimed(siblings) if any(map(_is_old_test, changed)) else frozenset()
    return constitution.judge(changed, expected=work.paths, claimed=claimed)


def reasons(results: tuple[CheckResult, ...], red_before: tuple[str, ...]) -> tuple[str, ...]:
    """Why the results speak against it, those that failed before anyone worked left out."""
    return tuple(
        f"`{result.command}` ran into the time limit"
        if result.code is None
        else f"`{result.command}` failed with exit code {result.code}"
        for result in results
        if not result.passed and result.command not in red_before
    )


def _is_old_test(change: FileChange) -> bool:
    return change.existed and is_test(change.path)


def _claimed(siblings: Siblings) -> frozenset[str]:
    return frozenset(path for other in siblings() for path in _paths(other.body))


@lru_cache(maxsize=4096)
def _paths(body: str) -> tuple[str, ...]:
    """The paths that an issue names. A landing that changes tests asks it of every issue."""
    return brief.parse(body).paths
