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

from .facts import Facts
from .pull import PullWaits


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
class PlanningPaused:
    """A usage limit holds planning up until `until` (ISO, UTC)."""

    until: str
    why: str


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


@dataclass(frozen=True, kw_only=True)
class SessionProgress:
    """What a session is doing; the figures are its totals so far, as far as they are known."""

    issue: str
    epoch: int
    note: str
    tools: int
    usd: float
    turns: int = 0
    seconds: float = 0.0


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
class AttemptMoved:
    """The same conversation goes on with another token: the one from `account`."""

    issue: str
    epoch: int
    account: str
    why: str


@dataclass(frozen=True, kw_only=True)
class AccountParked:
    """A token met a limit until `until` (ISO, UTC; empty when the service did not say)."""

    account: str
    until: str
    why: str


@dataclass(frozen=True, kw_only=True)
class AccountRefused:
    """The service refuses a token: it is not used until a person acts."""

    account: str
    why: str


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
    """The tracker has been told of a landing: `state` is closed or needs_review. `waits`: it is
    away, and will be told."""

    issue: str
    reopened: int
    state: str
    commit: str
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class WorkRescued:
    issue: str
    epoch: int
    ref: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class AttemptEnded:
    """`outcome` is the name of the outcome's type, `counted` whether it is a failure. `seconds`
    are those of the attempt, `worked` those of its session without pauses. `trouble` is the class
    of what ended it, as `domain.incidents` names it; empty where the outcome says all. `scope` is
    whose cap ended it, if one did."""

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
    worked: float = 0.0
    trouble: str = ""
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class SessionScored(Facts):
    """The health of an attempt's session, from 0 to 100, and the facts that it was scored from.
    Each reason is one line, as `-12 repeats: …`."""

    issue: str
    epoch: int
    session: str
    score: int
    reasons: tuple[str, ...]
    productivity: float


@dataclass(frozen=True, kw_only=True)
class CapNear:
    """Most of a cap is used: `use` says of which, for people."""

    issue: str
    use: str


@dataclass(frozen=True, kw_only=True)
class CapRaised:
    """A person allows more: `scope` is issue, run or day, and `name` which one."""

    scope: str
    name: str
    turns: int = 0
    seconds: float = 0.0
    usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TrackerLost:
    """The tracker cannot be reached: what it is to be told waits, and the work goes on."""

    why: str


@dataclass(frozen=True, kw_only=True)
class TrackerBack:
    """The tracker has been told all that waited: `sent` changes and comments, the oldest of
    which waited for `seconds`."""

    seconds: float
    sent: int


@dataclass(frozen=True, kw_only=True)
class TellingRefused:
    """Something that waited for the tracker was refused by it for good, and is kept apart."""

    issue: str
    why: str


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
    | PlanningPaused
    | PlanRefused
    | PlanAccepted
    | IssuesCreated
    | BaselineChecked
    | AttemptStarted
    | SessionProgress
    | AttemptPaused
    | AttemptResumed
    | AttemptMoved
    | AccountParked
    | AccountRefused
    | ConflictFound
    | WorkLanded
    | IssueSettled
    | PullWaits
    | WorkRescued
    | AttemptEnded
    | SessionScored
    | CapNear
    | CapRaised
    | TrackerLost
    | TrackerBack
    | TellingRefused
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
