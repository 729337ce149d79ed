"""What follows an attempt: the tracker is told, the lease is given back with what is to be
remembered, the journal says how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain import retry
from ..domain.errors import TrackerError
from ..domain.event import AttemptEnded, Warned
from ..domain.incidents import trouble_of
from ..domain.issue import Change, Issue, State
from ..domain.lease import Failure, Lease
from ..domain.ledger import OPTIONS, Scope
from ..domain.outcome import Landed, LeaseLost, Outcome, OutOfBudget, Rejected, explain
from ..domain.remedy import Step, Way
from ..domain.session import Spending
from ..effect import effect
from .parts import Parts
from .settle import AUTHOR

_REASONS = 10


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """Of one attempt, which ended with `outcome` after `seconds`, of which its session `worked`
    so many. `failures` are those before it. `decision` says whether there is another try, `step`
    how."""

    parts: Parts
    issue: Issue
    lease: Lease
    slot: int
    outcome: Outcome
    decision: retry.Decision
    step: Step
    failures: tuple[Failure, ...]
    spending: Spending
    worked: float
    seconds: float

    def follow(self) -> None:
        """The lease goes after the tracker, so that nobody starts on an issue whose state still
        speaks of us."""
        try:
            self._tell_tracker()
        except TrackerError as error:
            self._warn(f"#{self.issue.id}: the tracker was not told: {error}")
        self._release()
        self._note()

    def _release(self) -> None:
        at = self.decision.at if isinstance(self.decision, retry.Retry) else None
        with effect("release"):
            self.parts.leases.release(self.lease, failure=self._failure(), not_before=at)

    def _tell_tracker(self) -> None:
        tracker, id = self.parts.tracker, self.issue.id
        match self.decision:
            case retry.Done():
                pass  # a landing was settled within its attempt
            case retry.Retry():
                if isinstance(self.outcome, LeaseLost):
                    return  # the state speaks of whoever holds it now
                if tracker.get(id).state is State.IN_PROGRESS:
                    with effect("state"):
                        tracker.update(id, Change(state=State.OPEN))
            case retry.GiveUp(why=why):
                if tracker.get(id).is_closed:
                    return  # by a person, who does not ask for it any more
                epoch = self.lease.epoch
                text = f"Blocked: {why}\n\n{self._reasons()}\n\n{self._way_on()}"
                with effect("comment"):
                    tracker.comment(id, text, author=AUTHOR, key=f"blocked:{epoch}")
                with effect("state"):
                    tracker.update(id, Change(state=State.BLOCKED))

    def _reasons(self) -> str:
        """Why this attempt and those before it did not land, one line each."""
        past = [(one.epoch, one.reason.partition("\n")[0]) for one in self.failures]
        every = [*past[-_REASONS:], (self.lease.epoch, explain(self.outcome))]
        return "\n".join(f"- attempt {epoch}: {reason}" for epoch, reason in every)

    def _way_on(self) -> str:
        id = self.issue.id
        if isinstance(self.outcome, OutOfBudget) and self.outcome.scope is Scope.ISSUE:
            return (
                "Its work is kept. Allow more with "
                f"`nightshift extend {id} {OPTIONS[self.outcome.what]}`, which also reopens it."
            )
        return f"Answer with `issue comment {id} TEXT`, then `issue reopen {id}`."

    def _failure(self) -> Failure | None:
        if not self._counted:
            return None
        output = self.outcome.output if isinstance(self.outcome, Rejected) else ""
        return Failure(
            at=self.parts.clock(),
            epoch=self.lease.epoch,
            reason=self.parts.clean(f"{explain(self.outcome)}\n{output}".strip()),
            way=self.step.way.value,
        )

    @property
    def _counted(self) -> bool:
        return not isinstance(self.decision, retry.Done) and self.decision.counted

    def _note(self) -> None:
        outcome, spending = self.outcome, self.spending
        self.parts.journal.append(
            AttemptEnded(
                issue=self.issue.id,
                epoch=self.lease.epoch,
                slot=self.slot,
                outcome=type(outcome).__name__,
                why="" if isinstance(outcome, Landed) else explain(outcome),
                counted=self._counted,
                seconds=round(self.seconds, 3),
                usd=spending.usd,
                turns=spending.turns,
                tools=spending.tools,
                worked=round(self.worked, 3),
                trouble=trouble_of(outcome),
                scope=outcome.scope if isinstance(outcome, OutOfBudget) else "",
            )
        )

    def _warn(self, text: str) -> None:
        self.parts.journal.append(Warned(text=text))


def heeding(decision: retry.Decision, step: Step) -> retry.Decision:
    """Another try that a session's health speaks against is left to a person."""
    if isinstance(decision, retry.Retry) and decision.counted and step.way is Way.ASK:
        return retry.GiveUp(why=step.why, counted=True)
    return decision
