"""What has to be counted over all issues, counted once for a whole answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .records import Issue
from .store import Store


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Comments by repository and issue number, issues by repository, milestone and state, and by
    an issue's database id the states of its sub-issues and of those that wait for it."""

    comments: Counter[tuple[int, int]] = field(default_factory=Counter)
    planned: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    children: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    waiting: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


def count(store: Store) -> Tally:
    """The numbers as they are now; `store.lock` is held."""
    tally = Tally()
    for repo in store.repos.values():
        for comment in repo.comments.values():
            tally.comments[repo.id, comment.issue] += 1
        for issue in repo.issues.values():
            _add(tally, issue)
    return tally


def _add(tally: Tally, issue: Issue) -> None:
    if issue.milestone is not None:
        tally.planned[issue.repo, issue.milestone, issue.state] += 1
    if issue.parent is not None:
        tally.children[issue.parent].append(issue.state)
    for blocker in issue.blocked_by:
        tally.waiting[blocker].append(issue.state)
