"""An issue as every tracker holds it, normalised."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from .frozen import dataclass

META_LABEL = "meta"
META_KEY = "meta"
"""The key that a plan gives its META issue."""


class State(StrEnum):
    """Where an issue stands. *Waiting* (open dependencies) is derived, never stored."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    NEEDS_REVIEW = "needs_review"
    CLOSED = "closed"


DONE = frozenset({State.CLOSED, State.NEEDS_REVIEW})
"""The states of an issue whose work has landed; leaving them is a reopening."""

UNCLOSED = frozenset(State) - {State.CLOSED}

WORKABLE = frozenset({State.OPEN, State.IN_PROGRESS})
"""The states in which an issue may be worked on, its dependencies and leases permitting."""


class Priority(StrEnum):
    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Priority).index(self)


class Category(StrEnum):
    FUNCTIONAL = "functional"
    STYLE = "style"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One unit of work.

    `id` is what people type ("12"); `uid` is the same issue among all trackers of the world
    and goes into commit trailers. `author` and `assignees` are names of users. `reopened` counts
    how often it was taken up again after it had been done. `withheld` says why nobody may start
    on it although its state allows it, as far as the tracker knows; mostly empty. Times are UTC.
    """

    id: str
    uid: str
    title: str
    body: str = ""
    state: State = State.OPEN
    priority: Priority = Priority.MEDIUM
    labels: frozenset[str] = frozenset()
    depends_on: tuple[str, ...] = ()
    author: str = ""
    assignees: frozenset[str] = frozenset()
    milestone: str | None = None
    key: str | None = None
    reopened: int = 0
    withheld: str = ""
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        return self.state is State.CLOSED

    @property
    def is_meta(self) -> bool:
        """The META issue reports on the others and is never worked on."""
        return META_LABEL in self.labels


def is_meta_key(key: str) -> bool:
    """Whether a plan gave its META issue this key, behind the plan's id."""
    return key.rpartition("/")[2] == META_KEY


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An issue to be made. `key` makes creation idempotent: see `Tracker.create`."""

    title: str
    body: str = ""
    priority: Priority = Priority.MEDIUM
    labels: frozenset[str] = frozenset()
    depends_on: tuple[str, ...] = ()
    assignees: frozenset[str] = frozenset()
    milestone: str | None = None
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What to change in an issue. None, or an empty set to add or remove, leaves a field as it
    is; `assignees` replaces all there were, and an empty `milestone` takes the issue off its."""

    title: str | None = None
    body: str | None = None
    state: State | None = None
    priority: Priority | None = None
    assignees: frozenset[str] | None = None
    milestone: str | None = None
    add_labels: frozenset[str] = frozenset()
    remove_labels: frozenset[str] = frozenset()
    add_depends_on: frozenset[str] = frozenset()
    remove_depends_on: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A remark on an issue. A second comment with the same `key` on the issue is not written.
    `heeded`: whether agents may be told of it; not of what strangers say on a forge."""

    id: str
    issue: str
    author: str
    text: str
    created_at: datetime
    key: str | None = None
    heeded: bool = True
