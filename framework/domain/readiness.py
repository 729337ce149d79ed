"""Why an issue can, or cannot, be worked on now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from .frozen import dataclass
from .graph import waits_for
from .issue import WORKABLE, Issue
from .lease import Record


class Obstacle(StrEnum):
    STATE = "state"
    META = "meta"
    WITHHELD = "withheld"
    DEPENDENCIES = "dependencies"
    CLAIMED = "claimed"
    BACKOFF = "backoff"


@dataclass(frozen=True, kw_only=True)
class Reason:
    obstacle: Obstacle
    text: str


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """`reasons` is everything that stands in the way; nothing does when it is empty."""

    issue: Issue
    reasons: tuple[Reason, ...]

    @property
    def is_ready(self) -> bool:
        return not self.reasons


def readiness(
    issue: Issue, known: Mapping[str, Issue], record: Record | None, now: datetime
) -> Readiness:
    """The same judgement as `graph.ready`, with its reasons. `known` holds the dependencies."""
    reasons = [Reason(obstacle=kind, text=text) for kind, text in _found(issue, known, record, now)]
    return Readiness(issue=issue, reasons=tuple(reasons))


def _found(
    issue: Issue, known: Mapping[str, Issue], record: Record | None, now: datetime
) -> list[tuple[Obstacle, str]]:
    found: list[tuple[Obstacle, str]] = []
    if issue.state not in WORKABLE:
        found.append((Obstacle.STATE, f"it is {issue.state.value}"))
    if issue.is_meta:
        found.append((Obstacle.META, "it reports on the others and is never worked on"))
    if issue.withheld:
        found.append((Obstacle.WITHHELD, issue.withheld))
    if waiting := waits_for(issue, known):
        states = (f"#{one} ({known[one].state if one in known else 'gone'})" for one in waiting)
        found.append((Obstacle.DEPENDENCIES, f"it waits for {', '.join(states)}"))
    if record is not None and record.lease is not None and not record.lease.is_over(now):
        found.append((Obstacle.CLAIMED, f"it is claimed until {_told(record.lease.expires_at)}"))
    if record is not None and record.not_before is not None and record.not_before > now:
        number = len(record.failures)
        failed = f"it failed {number} {'time' if number == 1 else 'times'}"
        found.append((Obstacle.BACKOFF, f"{failed} and rests until {_told(record.not_before)}"))
    return found


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
