"""An attempt's way onto the target: tried as soon as origin and the tracker are there, and told."""

from __future__ import annotations

from datetime import timedelta

import anyio
from anyio import to_thread

from ..domain.errors import MustStop, TrackerUnavailable
from ..domain.event import Warned, WorkLanded
from ..domain.issue import Issue
from ..domain.merge import Clash, Held, Merged, Nothing, Proof, Refused, Superseded
from ..domain.outcome import Landed
from ..domain.proposal import Proposed
from ..domain.query import Query
from ..workspaces.base import Workspace
from .parts import Parts
from .service import Waits
from .settle import settle

_TRACKER_WAIT = timedelta(seconds=5)

Judged = Merged | Clash | Refused | Nothing | Superseded | Proposed
"""What a landing came to that was not held up."""


async def land(
    parts: Parts,
    workspace: Workspace,
    issue: Issue,
    waits: Waits,
    heard: tuple[str, ...] = (),
) -> Judged:
    """Land, waiting while origin or the tracker is away. Raises MustStop when origin takes
    nothing before a person has acted."""

    def siblings() -> list[Issue]:
        return [one for one in parts.tracker.list(Query()) if one.id != issue.id]

    while True:
        await refresh(parts)
        try:
            landing = await parts.lander.land(workspace, issue, siblings, heard)
        except TrackerUnavailable as error:
            landing = Held(why=str(error), wait=_TRACKER_WAIT)
        if not isinstance(landing, Held):
            return landing
        if landing.wait is None:
            raise MustStop(landing.why)
        waits.paused(parts.clock() + landing.wait, landing.why)
        await anyio.sleep(landing.wait.total_seconds())
        waits.resumed()


async def refresh(parts: Parts) -> None:
    """Take in what people committed meanwhile, and say what they should know of it."""
    for text in await parts.lander.refresh():
        parts.journal.append(Warned(text=text))


async def landed(parts: Parts, issue: Issue) -> Landed | None:
    """A landing that the tracker was never told of: settled now, and not worked on again."""
    proof = await parts.lander.landed(issue)
    if proof is None:
        return None
    await _tell(parts, issue, proof)
    return Landed(proof=proof)


async def conclude(parts: Parts, issue: Issue, proof: Proof) -> Landed:
    """From here on the work is on the target: finish telling it, whatever comes."""
    parts.journal.append(
        WorkLanded(
            issue=issue.id,
            epoch=proof.epoch,
            commit=proof.commit,
            tree=proof.tree,
            checks=len(proof.checks),
        )
    )
    await _tell(parts, issue, proof)
    return Landed(proof=proof)


async def _tell(parts: Parts, issue: Issue, proof: Proof) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(settle, parts, issue, proof)
