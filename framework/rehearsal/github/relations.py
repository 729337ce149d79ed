"""Dependencies and sub-issues: the rules that both APIs share. `store.lock` is held."""

from __future__ import annotations

from .deeds import happened
from .records import Issue
from .store import Store

MOST_BLOCKERS, MOST_CHILDREN, MOST_LEVELS = 50, 100, 8


class Impossible(Exception):
    """The rules of dependencies or sub-issues forbid it; the text is GitHub's kind of sentence."""


def block(store: Store, issue: Issue, blocker: Issue, actor: str) -> None:
    """`issue` waits for `blocker`. A second time, a circle or too many are Impossible."""
    if blocker.id in issue.blocked_by:
        raise Impossible("Target issue has already been taken")
    if issue.id == blocker.id or _waits(store, blocker, issue.id):
        raise Impossible("Issue dependency would create a circular dependency")
    blocking = sum(1 for one in store.ids.values() if blocker.id in one.blocked_by)
    if max(len(issue.blocked_by), blocking) >= MOST_BLOCKERS:
        raise Impossible(f"Issue has reached the limit of {MOST_BLOCKERS} dependencies")
    issue.blocked_by.append(blocker.id)
    happened(store, issue, "blocked_by_added", actor, blocking_issue_id=blocker.id)
    happened(store, blocker, "blocking_added", actor, blocked_issue_id=issue.id)
    _tell(store, issue, "blocked_by_added", actor)


def unblock(store: Store, issue: Issue, blocker: Issue, actor: str) -> None:
    """`issue` no longer waits for `blocker`; Impossible where it did not."""
    if blocker.id not in issue.blocked_by:
        raise Impossible("Issue dependency not found")
    issue.blocked_by.remove(blocker.id)
    happened(store, issue, "blocked_by_removed", actor, blocking_issue_id=blocker.id)
    happened(store, blocker, "blocking_removed", actor, blocked_issue_id=issue.id)
    _tell(store, issue, "blocked_by_removed", actor)


def _tell(store: Store, issue: Issue, action: str, actor: str) -> None:
    store.tell(store.repo_of(issue), "issue_dependencies", action, actor, issue)


def _waits(store: Store, issue: Issue, wanted: int) -> bool:
    """Whether `issue` waits for the issue of that id, at whatever distance."""
    seen, rest = set[int](), [issue.id]
    while rest:
        one = rest.pop()
        if one == wanted:
            return True
        if one not in seen and one in store.ids:
            seen.add(one)
            rest += store.ids[one].blocked_by
    return False


def blocking(store: Store, issue: Issue) -> list[Issue]:
    """The issues that wait for this one."""
    return [one for one in store.ids.values() if issue.id in one.blocked_by]


def children(store: Store, issue: Issue) -> list[Issue]:
    return [one for one in store.ids.values() if one.parent == issue.id]


def adopt(store: Store, parent: Issue, child: Issue, actor: str, *, replace: bool = False) -> None:
    """Make `child` a sub-issue of `parent`; `replace` takes it from another parent."""
    if child.parent is not None and not replace:
        raise Impossible(
            "Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
        )
    above = _ancestors(store, parent)
    if child.id in (parent.id, *above):
        raise Impossible("Sub issue cannot be an ancestor of its parent")
    if len(children(store, parent)) >= MOST_CHILDREN:
        raise Impossible(f"Parent cannot have more than {MOST_CHILDREN} sub-issues")
    if len(above) + 1 + _depth(store, child) > MOST_LEVELS:
        raise Impossible(f"Sub-issues cannot be nested deeper than {MOST_LEVELS} levels")
    child.parent = parent.id
    happened(store, parent, "sub_issue_added", actor, sub_issue_id=child.id)
    happened(store, child, "parent_issue_added", actor, parent_issue_id=parent.id)
    store.tell(store.repo_of(parent), "sub_issues", "sub_issue_added", actor, parent)


def orphan(store: Store, parent: Issue, child: Issue, actor: str) -> None:
    """Take `child` from `parent`; Impossible where it is not its child."""
    if child.parent != parent.id:
        raise Impossible("The provided sub-issue is not a sub-issue of the parent")
    child.parent = None
    happened(store, parent, "sub_issue_removed", actor, sub_issue_id=child.id)
    happened(store, child, "parent_issue_removed", actor, parent_issue_id=parent.id)
    store.tell(store.repo_of(parent), "sub_issues", "sub_issue_removed", actor, parent)


def _ancestors(store: Store, issue: Issue) -> list[int]:
    found, at = list[int](), issue.parent
    while at is not None and at in store.ids:
        found.append(at)
        at = store.ids[at].parent
    return found


def _depth(store: Store, issue: Issue) -> int:
    return 1 + max((_depth(store, one) for one in children(store, issue)), default=0)


def delete(store: Store, issue: Issue, actor: str) -> None:
    """The issue is gone for good, with its comments, and every relation to it."""
    repo = store.repo_of(issue)
    store.tell(repo, "issues", "deleted", actor, issue)
    repo.issues.pop(issue.number, None)
    repo.deleted.add(issue.number)
    repo.comments = {key: one for key, one in repo.comments.items() if one.issue != issue.number}
    store.ids.pop(issue.id, None)
    store.nodes.pop(issue.node, None)
    for other in store.ids.values():
        other.parent = None if other.parent == issue.id else other.parent
        other.blocked_by = [one for one in other.blocked_by if one != issue.id]
