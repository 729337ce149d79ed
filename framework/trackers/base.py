"""The door to issues, wherever they live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from ..domain.issue import Change, Comment, Draft, Issue
from ..domain.query import Query

Clock = Callable[[], datetime]
"""The current time, in UTC."""


def utcnow() -> datetime:
    return datetime.now(UTC)


class Tracker(Protocol):
    """Where issues live. Synchronous; may be called from several threads and processes."""

    name: str

    def list(self, query: Query = ...) -> Sequence[Issue]:
        """The matching issues in order of creation. Raises TrackerUnavailable when it could not
        ask: an empty list always means that there are none."""

    def get(self, id: str) -> Issue:
        """One issue. Raises IssueNotFound."""

    def comments(self, id: str) -> Sequence[Comment]:
        """The comments of an issue, oldest first. Raises IssueNotFound."""

    def create(self, draft: Draft) -> Issue:
        """Make an issue, once.

        With a `key`: if an issue with it exists, that one is returned unchanged; if a person
        deleted it, IssueDeleted is raised. Both hold after any crash. Dependencies must exist
        (IssueNotFound).
        """

    def update(self, id: str, change: Change) -> Issue:
        """Change an issue in one step and return it. Leaving the states of `DONE` counts as a
        reopening.
        Raises IssueNotFound. A change that changes nothing does not touch `updated_at`."""

    def comment(self, id: str, text: str, *, author: str, key: str | None = None) -> Comment:
        """Add a comment. With a `key`, at most one of that key per issue: a second call returns
        the first comment. Raises IssueNotFound."""

    def close(self) -> None:
        """Give back what is open. The tracker must not be used afterwards."""


class Deletes(Protocol):
    """Trackers on which an issue can be deleted. Its key stays taken, and other issues no
    longer depend on it."""

    def delete(self, id: str) -> None:
        """Raises IssueNotFound."""
