"""What went wrong in a run, by class: how often, for which issues, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .event import (
    AccountRefused,
    AttemptEnded,
    AttemptMoved,
    AttemptPaused,
    Entry,
    PlanningPaused,
    SessionScored,
    TellingRefused,
    TrackerLost,
)
from .health import POOR
from .outcome import Conflicted, Failed, Outcome, Rejected, Stalled
from .trouble import RULES, Kind

CHECKS = "checks failed"
RULE = "a rule was broken"
HEALTH = "poor health"
TRACKER = "tracker away"
TELLING = "tracker refused a change"
ACCOUNT = "token refused"
HELD = "held up"
_STALLED = Kind.HUNG.value
"""A session that was silent for too long, whichever clock of ours noticed it."""

_KINDS = {kind.value: kind for kind in Kind}
_SILENT = frozenset({"Landed", "PullRequested", "Deferred", "LeaseLost"})
_NAMES = {"Stalled": _STALLED, "Conflicted": Kind.CONFLICT.value, "OutOfBudget": "cap reached"}
"""What an outcome is called as an incident, where its own name would say less."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """All of one class in one run. `issues` in the order in which they met it; `why` is what was
    said the last time; `advice` what to do, or what Nightshift does by itself."""

    kind: str
    count: int
    issues: tuple[str, ...]
    why: str
    advice: str
    person: bool


def trouble_of(outcome: Outcome) -> str:
    """The class of what ended an attempt, for `AttemptEnded.trouble`; empty where the outcome's
    own name says all."""
    match outcome:
        case Failed(trouble=trouble):
            return trouble
        case Stalled():
            return _STALLED
        case Rejected(output=output):
            return CHECKS if output else RULE
        case Conflicted():
            return Kind.CONFLICT.value
        case _:
            return ""


def incidents(entries: Iterable[Entry], run: str) -> tuple[Incident, ...]:
    """Those of the run of that name: what a person must act on first, then the most frequent."""
    found: dict[str, Incident] = {}
    for entry in entries:
        if isinstance(entry.event, _TOLD) and entry.run == run:
            _take(found, entry.event)
    return tuple(sorted(found.values(), key=lambda one: (not one.person, -one.count, one.kind)))


_Told = (
    AttemptEnded
    | AttemptPaused
    | AttemptMoved
    | PlanningPaused
    | AccountRefused
    | TrackerLost
    | TellingRefused
    | SessionScored
)
_TOLD = _Told.__args__


def _take(found: dict[str, Incident], event: _Told) -> None:
    match event:
        case AttemptEnded(outcome=outcome, trouble=trouble):
            if outcome not in _SILENT:
                name = trouble or _NAMES.get(outcome, outcome.lower())
                _add(found, name, event.why, event.issue)
        case AttemptPaused(issue=issue, why=why):
            _add(found, why if why in _KINDS else HELD, why, issue)
        case AttemptMoved(issue=issue, why=why, account=account):
            if why in _KINDS:
                _add(found, why, f"goes on with {account}", issue)
        case PlanningPaused(why=why):
            _add(found, why if why in _KINDS else HELD, why)
        case AccountRefused(account=account, why=why):
            _add(found, ACCOUNT, f"{account}: {why}")
        case TrackerLost(why=why):
            _add(found, TRACKER, why)
        case TellingRefused(issue=issue, why=why):
            _add(found, TELLING, why, issue)
        case SessionScored(issue=issue, score=score, reasons=reasons):
            if score < POOR:
                _add(found, HEALTH, "; ".join((f"{score} of 100", *reasons[:1])), issue)


def _add(found: dict[str, Incident], kind: str, why: str, issue: str = "") -> None:
    old = found.get(kind) or _new(kind)
    issues = old.issues if not issue or issue in old.issues else (*old.issues, issue)
    told = " ".join(why.split())
    found[kind] = replace(old, count=old.count + 1, issues=issues, why=told)


def _new(kind: str) -> Incident:
    person, advice = _ADVICE.get(kind) or _by_rule(kind)
    return Incident(kind=kind, count=0, issues=(), why="", advice=advice, person=person)


_ADVICE: Mapping[str, tuple[bool, str]] = {
    CHECKS: (False, "tried again with what the checks said"),
    RULE: (False, "tried again with the rule that was broken"),
    Kind.CONFLICT.value: (False, "tried again from the new target"),
    _STALLED: (False, "tried again in a new session"),
    HEALTH: (False, "the next attempt may be made another way: nightshift health N"),
    TRACKER: (False, "what it is to be told waits until it is back"),
    TELLING: (True, "see what it was, and try it again or drop it: nightshift outbox list"),
    ACCOUNT: (True, "mend it, then: nightshift tokens --clear NAME"),
    HELD: (False, "goes on by itself"),
    "blocked": (True, "answer the question, then: issue reopen N"),
    "cap reached": (False, "allow more with nightshift extend N, or make the issue smaller"),
    "rejected": (False, "tried again with the reasons"),
    "unfinished": (False, "tried again"),
    Kind.AUTHENTICATION.value: (True, "set a token that works: nightshift tokens"),
    Kind.BILLING.value: (True, "the account cannot pay: see to it, or set another token"),
    Kind.CONTEXT_TOO_LONG.value: (False, "tried again in a new session; make the issue smaller"),
}


def _by_rule(kind: str) -> tuple[bool, str]:
    """What the table of troubles says follows."""
    known = _KINDS.get(kind)
    if known is None:
        return False, "tried again; the log of the session says more"
    rule = RULES[known]
    if rule.person:
        return True, "a person must act; the log of the session says more"
    if rule.retry:
        return False, "waited out; counts against no issue"
    return False, "tried again in a new session"
