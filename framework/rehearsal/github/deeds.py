"""What people do to issues: the same deeds for both APIs.

Each changes records, writes the timeline and notes what webhooks will tell. None checks rights,
lengths or existence: the API's side does. All want `store.lock` held.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .records import Comment, Event, Issue, Label
from .store import Store


def happened(store: Store, issue: Issue, kind: str, actor: str, **details: Any) -> Event:
    """Write a line into the timeline; the issue counts as updated."""
    number, node = store.mint("event")
    event = Event(
        id=number, node=node, kind=kind, actor=actor, at=store.clock.second(), details=details
    )
    issue.events.append(event)
    store.keep(node, event)
    store.touch(issue)
    return event


def retitle(store: Store, issue: Issue, title: str, actor: str) -> None:
    if title != issue.title:
        change = {"from": issue.title, "to": title}
        issue.title = title
        happened(store, issue, "renamed", actor, rename=change)
        _changed(store, issue, "edited", actor)


def rewrite(store: Store, issue: Issue, body: str | None, actor: str) -> None:
    if (body or "") != (issue.body or ""):
        issue.body, issue.editor = body, actor
        issue.edited_at = store.clock.second()
        store.touch(issue)
        _changed(store, issue, "edited", actor)


def close(store: Store, issue: Issue, actor: str, reason: str | None = "completed") -> None:
    """Close it; closing again with another reason changes the reason alone."""
    if issue.state == "closed":
        if reason != issue.state_reason:
            issue.state_reason = reason
            store.touch(issue)
        return
    issue.state, issue.state_reason = "closed", None if issue.pull else reason
    issue.closed_at, issue.closed_by = store.clock.second(), actor
    happened(store, issue, "closed", actor, commit_id=None, state_reason=issue.state_reason)
    _changed(store, issue, "closed", actor)


def reopen(store: Store, issue: Issue, actor: str) -> None:
    if issue.state == "closed":
        issue.state, issue.state_reason = "open", None if issue.pull else "reopened"
        issue.closed_at = issue.closed_by = None
        happened(store, issue, "reopened", actor, state_reason=issue.state_reason)
        _changed(store, issue, "reopened", actor)


def label(store: Store, issue: Issue, names: Iterable[str], actor: str) -> None:
    """Add labels; unknown ones are made, as GitHub does for people who may push."""
    repo = store.repo_of(issue)
    for name in names:
        label = store.add_label(repo, name)
        if label.name not in issue.labels:
            issue.labels.append(label.name)
            happened(store, issue, "labeled", actor, label=_chip(label))
            _changed(store, issue, "labeled", actor)


def unlabel(store: Store, issue: Issue, names: Iterable[str], actor: str) -> None:
    gone = {name.lower() for name in names}
    repo = store.repo_of(issue)
    for name in [one for one in issue.labels if one.lower() in gone]:
        issue.labels.remove(name)
        label = repo.labels.get(name.lower())
        chip = _chip(label) if label else {"name": name, "color": "ededed"}
        happened(store, issue, "unlabeled", actor, label=chip)
        _changed(store, issue, "unlabeled", actor)


def assign(store: Store, issue: Issue, logins: Iterable[str], actor: str) -> None:
    """Add people, at most ten in all; the further ones are dropped silently, as GitHub does."""
    for login in logins:
        user = store.user(login)
        if user and user.login not in issue.assignees and len(issue.assignees) < 10:
            issue.assignees.append(user.login)
            happened(store, issue, "assigned", actor, assignee=user.login)
            _changed(store, issue, "assigned", actor)


def unassign(store: Store, issue: Issue, logins: Iterable[str], actor: str) -> None:
    gone = {login.lower() for login in logins}
    for login in [one for one in issue.assignees if one.lower() in gone]:
        issue.assignees.remove(login)
        happened(store, issue, "unassigned", actor, assignee=login)
        _changed(store, issue, "unassigned", actor)


def plan(store: Store, issue: Issue, milestone: int | None, actor: str) -> None:
    """Put the issue into a milestone (by number), or take it out of its own."""
    if milestone == issue.milestone:
        return
    repo = store.repo_of(issue)
    kind, number = (
        ("demilestoned", issue.milestone) if milestone is None else ("milestoned", milestone)
    )
    issue.milestone = milestone
    title = repo.milestones[number].title if number in repo.milestones else ""
    happened(store, issue, kind, actor, milestone={"title": title})
    _changed(store, issue, kind, actor)


def say(store: Store, issue: Issue, author: str, body: str) -> Comment:
    """Comment on an issue or a pull request."""
    number, node = store.mint("comment")
    now = store.clock.second()
    comment = Comment(
        id=number,
        node=node,
        issue=issue.number,
        author=author,
        body=body,
        created_at=now,
        updated_at=now,
    )
    repo = store.repo_of(issue)
    repo.comments[number] = comment
    store.keep(node, comment)
    store.touch(issue)
    store.tell(repo, "issue_comment", "created", author, issue)
    return comment


def _changed(store: Store, issue: Issue, action: str, actor: str) -> None:
    event = "pull_request" if issue.pull else "issues"
    store.tell(store.repo_of(issue), event, action, actor, issue)


def _chip(label: Label) -> dict[str, str]:
    return {"name": label.name, "color": label.color}
