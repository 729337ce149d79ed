"""Issues and all around them as plain data for programs.

Names are in snake_case, times ISO 8601 in UTC ending in `Z`. Fields may be added; one that is
renamed, removed or changes its meaning raises `VERSION`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..domain.entry import Entry, Label, Milestone, User
from .claims import holder_name

if TYPE_CHECKING:
    from ..domain.activity import Activity
    from ..domain.issue import Comment, Issue
    from ..domain.lease import Lease
    from ..domain.message import Message
    from ..domain.readiness import Readiness
    from ..domain.stage import WorkState
    from ..domain.statistics import Statistics
    from .doctor import Check

VERSION = 1

Document = dict[str, Any]


def issue(one: Issue, waits_for: Sequence[str]) -> Document:
    """`number` is the id as a number where it is one; `waits_for` are the dependencies that are
    not closed."""
    return {
        "id": one.id,
        "number": int(one.id) if one.id.isdecimal() else None,
        "uid": one.uid,
        "title": one.title,
        "body": one.body,
        "state": one.state.value,
        "priority": one.priority.value,
        "labels": sorted(one.labels),
        "assignees": sorted(one.assignees),
        "milestone": one.milestone,
        "author": one.author,
        "depends_on": list(one.depends_on),
        "key": one.key,
        "reopened": one.reopened,
        "withheld": one.withheld,
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "closed_at": time(one.closed_at),
        "waits_for": list(waits_for),
    }


def comment(one: Comment) -> Document:
    return {
        "id": one.id,
        "issue": one.issue,
        "author": one.author,
        "text": one.text,
        "key": one.key,
        "created_at": time(one.created_at),
    }


def claim(lease: Lease, *, mine: bool) -> Document:
    return {
        "issue": lease.key,
        "agent": holder_name(lease),
        "epoch": lease.epoch,
        "mine": mine,
        "expires_at": time(lease.expires_at),
    }


def no_claim(issue: str) -> Document:
    """Of an issue that nobody holds: the same fields."""
    return {"issue": issue, "agent": None, "epoch": None, "mine": False, "expires_at": None}


def released(lease: Lease, *, mine: bool) -> Document:
    return {**claim(lease, mine=mine), "released": True}


def activity(one: Activity) -> Document:
    return {
        "id": one.id,
        "at": time(one.at),
        "kind": one.kind.value,
        "actor": one.actor,
        "issue": one.issue,
        "changes": [
            {"field": part.field, "before": part.before, "after": part.after}
            for part in one.changes
        ],
        "forced": one.forced,
    }


def message(one: Message) -> Document:
    return {
        "type": one.type,
        "agent": one.agent,
        "timestamp": time(one.timestamp),
        "data": one.data,
    }


def work_state(one: WorkState) -> Document:
    return {
        "agent": one.agent,
        "progress": one.progress,
        "status": one.status,
        "stage": one.stage,
        "checkpoints": list(one.checkpoints),
        "next_checkpoint": one.next_checkpoint,
        "updated_at": time(one.updated_at),
    }


def readiness(one: Readiness) -> Document:
    reasons = [{"obstacle": part.obstacle.value, "text": part.text} for part in one.reasons]
    return {"issue": one.issue.id, "ready": one.is_ready, "reasons": reasons}


def statistics(one: Statistics) -> Document:
    return {
        "total": one.total,
        "states": {state.value: count for state, count in one.states.items()},
        "priorities": {priority.value: count for priority, count in one.priorities.items()},
        "labels": one.labels,
        "assignees": one.assignees,
        "closed_last_7_days": one.closed_lately,
        "median_age_seconds": _seconds(one.median_age),
        "median_seconds_to_close": _seconds(one.median_to_close),
    }


def entry(one: Entry) -> Document:
    match one:
        case Label():
            return {"name": one.name, "description": one.description, "color": one.color}
        case Milestone():
            due = one.due.isoformat() if one.due else None
            state = "closed" if one.is_closed else "open"
            return {"name": one.name, "description": one.description, "due": due, "state": state}
        case User():
            return {"name": one.name, "kind": one.kind}


def check(one: Check) -> Document:
    """One thing that `issue doctor` looked at."""
    return {
        "name": one.name,
        "level": one.level.value,
        "text": one.text,
        "repaired": one.repaired,
    }


def time(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
