"""A night's work as literal entries: what the tests of the board and of its screens look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from framework.domain.board import Board, fold
from framework.domain.event import (
    AttemptEnded,
    AttemptPaused,
    AttemptStarted,
    BaselineChecked,
    ConflictFound,
    Entry,
    Event,
    IssuesCreated,
    IssueSettled,
    PlanAccepted,
    PlanningStarted,
    PlanRefused,
    Recovered,
    RunEnded,
    RunStarted,
    SessionProgress,
    Warned,
    WorkLanded,
    WorkRescued,
)
from framework.domain.issue import Issue, Priority, State
from framework.domain.lease import Failure, Lease, Record

START = datetime(2025, 11, 21, 7, 31, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass(kw_only=True)
class Night:
    """Entries, written one second after the other unless told."""

    run: str = "r1"
    entries: list[Entry] = field(default_factory=list)

    def tell(self, second: float, *events: Event) -> None:
        for event in events:
            cursor = len(self.entries) + 1
            self.entries.append(Entry(cursor=cursor, at=at(second), run=self.run, event=event))


def issue(number: int, title: str, state: State = State.OPEN, **changes: object) -> Issue:
    values = {"id": str(number), "uid": f"local:{number}", "title": title, "state": state}
    return Issue(**{**values, "created_at": START, "updated_at": START, **changes})


def run_started(**changes: object) -> RunStarted:
    values: dict[str, object] = {
        "project": "/home/ada/pocket",
        "target": "main",
        "slots": 3,
        "tracker": "sqlite",
        "agent": "claude",
        "host": "h",
        "boot": "b",
        "pid": 4711,
        "started": 1.0,
        "rehearsed": True,
    }
    return RunStarted(**{**values, **changes})


def started(number: int, title: str, epoch: int, slot: int) -> AttemptStarted:
    return AttemptStarted(
        issue=str(number), title=title, epoch=epoch, slot=slot, session=f"s{number}-{epoch}"
    )


def ended(
    number: int, epoch: int, slot: int, outcome: str, why: str, *, seconds: float, usd: float
) -> AttemptEnded:
    return AttemptEnded(
        issue=str(number),
        epoch=epoch,
        slot=slot,
        outcome=outcome,
        why=why,
        counted=outcome in ("Rejected", "Failed"),
        seconds=seconds,
        usd=usd,
        turns=7,
        tools=12,
    )


def landed(night: Night, second: float, number: int, epoch: int, slot: int, usd: float) -> None:
    commit = f"{number}{epoch}c0ffee{number}{epoch}" + "0" * 28
    name = str(number)
    night.tell(
        second,
        WorkLanded(issue=name, epoch=epoch, commit=commit, tree="t" * 40, checks=2),
        IssueSettled(issue=name, reopened=0, state="closed", commit=commit),
        ended(number, epoch, slot, "Landed", f"landed as {commit[:10]}", seconds=9, usd=usd),
    )


TITLES = {
    1: "Progress of the whole",
    2: "Lay out the package and its test runner",
    3: "Parse amounts with a currency and two decimals",
    4: "Store entries in a journal file",
    5: "List entries, newest first",
    6: "Sum entries by month and by category, with a table for the terminal",
    7: "Export as CSV",
    8: "Import from CSV",
    9: "Ask before deleting",
    10: "Explain every option in the manual",
    11: "Choose colours",
}


def planned() -> Night:
    night = Night()
    night.tell(0, run_started(), PlanningStarted(spec="app_spec.txt", session="s0"))
    night.tell(2, PlanRefused(problems=("issue `list` has no check",)))
    night.tell(4, PlanAccepted(plan="p-7f3a", issues=10, usd=0.021))
    night.tell(5, IssuesCreated(plan="p-7f3a", created=11, existing=0, deleted=0))
    night.tell(5, BaselineChecked(commit="a" * 40, green=(), red=("make lint",)))
    return night


def half_way() -> Night:
    """Two landed, one with its second try going, one paused, one in conflict."""
    night = planned()
    night.tell(6, started(2, TITLES[2], 1, 1))
    night.tell(8, SessionProgress(issue="2", epoch=1, note="Write setup", tools=3, usd=0.01))
    landed(night, 15, 2, 1, 1, 0.031)
    night.tell(15, started(3, TITLES[3], 1, 1), started(4, TITLES[4], 1, 2))
    night.tell(16, started(7, TITLES[7], 1, 3))
    night.tell(20, SessionProgress(issue="3", epoch=1, note="Bash: make", tools=4, usd=0.02))
    night.tell(24, ended(3, 1, 1, "Rejected", "make test ended with 1", seconds=9, usd=0.04))
    landed(night, 26, 4, 1, 2, 0.029)
    night.tell(27, AttemptPaused(issue="7", epoch=1, until=at(95).isoformat(), why="usage limit"))
    night.tell(28, started(3, TITLES[3], 2, 2), started(6, TITLES[6], 1, 1))
    note = "Edit pocket/amounts.py: round half to even, as the criteria ask"
    night.tell(33, SessionProgress(issue="3", epoch=2, note=note, tools=6, usd=0.05))
    night.tell(34, SessionProgress(issue="6", epoch=1, note="Bash: git add", tools=9, usd=0.06))
    night.tell(36, ConflictFound(issue="6", epoch=1, paths=("pocket/cli.py", "README.md")))
    night.tell(37, Warned(text="pocket has no origin: landings stay in this directory"))
    return night


def whole() -> Night:
    """The same run to its end: one issue blocked, one never tried because of it."""
    night = half_way()
    landed(night, 40, 3, 2, 2, 0.061)
    landed(night, 45, 6, 1, 1, 0.09)
    night.tell(96, SessionProgress(issue="7", epoch=1, note="on again", tools=5, usd=0.02))
    landed(night, 99, 7, 1, 3, 0.025)
    night.tell(100, started(9, TITLES[9], 1, 1))
    night.tell(103, ended(9, 1, 1, "Failed", "the session died", seconds=3, usd=0.004))
    night.tell(103, WorkRescued(issue="9", epoch=1, ref="refs/rescue/9/e1", commit="d" * 40))
    night.tell(104, Recovered(what="a clone of an attempt that had ended"))
    night.tell(105, RunEnded(code=1, why="3 issues are left undone"))
    return night


def issues_half_way() -> list[Issue]:
    closed, going = State.CLOSED, State.IN_PROGRESS
    return [
        issue(1, TITLES[1], labels=frozenset({"meta"})),
        issue(2, TITLES[2], closed),
        issue(3, TITLES[3], going, depends_on=("2",), priority=Priority.URGENT),
        issue(4, TITLES[4], closed, depends_on=("2",)),
        issue(5, TITLES[5], depends_on=("3", "4")),
        issue(6, TITLES[6], going),
        issue(7, TITLES[7], going),
        issue(8, TITLES[8], depends_on=("7",)),
        issue(9, TITLES[9], State.BLOCKED),
        issue(10, TITLES[10], State.NEEDS_REVIEW),
        issue(11, TITLES[11]),
    ]


def issues_at_the_end() -> list[Issue]:
    undone = {"1", "5", "8", "9"}
    return [
        one
        if one.id in undone
        else issue(int(one.id), one.title, State.CLOSED, depends_on=one.depends_on)
        for one in issues_half_way()
    ]


def records() -> dict[str, Record]:
    """#3 failed once; #11 is claimed by a person; #5 would wait for its backoff."""
    failure = Failure(at=at(24), epoch=1, reason="make test ended with 1")
    lease = Lease(key="11", holder="someone", epoch=1, expires_at=at(1800))
    return {
        "3": Record(key="3", epoch=2, failures=(failure,)),
        "11": Record(key="11", epoch=1, lease=lease),
    }


def going() -> Board:
    return fold(half_way().entries, issues_half_way(), records(), now=at(42), alive=True)


def finished() -> Board:
    return fold(whole().entries, issues_at_the_end(), {}, now=at(4000), alive=False)


def dead() -> Board:
    return fold(half_way().entries, issues_half_way(), {}, now=at(4000), alive=False)
