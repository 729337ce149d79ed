"""What the journal alone tells: runs, planning, attempts. The first half of the board's fold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from .event import (
    AccountParked,
    AccountRefused,
    AttemptEnded,
    AttemptMoved,
    AttemptPaused,
    AttemptResumed,
    AttemptStarted,
    BaselineChecked,
    CapNear,
    CapRaised,
    ConflictFound,
    Entry,
    Event,
    IssuesCreated,
    IssueSettled,
    PlanAccepted,
    PlanningPaused,
    PlanningStarted,
    PlanRefused,
    Recovered,
    RunEnded,
    RunStarted,
    SessionProgress,
    SessionScored,
    TellingRefused,
    TrackerBack,
    TrackerLost,
    Warned,
    WorkLanded,
    WorkRescued,
)
from .pull import PullWaits
from .story import account_line, cap_line, moment, tracker

DIED = "Died"
"""The outcome shown for an attempt that its run never ended."""


class RunState(StrEnum):
    """`dead`: it has not ended and its process is gone."""

    NONE = "none"
    GOING = "going"
    FINISHED = "finished"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Run:
    """`ended` is the last sign of life where a run died; `code` is None until it has ended."""

    state: RunState = RunState.NONE
    id: str = ""
    project: str = ""
    target: str = ""
    tracker: str = ""
    agent: str = ""
    slots: int = 0
    rehearsed: bool = False
    boxed: bool = True
    started: datetime | None = None
    ended: datetime | None = None
    code: int | None = None
    why: str = ""

    def elapsed(self, now: datetime) -> float:
        """Seconds from its start to its end, or to `now`."""
        return _seconds(self.started, self.ended or now) if self.started else 0.0


class Stage(StrEnum):
    """How far planning has come. `created`: its issues are on the tracker."""

    NONE = "none"
    PLANNING = "planning"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    CREATED = "created"


@dataclass(frozen=True, kw_only=True)
class Planning:
    """`problems` are the last findings of the lint while the plan is with its author again."""

    stage: Stage = Stage.NONE
    spec: str = ""
    since: datetime | None = None
    plan: str = ""
    issues: int = 0
    problems: tuple[str, ...] = ()
    usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """`outcome` is empty while it goes on. `paused_until` is set while something holds it up,
    `pauses` says what did so far, `conflicts` which paths its author was asked to resolve."""

    run: str
    issue: str
    title: str
    epoch: int
    slot: int
    since: datetime
    note: str = ""
    outcome: str = ""
    why: str = ""
    counted: bool = False
    seconds: float = 0.0
    usd: float = 0.0
    turns: int = 0
    tools: int = 0
    pauses: tuple[str, ...] = ()
    paused_until: datetime | None = None
    conflicts: tuple[str, ...] = ()

    @property
    def is_going(self) -> bool:
        return not self.outcome


@dataclass(kw_only=True)
class _Progress:
    """The latest of many reports. Changed in place: a long run has far more of them than of
    everything else."""

    note: str = ""
    usd: float = 0.0
    tools: int = 0


_Key = tuple[str, str, int]
"""Run, issue, epoch."""


@dataclass(kw_only=True)
class Chronicle:
    """Takes entries one by one. `planned` is what planning cost, by run; `waits` what the pull
    requests wait for, by issue: of those that wait no more the last that was known."""

    planning: Planning = field(default_factory=Planning)
    commits: dict[str, str] = field(default_factory=dict)
    waits: dict[str, PullWaits] = field(default_factory=dict)
    planned: list[tuple[str, float]] = field(default_factory=list)
    warnings: list[tuple[str, str | AccountParked]] = field(default_factory=list)
    _runs: list[Run] = field(default_factory=list)
    _attempts: dict[_Key, Attempt] = field(default_factory=dict)
    _progress: dict[_Key, _Progress] = field(default_factory=dict)
    _going: dict[_Key, None] = field(default_factory=dict)
    _last: datetime | None = None

    def apply(self, entry: Entry) -> None:
        if isinstance(entry.event, RunStarted):
            self._close(RunState.DEAD)
            self._start(entry.event, entry.run, entry.at)
        else:
            self._within(entry.event, entry.run, entry.at)
        self._last = entry.at

    def finish(self, now: datetime, *, alive: bool) -> tuple[tuple[Run, ...], tuple[Attempt, ...]]:
        """The runs and the attempts, oldest first. To be called once, after the last entry."""
        if not alive:
            self._close(RunState.DEAD)
        for key in self._going:
            self._attempts[key] = self._current(key, now)
        return tuple(self._runs), tuple(self._attempts.values())

    def _within(self, event: Event, run: str, at: datetime) -> None:
        match event:
            case SessionProgress():
                self._report(event, (run, event.issue, event.epoch))
            case (
                AttemptStarted()
                | AttemptPaused()
                | AttemptResumed()
                | AttemptMoved()
                | ConflictFound()
                | AttemptEnded()
            ):
                self._attempt(event, (run, event.issue, event.epoch), at)
            case WorkLanded():
                self.commits[event.issue] = event.commit
                self._note((run, event.issue, event.epoch), "landed, closing the issue")
            case IssueSettled():
                self.commits[event.issue] = event.commit
            case PullWaits():
                self.waits[event.issue] = event
            case PlanningStarted() | PlanRefused() | PlanAccepted() | IssuesCreated():
                self._plan(event, run, at)
            case BaselineChecked(red=red):
                self.warnings += [(run, f"red before anyone worked: {check}") for check in red]
            case Warned(text=text):
                self.warnings.append((run, text))
            case TrackerBack() | TellingRefused():
                self.warnings.append((run, tracker(event)))
            case RunEnded():
                self._last = at
                self._close(RunState.FINISHED, event)
            case CapNear():
                self.warnings.append((run, cap_line(event)))
            case AccountParked():  # a screen words its time
                self.warnings.append((run, event))
            case AccountRefused():
                self.warnings.append((run, account_line(event)))
            case PlanningPaused() | TrackerLost() | CapRaised():
                pass
            case RunStarted() | WorkRescued() | Recovered() | SessionScored():
                pass

    def _start(self, event: RunStarted, run: str, at: datetime) -> None:
        self._runs.append(
            Run(
                state=RunState.GOING,
                id=run,
                project=event.project,
                target=event.target,
                tracker=event.tracker,
                agent=event.agent,
                slots=event.slots,
                rehearsed=event.rehearsed,
                boxed=event.boxed,
                started=at,
            )
        )
        if self.planning.stage not in (Stage.ACCEPTED, Stage.CREATED):
            self.planning = Planning()

    def _close(self, state: RunState, event: RunEnded | None = None) -> None:
        """End the last run, if it goes on, and all that went on in it."""
        if not self._runs or self._runs[-1].state is not RunState.GOING or self._last is None:
            return
        run = replace(self._runs[-1], state=state, ended=self._last)
        self._runs[-1] = replace(run, code=event.code, why=event.why) if event else run
        why = "the run ended before it did" if event else "the runner died"
        for key in self._going:
            ended = self._current(key, self._last)
            self._attempts[key] = replace(ended, outcome=DIED, why=why, paused_until=None)
        self._going.clear()

    def _report(self, event: SessionProgress, key: _Key) -> None:
        progress = self._progress.setdefault(key, _Progress())
        progress.note, progress.usd, progress.tools = event.note, event.usd, event.tools
        if key in self._attempts and self._attempts[key].paused_until is not None:
            self._attempts[key] = replace(self._attempts[key], paused_until=None)

    def _note(self, key: _Key, text: str) -> None:
        self._progress.setdefault(key, _Progress()).note = text

    def _current(self, key: _Key, at: datetime) -> Attempt:
        one, progress = self._attempts[key], self._progress.get(key, _Progress())
        return replace(
            one,
            note=progress.note,
            usd=progress.usd,
            tools=progress.tools,
            seconds=_seconds(one.since, at),
        )

    def _attempt(
        self,
        event: AttemptStarted
        | AttemptPaused
        | AttemptResumed
        | AttemptMoved
        | ConflictFound
        | AttemptEnded,
        key: _Key,
        at: datetime,
    ) -> None:
        one = self._attempts.get(key) or Attempt(
            run=key[0], issue=event.issue, title="", epoch=event.epoch, slot=0, since=at
        )
        match event:
            case AttemptStarted():
                one = replace(one, title=event.title, slot=event.slot, paused_until=None)
            case AttemptPaused():
                until = moment(event.until)
                one = replace(one, pauses=(*one.pauses, event.why), paused_until=until)
                self._note(key, event.why)
            case AttemptResumed():
                one = replace(one, paused_until=None)
                self._note(key, "goes on")
            case AttemptMoved(account=account, why=why):
                one = replace(one, pauses=(*one.pauses, f"{why}, on with {account}"))
                self._note(key, f"goes on with {account}")
            case ConflictFound():
                one = replace(one, conflicts=(*one.conflicts, *event.paths))
                self._note(key, f"resolving a conflict in {', '.join(event.paths)}")
            case AttemptEnded():
                one = _ended(one, event)
        self._attempts[key] = one
        if one.is_going:
            self._going[key] = None
        else:
            self._going.pop(key, None)

    def _plan(
        self,
        event: PlanningStarted | PlanRefused | PlanAccepted | IssuesCreated,
        run: str,
        at: datetime,
    ) -> None:
        match event:
            case PlanningStarted(spec=spec):
                self.planning = Planning(stage=Stage.PLANNING, spec=spec, since=at)
            case PlanRefused(problems=problems):
                self.planning = replace(self.planning, stage=Stage.REFUSED, problems=problems)
            case PlanAccepted(plan=plan, issues=issues, usd=usd):
                self.planned.append((run, usd))
                self.planning = replace(
                    self.planning,
                    stage=Stage.ACCEPTED,
                    plan=plan,
                    issues=issues,
                    usd=usd,
                    problems=(),
                )
            case IssuesCreated(plan=plan):
                self.planning = replace(self.planning, stage=Stage.CREATED, plan=plan)


def _ended(one: Attempt, event: AttemptEnded) -> Attempt:
    return replace(
        one,
        slot=event.slot,
        outcome=event.outcome,
        why=event.why,
        counted=event.counted,
        seconds=event.seconds,
        usd=event.usd,
        turns=event.turns,
        tools=event.tools,
        paused_until=None,
    )


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
