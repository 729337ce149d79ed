"""The facts of a run, in the order in which they happened.

An event is plain data: text, numbers, booleans, None and tuples of text. `encode` and `decode`
are inverse. A kind or a field that this version does not know is skipped, and so is an event that
lacks what this version needs, so that any monitor can read any journal.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """`pid` and `started` name the runner's process, so that a reader can tell a dead run."""

    project: str
    target: str
    slots: int
    tracker: str
    agent: str
    host: str
    boot: str
    pid: int
    started: float
    rehearsed: bool = False
    boxed: bool = True


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    code: int
    why: str


@dataclass(frozen=True, kw_only=True)
class PlanningStarted:
    spec: str
    session: str


@dataclass(frozen=True, kw_only=True)
class PlanRefused:
    """The lint's findings, given back to the planning session."""

    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlanAccepted:
    plan: str
    issues: int
    usd: float


@dataclass(frozen=True, kw_only=True)
class IssuesCreated:
    plan: str
    created: int
    existing: int
    deleted: int


@dataclass(frozen=True, kw_only=True)
class BaselineChecked:
    """The project's own checks before anyone worked."""

    commit: str
    green: tuple[str, ...]
    red: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AttemptStarted:
    issue: str
    title: str
    epoch: int
    slot: int
    session: str
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class SessionProgress:
    """What a session is doing; `usd` and `tools` are its totals so far."""

    issue: str
    epoch: int
    note: str
    tools: int
    usd: float


@dataclass(frozen=True, kw_only=True)
class AttemptPaused:
    """A usage limit or an outage: the slot waits, and the same conversation goes on at `until`
    (ISO, UTC)."""

    issue: str
    epoch: int
    until: str
    why: str


@dataclass(frozen=True, kw_only=True)
class AttemptResumed:
    """The pause is over and the same conversation goes on."""

    issue: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class ConflictFound:
    """The work did not merge; its author gets one more turn."""

    issue: str
    epoch: int
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WorkLanded:
    issue: str
    epoch: int
    commit: str
    tree: str
    checks: int


@dataclass(frozen=True, kw_only=True)
class IssueSettled:
    """The tracker has been told of a landing: `state` is closed or needs_review."""

    issue: str
    reopened: int
    state: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class WorkRescued:
    issue: str
    epoch: int
    ref: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class AttemptEnded:
    """`outcome` is the name of the outcome's type, `counted` whether it is a failure."""

    issue: str
    epoch: int
    slot: int
    outcome: str
    why: str
    counted: bool
    seconds: float
    usd: float
    turns: int
    tools: int


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """Something that an earlier run had left was put right."""

    what: str


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something a person should know, and what to do about it."""

    text: str


Event = (
    RunStarted
    | RunEnded
    | PlanningStarted
    | PlanRefused
    | PlanAccepted
    | IssuesCreated
    | BaselineChecked
    | AttemptStarted
    | SessionProgress
    | AttemptPaused
    | AttemptResumed
    | ConflictFound
    | WorkLanded
    | IssueSettled
    | WorkRescued
    | AttemptEnded
    | Recovered
    | Warned
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event as the journal holds it: `cursor` grows by at least one each time, `at` is UTC."""

    cursor: int
    at: datetime
    run: str
    event: Event


_KINDS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in Event.__args__}


def encode(event: Event) -> tuple[str, dict[str, Any]]:
    """The kind and the fields, ready for JSON."""
    return type(event).__name__, dict(vars(event))


def decode(kind: str, fields: Mapping[str, Any]) -> Event | None:
    """The event, or None for one this version does not know: its kind, or what it lacks."""
    known = _KINDS.get(kind)
    if known is None:
        return None
    expected = dataclasses.fields(known)
    if any(field.name not in fields and field.default is MISSING for field in expected):
        return None
    return known(**{one.name: _plain(fields[one.name]) for one in expected if one.name in fields})


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
