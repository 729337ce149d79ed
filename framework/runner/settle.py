"""Telling the tracker of a landing: the proof, then the state. Safe to repeat."""

from __future__ import annotations

from ..domain.errors import TransitionRefused
from ..domain.event import IssueSettled
from ..domain.issue import Change, Issue, State
from ..domain.merge import Proof
from ..domain.proof import render
from .parts import Parts

AUTHOR = "nightshift"


def settle(parts: Parts, issue: Issue, proof: Proof, *, reviewed: bool = False) -> None:
    """Close the issue with its proof, or hand it to a person if a check is manual, unless one has
    `reviewed` it.

    Each step may be repeated after a crash: the comment is keyed by the commit, the state is set
    rather than changed, and the journal's entry only says that all of it is done.
    """
    state = State.NEEDS_REVIEW if proof.manual and not reviewed else State.CLOSED
    text = render(proof, rehearsed=parts.policy.rehearsed)
    try:
        parts.outgoing.conclude(
            issue.id, Change(state=state), text, author=AUTHOR, key=f"proof:{proof.commit}"
        )
    except TransitionRefused:  # a person has closed it meanwhile, manual check and all
        state = State.CLOSED
    parts.journal.append(
        IssueSettled(
            issue=issue.id,
            reopened=issue.reopened,
            state=state.value,
            commit=proof.commit,
            waits=parts.outgoing.backlog().count > 0,
        )
    )
