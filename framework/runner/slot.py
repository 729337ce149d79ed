"""One slot's work on one issue: the attempt, the boundary around it, and what follows."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import anyio
from anyio import to_thread

from ..domain import errors, retry
from ..domain.event import AttemptEnded, Warned
from ..domain.issue import Change, Issue, State
from ..domain.lease import Failure, Lease
from ..domain.ledger import Scope
from ..domain.outcome import (
    Deferred,
    Failed,
    Landed,
    LeaseLost,
    Outcome,
    OutOfBudget,
    Rejected,
    explain,
)
from ..effect import effect
from .attempt import Attempt
from .parts import Parts
from .settle import AUTHOR

_CLEANUP_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a slot's work ended; `halt` says why the whole run must stop, if it must."""

    outcome: Outcome
    halt: str | None = None


async def fill(
    parts: Parts,
    issue: Issue,
    lease: Lease,
    slot: int,
    failures: tuple[Failure, ...],
    *,
    settled: Callable[[], None],
) -> Ended:
    """Attempt `issue`, which has failed as `failures` say, and see to what its outcome asks for.

    `settled` is called as soon as nothing is left to do for the issue itself. No exception of
    one attempt reaches the others; cancellation (an interrupt) is passed on after the lease is
    given back, and counts against nobody.
    """
    began = time.monotonic()
    attempt = Attempt(parts, issue, lease, slot, failures, settled)
    ended: Ended | None = None
    try:
        ended = await _guarded(parts, attempt)
        return ended
    finally:
        outcome = ended.outcome if ended else Deferred(why="interrupted", until=parts.clock())
        with anyio.move_on_after(_CLEANUP_SECONDS, shield=True):
            decision = retry.decide(
                outcome,
                failures=len(failures),
                now=parts.clock(),
                max_failures=parts.policy.max_failures,
                first=parts.policy.first_backoff,
            )
            await to_thread.run_sync(_follow_up, parts, issue, lease, outcome, decision)
            _journal(parts, attempt, issue, lease, slot, outcome, decision, began)


async def _guarded(parts: Parts, attempt: Attempt) -> Ended:
    try:
        outcome = await attempt.run()
        return Ended(outcome=outcome, halt=_used_up(outcome))
    except errors.LeaseLost:
        return Ended(outcome=LeaseLost())
    except errors.TransitionRefused:
        until = parts.clock()
        return Ended(outcome=Deferred(why="a person has closed it meanwhile", until=until))
    except errors.TrackerUnavailable as error:
        return Ended(outcome=Deferred(why=str(error)))
    except errors.MustStop as error:
        return Ended(outcome=Deferred(why=str(error)), halt=str(error))
    except errors.NightshiftError as error:
        return Ended(outcome=Failed(error=str(error), ours=True))
    except Exception as error:  # noqa: BLE001 - a bug in one attempt must not end its siblings
        parts.journal.append(Warned(text=f"A bug in Nightshift:\n{traceback.format_exc()}"))
        return Ended(outcome=Failed(error=repr(error), ours=True))


def _used_up(outcome: Outcome) -> str | None:
    """Why the run must stop, where all that it, or its day, may use is used."""
    match outcome:
        case OutOfBudget(scope=Scope.RUN | Scope.DAY as scope, use=use):
            return (
                f"{use} is used; all work is kept. To go on, allow more with "
                f"`nightshift extend {scope} --usd N` and run the same command again"
            )
        case _:
            return None


def _follow_up(
    parts: Parts, issue: Issue, lease: Lease, outcome: Outcome, decision: retry.Decision
) -> None:
    """Tell the tracker, then end the lease with what is to be remembered.

    The lease goes last, so that nobody starts on an issue whose state still speaks of us.
    """
    try:
        _tell_tracker(parts, issue, outcome, decision, lease)
    except errors.TrackerError as error:
        parts.journal.append(Warned(text=f"#{issue.id}: the tracker was not told: {error}"))
    with effect("release"):
        _release(parts, lease, outcome, decision)


def _release(parts: Parts, lease: Lease, outcome: Outcome, decision: retry.Decision) -> None:
    match decision:
        case retry.Done():
            parts.leases.release(lease)
        case retry.Retry(at=at, counted=counted):
            parts.leases.release(
                lease, failure=_failure(parts, lease, outcome, counted), not_before=at
            )
        case retry.GiveUp(counted=counted):
            parts.leases.release(lease, failure=_failure(parts, lease, outcome, counted))
        case _:
            assert_never(decision)


def _tell_tracker(
    parts: Parts, issue: Issue, outcome: Outcome, decision: retry.Decision, lease: Lease
) -> None:
    match decision:
        case retry.Done():
            pass  # a landing was settled within its attempt
        case retry.Retry():
            if isinstance(outcome, LeaseLost):
                return  # the state speaks of whoever holds it now
            if parts.tracker.get(issue.id).state is State.IN_PROGRESS:
                with effect("state"):
                    parts.tracker.update(issue.id, Change(state=State.OPEN))
        case retry.GiveUp(why=why):
            if parts.tracker.get(issue.id).is_closed:
                return  # by a person, who does not ask for it any more
            text = (
                f"Blocked: {why}\n\nLast attempt ({lease.epoch}): {explain(outcome)}\n\n"
                f"{_way_on(issue, outcome)}"
            )
            with effect("comment"):
                parts.tracker.comment(issue.id, text, author=AUTHOR, key=f"blocked:{lease.epoch}")
            with effect("state"):
                parts.tracker.update(issue.id, Change(state=State.BLOCKED))


def _way_on(issue: Issue, outcome: Outcome) -> str:
    if isinstance(outcome, OutOfBudget) and outcome.scope is Scope.ISSUE:
        return (
            f"Its work is kept. Allow more with `nightshift extend {issue.id} --usd N`, which "
            "also reopens it."
        )
    return f"Answer with `issue comment {issue.id} TEXT`, then `issue reopen {issue.id}`."


def _failure(parts: Parts, lease: Lease, outcome: Outcome, counted: bool) -> Failure | None:
    if not counted:
        return None
    output = outcome.output if isinstance(outcome, Rejected) else ""
    reason = f"{explain(outcome)}\n{output}".strip()
    return Failure(at=parts.clock(), epoch=lease.epoch, reason=reason)


def _journal(
    parts: Parts,
    attempt: Attempt,
    issue: Issue,
    lease: Lease,
    slot: int,
    outcome: Outcome,
    decision: retry.Decision,
    began: float,
) -> None:
    counted = not isinstance(decision, retry.Done) and decision.counted
    parts.journal.append(
        AttemptEnded(
            issue=issue.id,
            epoch=lease.epoch,
            slot=slot,
            outcome=type(outcome).__name__,
            why="" if isinstance(outcome, Landed) else explain(outcome),
            counted=counted,
            seconds=round(time.monotonic() - began, 3),
            usd=attempt.spending.usd,
            turns=attempt.spending.turns,
            tools=attempt.spending.tools,
            worked=round(attempt.worked, 3),
            trouble=outcome.trouble if isinstance(outcome, Failed) else "",
            scope=outcome.scope if isinstance(outcome, OutOfBudget) else "",
        )
    )
