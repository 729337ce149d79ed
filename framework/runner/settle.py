"""Telling the tracker of a landing: the proof, then the state. Safe to repeat."""

from __future__ import annotations

from ..domain.errors import TransitionRefused
from ..domain.event import IssueSettled
from ..domain.issue import Change, Issue, State
from ..domain.merge import Proof
from ..domain.proof import render
from ..effect import effect
from .parts import Parts

AUTHOR = "nightshift"


def settle(parts: Parts, issue: Issue, proof: Proof) -> None:
    """Close the issue with its proof, or hand it to a person if a check is manual.

    Each step may be repeated after a crash: the comment is keyed by the commit, the state is set
    rather than changed, and the journal's entry only says that all of it is done.
    """
    state = State.NEEDS_REVIEW if proof.manual else State.CLOSED
    text = render(proof, rehearsed=parts.policy.rehearsed)
    with effect("comment"):
        parts.tracker.comment(issue.id, text, author=AUTHOR, key=f"proof:{proof.commit}")
    try:
        with effect("state"):
            parts.tracker.update(issue.id, Change(state=state))
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
