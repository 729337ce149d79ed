"""One slot's work on one issue: the attempt, the boundary around it, and what follows."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import anyio
from anyio import to_thread

from ..domain import errors, retry
from ..domain.event import Warned
from ..domain.health import Health, assess, scored
from ..domain.issue import Issue
from ..domain.lease import Failure, Lease
from ..domain.ledger import OPTIONS, Scope
from ..domain.outcome import Deferred, Failed, Landed, LeaseLost, Outcome, OutOfBudget
from ..domain.remedy import Step, Way, next_step
from .aftermath import Aftermath, heeding
from .attempt import Attempt
from .parts import Parts

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
    attempt = Attempt(parts, issue, lease, slot, failures, settled)
    work = _Work(
        parts=parts,
        issue=issue,
        lease=lease,
        slot=slot,
        failures=failures,
        attempt=attempt,
        began=time.monotonic(),
    )
    ended: Ended | None = None
    try:
        ended = await _guarded(parts, attempt)
        return ended
    finally:
        outcome = ended.outcome if ended else Deferred(why="interrupted", until=parts.clock())
        with anyio.move_on_after(_CLEANUP_SECONDS, shield=True):
            await work.finish(outcome)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What a slot does since `began`."""

    parts: Parts
    issue: Issue
    lease: Lease
    slot: int
    failures: tuple[Failure, ...]
    attempt: Attempt
    began: float

    async def finish(self, outcome: Outcome) -> None:
        """See to what the outcome asks for, and note how healthy the session was."""
        health = await self._health(outcome)
        await to_thread.run_sync(self._aftermath(outcome, health).follow)
        if health is not None:
            session = self.attempt.session
            event = scored(health, issue=self.issue.id, epoch=self.lease.epoch, session=session)
            self.parts.journal.append(event)

    def _aftermath(self, outcome: Outcome, health: Health | None) -> Aftermath:
        policy, failures = self.parts.policy, len(self.failures)
        past = failures % policy.max_failures
        step = next_step(health, outcome, past) if health else Step(way=Way.SAME)
        decision = retry.decide(
            outcome,
            failures=failures,
            now=self.parts.clock(),
            max_failures=policy.max_failures,
            first=policy.first_backoff,
        )
        return Aftermath(
            parts=self.parts,
            issue=self.issue,
            lease=self.lease,
            slot=self.slot,
            outcome=outcome,
            decision=heeding(decision, step),
            step=step,
            failures=self.failures,
            spending=self.attempt.spending,
            worked=self.attempt.worked,
            seconds=time.monotonic() - self.began,
        )

    async def _health(self, outcome: Outcome) -> Health | None:
        """That of its session; None when none was begun, or nobody can tell."""
        vitals = self.attempt.vitals
        if vitals is None:
            return None
        proof = outcome.proof if isinstance(outcome, Landed) else None
        try:
            done = await self.parts.workspaces.measured(self.issue, self.lease.epoch, proof)
        except errors.WorkspaceError as error:
            text = f"#{self.issue.id}: its health is not known: {error}"
            self.parts.journal.append(Warned(text=text))
            return None
        return assess(vitals.facts(done), closed=int(proof is not None))


async def _guarded(parts: Parts, attempt: Attempt) -> Ended:
    try:
        outcome = await attempt.run()
        return Ended(outcome=outcome, halt=_used_up(outcome))
    except errors.LeaseLost:
        return Ended(outcome=LeaseLost())
    except (errors.TransitionRefused, errors.IssueNotFound) as error:
        # Closed or deleted by a person, or taken by another machine.
        return Ended(outcome=Deferred(why=str(error), until=parts.clock()))
    except errors.TrackerUnavailable as error:
        return Ended(outcome=Deferred(why=str(error)))
    except errors.MustStop as error:
        until = parts.clock()  # whoever has mended it need not wait
        return Ended(outcome=Deferred(why=str(error), until=until), halt=str(error))
    except errors.ForgeRefused as error:
        if not error.trouble.rule.person:
            return Ended(outcome=Failed(error=str(error), ours=True))
        return Ended(outcome=Deferred(why=str(error), until=parts.clock()), halt=str(error))
    except errors.NightshiftError as error:
        return Ended(outcome=Failed(error=str(error), ours=True))
    except Exception as error:  # noqa: BLE001 - a bug in one attempt must not end its siblings
        parts.journal.append(Warned(text=f"A bug in Nightshift:\n{traceback.format_exc()}"))
        return Ended(outcome=Failed(error=repr(error), ours=True))


def _used_up(outcome: Outcome) -> str | None:
    """Why the run must stop, where all that it, or its day, may use is used."""
    match outcome:
        case OutOfBudget(scope=Scope.RUN, use=use):
            return (
                f"{use} is used; all work is kept. The same command goes on, in a run with a cap "
                "of its own"
            )
        case OutOfBudget(scope=Scope.DAY, what=what, use=use):
            return (
                f"{use} is used; all work is kept. The same command goes on tomorrow, or today "
                f"after `nightshift extend day {OPTIONS[what]}`"
            )
        case _:
            return None
