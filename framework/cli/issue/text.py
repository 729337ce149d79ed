"""Issues in words, for people."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.issue import Comment, Issue
from ...domain.legible import clean, clean_lines
from ...facade import document


def issue_text(issue: Issue, waits_for: Sequence[str]) -> list[str]:
    """Everything about one issue but its comments."""
    lines = [
        f"#{issue.id} {clean(issue.title)}",
        f"state {issue.state.value}, priority {issue.priority.value}",
        *_named("labels", sorted(issue.labels)),
        *_named("assignees", sorted(issue.assignees)),
        *_named("milestone", [issue.milestone] if issue.milestone else []),
        *_named("depends on", tags(issue.depends_on)),
        *_named("waits for", tags(waits_for)),
        f"made {document.time(issue.created_at)} by {clean(issue.author) or 'nobody known'}, "
        f"changed {document.time(issue.updated_at)}",
    ]
    return [*lines, "", clean_lines(issue.body)] if issue.body else lines


def comment_text(comment: Comment) -> list[str]:
    head = f"-- {clean(comment.author)}, {document.time(comment.created_at)}"
    return ["", head, clean_lines(comment.text)]


def tags(ids: Sequence[str]) -> list[str]:
    return [f"#{one}" for one in ids]


def _named(name: str, values: Sequence[str]) -> list[str]:
    return [f"{name} {clean(', '.join(values))}"] if values else []
