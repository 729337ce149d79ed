"""How an attempt ended. Exactly one of these, matched without default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .ledger import Scope
from .merge import Proof


@dataclass(frozen=True, kw_only=True)
class Landed:
    """The work is on the target branch and the issue carries the proof."""

    proof: Proof


@dataclass(frozen=True, kw_only=True)
class PullRequested:
    """The work waits in a pull request."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """The checks failed or a content rule was broken. `output` is what the failed checks said
    last, for the next attempt."""

    reasons: tuple[str, ...]
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Conflicted:
    """The work does not merge, and its author could not resolve it in one more turn."""

    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """The session ended without work that could be landed."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """The agent says that a person must decide something first."""

    question: str


@dataclass(frozen=True, kw_only=True)
class Stalled:
    """The session was silent, or one of its tools ran, for longer than it may."""

    seconds: float
    in_tool: bool = False


@dataclass(frozen=True, kw_only=True)
class OutOfBudget:
    """Turns, money or time are used up: the session's own, or those of its issue, run or day.
    `use` says how much for people."""

    what: str
    scope: Scope = Scope.SESSION
    use: str = ""


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """Not now, and nobody's fault: a usage limit, an outage, an interrupt.

    `until` is None when nobody knows; half a minute is waited then.
    """

    why: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LeaseLost:
    """Somebody else has the issue; this attempt changed nothing."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It broke. `ours` when the fault is the machine's or Nightshift's, not the work's; `trouble`
    is the kind of trouble that ended its session, if that is what did."""

    error: str
    ours: bool = False
    trouble: str = ""


Outcome = (
    Landed
    | PullRequested
    | Rejected
    | Conflicted
    | Unfinished
    | Blocked
    | Stalled
    | OutOfBudget
    | Deferred
    | LeaseLost
    | Failed
)


def explain(outcome: Outcome) -> str:
    """One line for people and for the lease record's list of reasons."""
    match outcome:
        case Landed(proof=proof):
            return f"landed as {proof.commit[:10]}"
        case PullRequested(url=url):
            return f"waits in {url}"
        case Rejected(reasons=reasons):
            return "; ".join(reasons)
        case Conflicted(paths=paths):
            return "conflict in " + ", ".join(paths)
        case Unfinished(why=why) | Deferred(why=why):
            return why
        case Blocked(question=question):
            return question
        case Stalled(seconds=seconds, in_tool=True):
            return f"one of its tools ran for more than {seconds:.0f} s"
        case Stalled(seconds=seconds):
            return f"silent for {seconds:.0f} s"
        case OutOfBudget(what=what, scope=Scope.ISSUE, use=use):
            return f"used up the issue's {what}: {use} (`nightshift extend` allows more)"
        case OutOfBudget(what=what, scope=scope, use=use):
            return f"used up the {scope}'s {what}" + (f": {use}" if use else "")
        case LeaseLost():
            return "somebody else holds the issue"
        case Failed(error=error):
            return error
