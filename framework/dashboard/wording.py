"""How values are worded on screens, and how foreign text is made harmless there."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePath

from ..domain.board import Row, Standing
from ..domain.chronicle import Attempt, Run
from ..domain.event import AccountParked
from ..domain.legible import clean
from ..domain.story import Clock, account_line, count, tags

_DAY = timedelta(days=1)
_WELL = ("Landed", "PullRequested")
"""The outcomes of attempts that did what they were to do."""

STYLES = {
    Standing.RUNNING: "bold cyan",
    Standing.READY: "",
    Standing.DELAYED: "yellow",
    Standing.HELD: "magenta",
    Standing.WAITING: "dim",
    Standing.BLOCKED: "bold red",
    Standing.NEEDS_REVIEW: "bold yellow",
    Standing.CLOSED: "green",
    Standing.META: "dim",
}


def clock(at: datetime, seen: datetime) -> str:
    """The time of day where the reader is; with its date where that is more than a day away from
    the moment at which it is `seen`."""
    is_near = abs(at - seen) < _DAY
    return f"{at.astimezone():%H:%M:%S}" if is_near else f"{at.astimezone():%Y-%m-%d %H:%M}"


def clock_at(seen: datetime) -> Clock:
    """As above, for those who word events."""
    return partial(clock, seen=seen)


def warning(one: str | AccountParked, seen: datetime) -> str:
    told = one if isinstance(one, str) else account_line(one, clock=clock_at(seen))
    return clean(told)


def duration(seconds: float) -> str:
    """`0:07`, `12:31`, `3:00:09`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def project(run: Run) -> str:
    """The name of the run's project, without the way to it."""
    return clean(PurePath(run.project).name) or "Nightshift"


def standing(value: Standing) -> str:
    return value.value.replace("_", " ")


def outcome_style(outcome: str) -> str:
    match outcome:
        case _ if outcome in _WELL:
            return "green"
        case "Deferred" | "LeaseLost":
            return "dim"
        case _:
            return "red"


def situation(row: Row, seen: datetime) -> str:
    """Why the issue stood where it stands when it was `seen`, in a few words."""
    match row.standing:
        case Standing.CLOSED:
            return _and(*_landing(row))
        case Standing.WAITING:
            return f"waits for {tags(row.waits_for)}"
        case Standing.DELAYED:
            again = f"tries again at {clock(row.until, seen)}" if row.until else "tries again soon"
            return _and(again, _last(row))
        case Standing.HELD:
            if row.until is None:
                return row.why  # withheld by its tracker: a claim has an end
            return f"claimed by somebody else until {clock(row.until, seen)}"
        case Standing.NEEDS_REVIEW:
            return _and(pull(row) or "a person must look", *_landing(row))
        case Standing.BLOCKED:
            return _and("a person must act", _last(row))
        case Standing.READY | Standing.RUNNING:
            return _last(row)
        case Standing.META:
            return ""


def explained(attempt: Attempt) -> str:
    """Why the attempt ended as it did, and the conflict it resolved if it did."""
    solved = f"resolved a conflict in {', '.join(attempt.conflicts)}"
    return _and(attempt.why, solved if _resolved(attempt) else "")


def trouble(attempt: Attempt) -> str:
    """What an attempt met on its way, empty when nothing."""
    told = []
    if attempt.pauses:
        told.append(f"paused ({'; '.join(dict.fromkeys(attempt.pauses))})")
    if attempt.conflicts:
        solved = "resolved" if _resolved(attempt) else "did not resolve"
        told.append(f"{solved} a conflict in {', '.join(attempt.conflicts)}")
    if attempt.outcome not in _WELL:
        told.append(f"{attempt.outcome}: {attempt.why}" if attempt.why else attempt.outcome)
    elif told:
        told.append(f"then {attempt.outcome}")
    return ", ".join(told)


def _resolved(attempt: Attempt) -> bool:
    return bool(attempt.conflicts) and attempt.outcome in _WELL


def _last(row: Row) -> str:
    if not row.outcomes:
        return ""
    tries = count(len(row.outcomes), "attempt")
    return f"{tries}, last {row.outcomes[-1]}" + (f": {row.why}" if row.why else "")


def pull(row: Row) -> str:
    """Where its pull request is, and what it waits for; nothing where it has none."""
    return row.why if row.outcomes[-1:] == ("PullRequested",) else ""


def _landing(row: Row) -> tuple[str, str]:
    tries = f"{len(row.outcomes)} attempts" if len(row.outcomes) > 1 else ""
    return f"landed as {row.commit[:10]}" if row.commit else "", tries


def _and(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
