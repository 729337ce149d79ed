"""The board: everything a screen shows, folded from the facts. Pure.

journal entries ─┐
issues ──────────┼─ fold(now, alive) ─> Board ─> terminal | summary | JSON
lease records ───┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice

from . import graph
from .chronicle import Attempt, Chronicle, Planning, Run
from .event import AccountParked, Entry, SessionScored
from .incidents import Incident, incidents
from .issue import Issue, Priority, State
from .lease import Record
from .story import describe

RECENT = 50
"""How many events a board remembers as news."""


class Standing(StrEnum):
    """Where an issue stands for people: its state, or what follows from the facts around it.

    `held` is claimed by somebody other than this run or withheld by its tracker, `delayed` waits
    for its next try.
    """

    RUNNING = "running"
    READY = "ready"
    DELAYED = "delayed"
    HELD = "held"
    WAITING = "waiting"
    BLOCKED = "blocked"
    NEEDS_REVIEW = "needs_review"
    CLOSED = "closed"
    META = "meta"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An issue. `until` is the end of a delay or of somebody else's claim; `why` explains the
    last outcome, or says what its pull request waits for; `seconds` and `usd` are those of all its
    attempts."""

    id: str
    title: str
    standing: Standing
    priority: Priority
    waits_for: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    why: str = ""
    failures: int = 0
    until: datetime | None = None
    commit: str = ""
    seconds: float = 0.0
    usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place for one attempt, numbered from 1, and the attempt in it. None: idle."""

    number: int
    attempt: Attempt | None = None


@dataclass(frozen=True, kw_only=True)
class Totals:
    """`elapsed` is time by the clock, `worked` the attempts' times added up. Money includes
    planning. Attempts that still go on are counted as far as they have come."""

    attempts: int = 0
    failures: int = 0
    landed: int = 0
    turns: int = 0
    tools: int = 0
    worked: float = 0.0
    elapsed: float = 0.0
    usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Board:
    """How things stood `at` a moment. `run`, `slots`, `warnings`, `incidents`, `health` and
    `of_run` are about the last run; attempts and recent events are of all runs, oldest first. A
    warning that holds a time is its event, for a screen to word."""

    at: datetime
    run: Run
    planning: Planning
    slots: tuple[Slot, ...] = ()
    issues: tuple[Row, ...] = ()
    counts: Mapping[Standing, int] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    of_run: Totals = field(default_factory=Totals)
    of_project: Totals = field(default_factory=Totals)
    recent: tuple[Entry, ...] = ()
    warnings: tuple[str | AccountParked, ...] = ()
    incidents: tuple[Incident, ...] = ()
    health: tuple[SessionScored, ...] = ()

    @property
    def work(self) -> tuple[Row, ...]:
        """The issues without META, which only reports on the others."""
        return tuple(row for row in self.issues if row.standing is not Standing.META)


def fold(
    entries: Sequence[Entry],
    issues: Sequence[Issue],
    records: Mapping[str, Record],
    *,
    now: datetime,
    alive: bool,
) -> Board:
    """The board at `now`. `alive`: the process of the last run exists.

    Entries are in order of their cursors. Each is looked at once, so that a reader may fold the
    whole journal every second. Nothing is promised about events that contradict each other.
    """
    story = Chronicle()
    for entry in entries:
        story.apply(entry)
    runs, attempts = story.finish(now, alive=alive)
    run = runs[-1] if runs else Run()
    rows = _rows(issues, records, attempts, story, now)
    mine = tuple(one for one in attempts if one.run == run.id)
    return Board(
        at=now,
        run=run,
        planning=story.planning,
        slots=_slots(run, mine),
        issues=rows,
        counts=_counts(rows),
        attempts=attempts,
        of_run=_totals([run], mine, story.planned, now),
        of_project=_totals(runs, attempts, story.planned, now),
        recent=_recent(entries),
        warnings=tuple(dict.fromkeys(text for of, text in story.warnings if of == run.id)),
        incidents=incidents(entries, run.id),
        health=_health(entries, run.id),
    )


def _slots(run: Run, attempts: Iterable[Attempt]) -> tuple[Slot, ...]:
    taken = {one.slot: one for one in attempts if one.is_going}
    numbers = sorted({*range(1, run.slots + 1), *taken})
    return tuple(Slot(number=number, attempt=taken.get(number)) for number in numbers)


def _rows(
    issues: Sequence[Issue],
    records: Mapping[str, Record],
    attempts: Iterable[Attempt],
    story: Chronicle,
    now: datetime,
) -> tuple[Row, ...]:
    known = {issue.id: issue for issue in issues}
    ready = {issue.id for issue in graph.ready(issues, records, now)}
    tried: dict[str, list[Attempt]] = {}
    for one in attempts:
        tried.setdefault(one.issue, []).append(one)

    def row(issue: Issue) -> Row:
        record, mine = records.get(issue.id), tried.get(issue.id, [])
        waits_for = () if issue.is_closed else graph.waits_for(issue, known)
        running = any(one.is_going for one in mine)
        free = Standing.READY if issue.id in ready else _not_free(issue, record, now)
        standing = _standing(issue, running, Standing.WAITING if waits_for else free)
        made = _row(issue, standing, record, mine)
        waits = story.waits.get(issue.id) if standing is Standing.NEEDS_REVIEW else None
        return replace(
            made,
            waits_for=waits_for,
            commit=story.commits.get(issue.id, ""),
            why=str(waits) if waits else made.why,
        )

    return tuple(row(issue) for issue in issues)


def _standing(issue: Issue, running: bool, workable: Standing) -> Standing:
    """META first, then what is final, then the most telling of what is true; `workable` is how
    an issue stands that nobody works on and no person has to look at."""
    if issue.is_meta:
        return Standing.META
    match issue.state:
        case State.CLOSED:
            return Standing.CLOSED
        case _ if running:
            return Standing.RUNNING
        case State.BLOCKED:
            return Standing.BLOCKED
        case State.NEEDS_REVIEW:
            return Standing.NEEDS_REVIEW
        case State.OPEN | State.IN_PROGRESS:
            return workable


def _not_free(issue: Issue, record: Record | None, now: datetime) -> Standing:
    if issue.withheld:
        return Standing.HELD
    lease = record.lease if record else None
    return Standing.DELAYED if lease is None or lease.is_over(now) else Standing.HELD


def _row(issue: Issue, standing: Standing, record: Record | None, tried: Sequence[Attempt]) -> Row:
    ended = [one for one in tried if not one.is_going]
    return Row(
        id=issue.id,
        title=issue.title,
        standing=standing,
        priority=issue.priority,
        outcomes=tuple(one.outcome for one in ended),
        why=issue.withheld or (ended[-1].why if ended else ""),
        failures=len(record.failures) if record else 0,
        until=_until(standing, record),
        seconds=sum(one.seconds for one in tried),
        usd=round(sum(one.usd for one in tried), 6),
    )


def _until(standing: Standing, record: Record | None) -> datetime | None:
    if record is None:
        return None
    if standing is Standing.HELD and record.lease:
        return record.lease.expires_at
    return record.not_before if standing is Standing.DELAYED else None


def _counts(rows: Iterable[Row]) -> Mapping[Standing, int]:
    """How many issues stand where; META is none of them."""
    counts: dict[Standing, int] = {
        standing: 0 for standing in Standing if standing is not Standing.META
    }
    for row in rows:
        if row.standing is not Standing.META:
            counts[row.standing] += 1
    return counts


def _totals(
    runs: Sequence[Run],
    attempts: Sequence[Attempt],
    planned: Sequence[tuple[str, float]],
    now: datetime,
) -> Totals:
    ids = {run.id for run in runs}
    return Totals(
        attempts=len(attempts),
        failures=sum(one.counted for one in attempts),
        landed=sum(one.outcome == "Landed" for one in attempts),
        turns=sum(one.turns for one in attempts),
        tools=sum(one.tools for one in attempts),
        worked=sum(one.seconds for one in attempts),
        elapsed=sum(run.elapsed(now) for run in runs),
        usd=round(
            sum(one.usd for one in attempts) + sum(usd for of, usd in planned if of in ids), 6
        ),
    )


def _health(entries: Iterable[Entry], run: str) -> tuple[SessionScored, ...]:
    """The scores of the run's sessions, the worst first."""
    scored = [
        entry.event
        for entry in entries
        if isinstance(entry.event, SessionScored) and entry.run == run
    ]
    return tuple(sorted(scored, key=lambda one: one.score))


def _recent(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    news = (entry for entry in reversed(entries) if describe(entry.event) is not None)
    return tuple(islice(news, RECENT))[::-1]
