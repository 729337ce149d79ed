"""Whether the stores behind a project's issues are sound: one line for each thing looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from enum import StrEnum

from ..domain.errors import NightshiftError, TrackerUnavailable
from ..domain.finding import Finding
from ..domain.frozen import dataclass, replace
from ..domain.issue import State
from ..domain.query import Query
from ..leases.base import LeaseStore
from ..trackers.base import BacksUp, Checks, Tracker

REPAIR = "issue doctor --repair"
"""What the text of a check ends with that can be mended so."""


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Check:
    """`text` says how it stands and, where it is not ok, what a person can do. What was bad and
    has been mended is ok and `repaired`."""

    name: str
    text: str
    level: Level = Level.OK
    repaired: bool = False

    @property
    def is_mendable(self) -> bool:
        """Whether a look with repair would make it right."""
        return self.level is Level.BAD and self.text.endswith(REPAIR)


Probe = Callable[[], Iterable[Check]]


def examine(probes: Iterable[tuple[str, Probe]]) -> Iterator[Check]:
    """All checks of all probes. A probe that cannot go on is one bad check more; what stops a
    second one for the same reason is only said to be unseen."""
    told: set[str] = set()
    for name, probe in probes:
        try:
            yield from probe()
        except (NightshiftError, OSError) as error:
            check = Check(name=name, text=_why(error), level=Level.BAD)
            again = "was not looked at, for the reason above"
            yield replace(check, text=again, level=Level.WARNING) if check.text in told else check
            told.add(check.text)


def _why(error: NightshiftError | OSError) -> str:
    if isinstance(error, NightshiftError):
        return str(error)
    return (
        f"{error.filename or 'A file'} cannot be used ({error.strerror or error}). See that you "
        "may read and write it, and that its disk is sound."
    )


def of_tracker(tracker: Tracker, *, repair: bool) -> Iterator[Check]:
    """With `repair`, what can be made anew from the facts is; the facts are never changed."""
    if not isinstance(tracker, Checks):
        yield Check(name="issues", text=f"{tracker.count(Query())}, on {tracker.name}")
        return
    for finding in tracker.check(repair=repair):
        yield _told(finding)


def of_backups(tracker: Tracker, *, every: timedelta) -> Iterator[Check]:
    """Makes a backup where the last is not younger than `every`."""
    if not isinstance(tracker, BacksUp):
        return
    try:
        newest = tracker.back_up(every=every)
        told = f"the newest is {newest}" if newest else "no issues yet, so nothing is copied"
        yield Check(name="backup", text=told)
    except TrackerUnavailable as error:
        yield Check(name="backup", text=f"none could be made: {error}", level=Level.WARNING)


def of_leases(store: LeaseStore) -> Iterator[Check]:
    for text in store.unreadable():
        yield Check(name="leases", text=text, level=Level.BAD)
    known, live = len(store.records()), len(store.held())
    yield Check(name="leases", text=f"{known} remembered, {live} of them live")


def of_progress(tracker: Tracker, store: LeaseStore) -> Iterator[Check]:
    """Issues in progress that nobody holds: left behind by a claim that expired, or set so by
    a person, which is why they are not put back without asking."""
    held = {lease.key for lease in store.held()}
    issues = tracker.list(Query(states=frozenset({State.IN_PROGRESS})))
    left = [f"#{issue.id}" for issue in issues if issue.id not in held]
    if not left:
        yield Check(name="in progress", text="nothing that nobody holds")
        return
    shown = ", ".join(left[:10]) + (f" and {len(left) - 10} more" if len(left) > 10 else "")
    yield Check(
        name="in progress",
        text=f"{shown}, although nobody holds it. If nobody works on it: issue claim cleanup",
        level=Level.WARNING,
    )


def _told(finding: Finding) -> Check:
    name, _, text = finding.what.partition(": ")
    bad = finding.is_bad and not finding.repaired
    return Check(
        name=name, text=text, level=Level.BAD if bad else Level.OK, repaired=finding.repaired
    )
