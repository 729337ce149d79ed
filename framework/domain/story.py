"""Events in words: one line each, for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

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
from .health import POOR
from .ledger import worded
from .pull import PullWaits

Clock = Callable[[datetime], str]


def utc_clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def describe(event: Event, *, clock: Clock = utc_clock) -> str | None:
    """The event as one line, or None for what is too frequent to be news.

    `clock` words the times of day, so that a screen can show its own zone. Titles and reasons
    are passed on as they are: whoever writes them to a terminal makes them harmless first.
    """
    match event:
        case SessionProgress() | PullWaits(person=False):
            return None
        case PullWaits(issue=issue):
            return f"{tag(issue)} {event}"
        case RunStarted() | RunEnded() | BaselineChecked():
            return _run(event)
        case (
            PlanningStarted() | PlanningPaused() | PlanRefused() | PlanAccepted() | IssuesCreated()
        ):
            return _planning(event, clock)
        case (
            AttemptStarted()
            | AttemptPaused()
            | AttemptResumed()
            | AttemptMoved()
            | ConflictFound()
            | AttemptEnded()
        ):
            return _attempt(event, clock)
        case AccountParked() | AccountRefused():
            return account_line(event, clock=clock)
        case WorkLanded() | WorkRescued() | IssueSettled():
            return _work(event)
        case SessionScored(issue=issue, epoch=epoch, score=score, reasons=reasons):
            told = "".join(f", {one}" for one in reasons[:1])
            return (
                f"{tag(issue)} attempt e{epoch} health {score} of 100{told}"
                if score < POOR
                else None
            )
        case CapNear() | CapRaised():
            return cap_line(event)
        case TrackerLost() | TrackerBack() | TellingRefused():
            return tracker(event)
        case Recovered(what=what):
            return f"recovered: {what}"
        case Warned(text=text):
            return f"warning: {text}"


def tracker(event: TrackerLost | TrackerBack | TellingRefused) -> str:
    """What became of telling the tracker, for the news as for the end."""
    match event:
        case TrackerLost(why=why):
            return f"the tracker is away, what it is to be told waits: {why}"
        case TrackerBack(seconds=seconds, sent=sent):
            return f"the tracker was told what waited for {seconds:.0f} s: {count(sent, 'change')}"
        case TellingRefused(issue=issue, why=why):
            return f"{tag(issue)} the tracker refused a change that had waited: {why}"


def cap_line(event: CapNear | CapRaised) -> str:
    match event:
        case CapNear(issue=issue, use=use):
            return f"{tag(issue)} most is used: {use}"
        case CapRaised(scope=scope, name=name):
            amounts = ("turns", event.turns), ("seconds", event.seconds), ("usd", event.usd)
            more = ", ".join(worded(what, amount) for what, amount in amounts if amount)
            of = tag(name) if scope == "issue" else f"the {scope} {name}"
            return f"{of} may use {more} more"


def tag(issue: str) -> str:
    """An issue's id as people write it: `#12`, but `ABC-12` as it is."""
    return f"#{issue}" if issue.isdecimal() else issue


def tags(issues: tuple[str, ...]) -> str:
    return ", ".join(tag(one) for one in issues)


def money(usd: float) -> str:
    return "<$0.01" if 0 < usd < 0.005 else f"${usd:,.2f}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def moment(text: str) -> datetime | None:
    """The time that `text` says in ISO format, UTC unless it says otherwise; None if it says
    none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _run(event: RunStarted | RunEnded | BaselineChecked) -> str:
    match event:
        case RunStarted(target=target, slots=slots):
            extra = ", rehearsed" if event.rehearsed else ""
            extra += "" if event.boxed else ", not boxed"
            return f"run started on {target} with {count(slots, 'slot')}{extra}"
        case RunEnded(code=0, why=why):
            return f"run ended: {why}"
        case RunEnded(code=code, why=why):
            return f"run ended with exit code {code}: {why}"
        case BaselineChecked(red=()):
            passed = count(len(event.green), "check")
            return f"baseline: {passed} green at {event.commit[:10]}"
        case BaselineChecked(red=red):
            return f"baseline: red before anyone worked: {', '.join(red)}"


def account_line(event: AccountParked | AccountRefused, *, clock: Clock = utc_clock) -> str:
    match event:
        case AccountParked(account=account, until=until, why=why):
            at = moment(until)
            return f"token {account}: {why}" + (f" until {clock(at)}" if at else "")
        case AccountRefused(account=account, why=why):
            return f"token {account} is refused by the service and not used any more: {why}"


def _planning(
    event: PlanningStarted | PlanningPaused | PlanRefused | PlanAccepted | IssuesCreated,
    clock: Clock,
) -> str:
    match event:
        case PlanningPaused(until=until, why=why):
            at = moment(until)
            return f"planning paused{f' until {clock(at)}' if at else ''}: {why}"
        case PlanningStarted(spec=spec):
            return f"planning from {spec}"
        case PlanRefused(problems=problems):
            found = count(len(problems), "problem")
            return f"plan given back, {found}: {'; '.join(problems)}"
        case PlanAccepted(plan=plan, issues=issues, usd=usd):
            return f"plan {plan} accepted: {count(issues, 'issue')}, {money(usd)}"
        case IssuesCreated(created=created, existing=existing, deleted=deleted):
            there = f", {existing} already there" if existing else ""
            gone = f", {deleted} deleted by a person and left so" if deleted else ""
            return f"{count(created, 'issue')} created{there}{gone}"


def _attempt(
    event: AttemptStarted
    | AttemptPaused
    | AttemptResumed
    | AttemptMoved
    | ConflictFound
    | AttemptEnded,
    clock: Clock,
) -> str:
    head = f"{tag(event.issue)} attempt e{event.epoch}"
    match event:
        case AttemptStarted(slot=slot, title=title):
            return f"{head} started (slot {slot}): {title}"
        case AttemptPaused(until=until, why=why):
            at = moment(until)
            return f"{head} paused{f' until {clock(at)}' if at else ''}: {why}"
        case AttemptResumed():
            return f"{head} goes on"
        case AttemptMoved(account=account, why=why):
            return f"{head} goes on with {account}: {why}"
        case ConflictFound(paths=paths):
            return f"{head} conflicts in {', '.join(paths)}: back to its author"
        case AttemptEnded(outcome=outcome, why=why, seconds=seconds, usd=usd):
            because = f": {why}" if why and outcome != "Landed" else ""
            return f"{head} {outcome}{because} ({seconds:.0f} s, {money(usd)})"


def _work(event: WorkLanded | WorkRescued | IssueSettled) -> str:
    match event:
        case WorkLanded(issue=issue, commit=commit, checks=checks):
            return f"{tag(issue)} landed as {commit[:10]}, {count(checks, 'check')} passed"
        case WorkRescued(issue=issue, epoch=epoch, ref=ref):
            return f"{tag(issue)} attempt e{epoch} left work, kept at {ref}"
        case IssueSettled(issue=issue, state=state, waits=True):
            return f"{tag(issue)} will be {state.replace('_', ' ')} once the tracker is back"
        case IssueSettled(issue=issue, state=state):
            return f"{tag(issue)} is now {state.replace('_', ' ')}, with the proof on it"
