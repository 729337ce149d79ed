"""The one table from an outcome to what happens next. Pure: somebody else acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .ledger import Scope
from .outcome import (
    Blocked,
    Conflicted,
    Deferred,
    Failed,
    Landed,
    LeaseLost,
    Outcome,
    OutOfBudget,
    PullRequested,
    Rejected,
    Stalled,
    Unfinished,
    explain,
)

MAX_FAILURES = 5

_FIRST = timedelta(seconds=10)
_LONGEST = timedelta(minutes=5)
_OUTAGE = 3
"""What is nobody's fault waits this many times the first backoff."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """Nothing more to do for this issue."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Try again at `at`. `counted`: the attempt is remembered as a failure of the issue."""

    at: datetime
    counted: bool


@dataclass(frozen=True, kw_only=True)
class GiveUp:
    """A person must act: the issue becomes `blocked` and says `why`."""

    why: str
    counted: bool


Decision = Done | Retry | GiveUp


def decide(
    outcome: Outcome,
    *,
    failures: int,
    now: datetime,
    max_failures: int = MAX_FAILURES,
    first: timedelta = _FIRST,
) -> Decision:
    """What follows `outcome`, after `failures` counted failures of the same issue before it.

    Every `max_failures` of them end with a person, whose answer gives the issue as many again.
    """
    failures %= max_failures
    match outcome:
        case Landed() | PullRequested():
            return Done()
        case LeaseLost():
            return Retry(at=now + _OUTAGE * first, counted=False)
        case Deferred(until=until):
            return Retry(at=until or now + _OUTAGE * first, counted=False)
        case Failed(ours=True):
            return Retry(at=now + _OUTAGE * first, counted=False)
        case Blocked(question=question):
            return GiveUp(why=question, counted=False)
        case OutOfBudget(scope=Scope.ISSUE):
            return GiveUp(why=explain(outcome), counted=False)
        case OutOfBudget(scope=Scope.RUN | Scope.DAY):
            return Retry(at=now, counted=False)
        case Rejected() | Conflicted() | Unfinished() | Stalled() | OutOfBudget() | Failed():
            if failures + 1 >= max_failures:
                return GiveUp(why=f"{failures + 1} failed attempts", counted=True)
            return Retry(at=now + backoff(failures, first=first), counted=True)


def backoff(failures: int, *, first: timedelta = _FIRST) -> timedelta:
    """`first`, doubled for every earlier failure, at most five minutes."""
    doubled: timedelta = first * (1 << min(failures, 20))
    return min(_LONGEST, doubled)
