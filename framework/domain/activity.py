"""What happened to issues: one entry for each change, kept for ever."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from .frozen import dataclass

Value = str | int | list[str] | None
"""A field's value as JSON holds it."""


class Kind(StrEnum):
    CREATED = "issue.created"
    UPDATED = "issue.updated"
    CLOSED = "issue.closed"
    REOPENED = "issue.reopened"
    DELETED = "issue.deleted"
    COMMENTED = "comment.added"
    LISTED = "entry.saved"
    UNLISTED = "entry.removed"


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """`field` as it was and as it became; None where there was or is no value."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One change by one actor. `id` rises with time; `issue` is None for a label, milestone or
    user. `forced` says that somebody else held the issue and the actor went over that."""

    id: int
    at: datetime
    kind: Kind
    actor: str
    issue: str | None
    changes: tuple[FieldChange, ...] = ()
    forced: bool = False
