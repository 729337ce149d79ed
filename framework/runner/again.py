"""What is done to an issue whose pull request asks for it: worked on again, blocked, or closed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..domain import retry
from ..domain.event import Warned, WorkLanded
from ..domain.issue import Change, Issue, State
from ..domain.lease import Failure, Lease
from ..domain.merge import Proof
from ..domain.outcome import Rejected
from ..domain.remedy import Way
from ..effect import effect
from . import recall
from .parts import Parts
from .settle import AUTHOR, settle


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is remembered with the issue's lease."""

    failure: Failure | None = None
    at: datetime | None = None


Act = Callable[[Issue, Lease], Left]


def alone(parts: Parts, issue: Issue, act: Act) -> bool:
    """Do it under the issue's lease, if the issue is still as it was seen. False when somebody
    else holds it or has changed it: then nothing was done."""
    with effect("claim"):
        lease = parts.leases.acquire(
            issue.id, str(uuid.uuid4()), parts.policy.ttl, process=parts.process
        )
    if lease is None:
        return False
    left = Left()
    try:
        fresh = parts.tracker.get(issue.id)
        is_same = (fresh.state, fresh.reopened) == (issue.state, issue.reopened)
        if is_same:
            left = act(fresh, lease)
    finally:
        with effect("release"):
            parts.leases.release(lease, failure=left.failure, not_before=left.at)
    return is_same


def go_on(parts: Parts, why: str, *, counted: bool, output: str = "") -> Act:
    """Open it for another attempt, which reads on the forge what is asked for. Counted as a
    failure, the last one that is allowed blocks it."""

    def act(issue: Issue, lease: Lease) -> Left:
        if not counted:
            _open(parts, issue, why)
            return Left()
        decision = _decide(parts, issue, why)
        failure = Failure(
            at=parts.clock(),
            epoch=lease.epoch,
            reason=f"{why}\n{output}".strip(),
            way=Way.SAME.value,
        )
        if isinstance(decision, retry.GiveUp):
            _block(parts, issue, lease, f"{decision.why}: {why}")
            return Left(failure=failure)
        _open(parts, issue, why)
        return Left(failure=failure, at=decision.at if isinstance(decision, retry.Retry) else None)

    return act


def block(parts: Parts, why: str) -> Act:
    """A person has to say how it goes on."""

    def act(issue: Issue, lease: Lease) -> Left:
        _block(parts, issue, lease, why)
        return Left()

    return act


def close(parts: Parts, proof: Proof) -> Act:
    """It is merged and recorded. Whoever merged it has looked at what no check can judge."""

    def act(issue: Issue, lease: Lease) -> Left:
        parts.journal.append(
            WorkLanded(
                issue=issue.id,
                epoch=proof.epoch,
                commit=proof.commit,
                tree=proof.tree,
                checks=len(proof.checks),
            )
        )
        settle(parts, issue, proof, reviewed=True)
        recall.forget(parts, issue)
        return Left()

    return act


def _decide(parts: Parts, issue: Issue, why: str) -> retry.Decision:
    record = parts.leases.record(issue.id)
    return retry.decide(
        Rejected(reasons=(why,)),
        failures=len(record.failures) if record else 0,
        now=parts.clock(),
        max_failures=parts.policy.max_failures,
        first=parts.policy.first_backoff,
    )


def _open(parts: Parts, issue: Issue, why: str) -> None:
    with effect("state"):
        parts.tracker.update(issue.id, Change(state=State.OPEN))
    parts.journal.append(Warned(text=f"#{issue.id} is worked on again: {why}"))


def _block(parts: Parts, issue: Issue, lease: Lease, why: str) -> None:
    text = (
        f"Blocked: {why}\n\nIts work is kept. Answer with `issue comment {issue.id} TEXT`, then "
        f"`issue reopen {issue.id}` to have it worked on again."
    )
    with effect("comment"):
        parts.tracker.comment(issue.id, text, author=AUTHOR, key=f"blocked:{lease.epoch}")
    with effect("state"):
        parts.tracker.update(issue.id, Change(state=State.BLOCKED))
    parts.journal.append(Warned(text=f"#{issue.id} is blocked: {why}"))
