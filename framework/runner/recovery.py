"""Putting right what an earlier run left, from facts: refs, leases, directories, issues."""

from __future__ import annotations

from anyio import to_thread

from ..domain.event import IssueSettled, Recovered
from ..domain.issue import Issue, State
from ..domain.query import Query
from .parts import Parts
from .settle import settle

_UNSETTLED = frozenset({State.OPEN, State.IN_PROGRESS, State.BLOCKED})


async def recover(parts: Parts) -> None:
    """Put away dead workspaces with their work saved; close what has landed but is still open.

    Safe to repeat, to interrupt, and beside another living runner on the same project.
    """
    leases = await to_thread.run_sync(parts.leases.held)
    live = frozenset((lease.key, lease.epoch) for lease in leases)
    for rescue in await parts.workspaces.recover(live):
        what = f"#{rescue.issue}: the work of attempt {rescue.epoch} is kept as {rescue.ref}"
        parts.journal.append(Recovered(what=what))
    query = Query(states=_UNSETTLED)
    unsettled = await to_thread.run_sync(parts.tracker.list, query)
    settled = _settled(parts)
    for issue in unsettled:
        await _heal(parts, issue, settled)


async def _heal(parts: Parts, issue: Issue, settled: set[str]) -> None:
    proof = await parts.lander.landed(issue)
    if proof is not None and proof.commit not in settled:
        await to_thread.run_sync(settle, parts, issue, proof)
        what = f"#{issue.id} had landed as {proof.commit[:10]} and is closed now"
        parts.journal.append(Recovered(what=what))


def _settled(parts: Parts) -> set[str]:
    """The landings, by commit, that the tracker has been told of: what a person reopened since
    stays open."""
    entries = (entry.event for entry in parts.journal.since())
    return {one.commit for one in entries if isinstance(one, IssueSettled)}
