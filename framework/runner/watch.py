"""The watch over pull requests: what people and the forge did with them, and what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import anyio
from anyio import to_thread

from ..domain.errors import ForgeRefused, LeaseError, TrackerError, WorkspaceError
from ..domain.event import Warned
from ..domain.identifier import slug
from ..domain.issue import WORKABLE, Issue, State
from ..domain.merge import Clash, Held, Merged, Nothing, Refused, Superseded
from ..domain.proposal import Proposed
from ..domain.pull import (
    PATIENCE,
    SOON,
    Closed,
    Conflict,
    Continue,
    Merge,
    PullRequest,
    PullWaits,
    Ready,
    Renew,
    Step,
    Wait,
    feedback,
    next_step,
)
from ..domain.pull import Merged as MergedThere
from ..domain.query import Query
from ..pulls.base import HeadMoved, NotNow, Taken
from .again import Act, alone, block, close, go_on
from .landing import refresh
from .parts import Forge, Parts
from .patience import Patience
from .reviews import put_up

_WATCHED = frozenset({State.NEEDS_REVIEW, State.CLOSED})
_AHEAD = WORKABLE | {State.NEEDS_REVIEW}
_LOOKING = ""
"""No issue's id: what keeps us from looking at any."""
_A_MOMENT = timedelta(minutes=1)
"""A look at the forge may be older than one at the remote, and the other way round."""


@dataclass(frozen=True, kw_only=True)
class _Case:
    """An issue in review, what we put up for it, and its pull request."""

    issue: Issue
    proposed: Proposed
    pull: PullRequest


class Watch:
    """Looks at all pull requests of this project's hub at once, again and again.

    `people` are the addresses of those that wait for a person, each with why: it is said when it
    changes, too. `is_busy`: something else is to come, so the run must not end. `refused`: the
    forge lets nobody look, for which a person is needed. What it does to an issue it does under
    the issue's lease and after a fresh look at its state, so that of two runs one does it.
    """

    def __init__(self, parts: Parts, forge: Forge, landed: Callable[[], None]) -> None:
        self._parts = parts
        self._forge = forge
        self._landed = landed
        self._news = anyio.Event()
        self._said: set[str] = set()
        self._waits: Sequence[PullWaits] = ()
        self._known: Mapping[tuple[str, int], Proposed] = {}
        self._patience = Patience(parts.clock)
        self._asked, self._seen = 1, 0
        self._forge_is_next = True
        self._has_merged = False
        self.people: tuple[str, ...] = ()
        self.refused: str | None = None

    @property
    def is_due(self) -> bool:
        """Whether there is something that no look has seen yet."""
        return self._seen != self._asked

    @property
    def is_busy(self) -> bool:
        return self.is_due or self._forge_is_next

    def look_soon(self) -> None:
        """A pull request may have been opened: nobody knows yet what it waits for."""
        self._asked += 1
        self._news.set()

    def room(self, issues: Iterable[Issue], running: Collection[str]) -> int:
        """How many of all issues may be begun anew, while those with the ids `running` are worked
        on: each ends with one more pull request to read. Those that go back to work keep theirs."""
        if self.is_due or self.refused is not None:
            return 0
        own = {one.id for one in issues if one.state in _AHEAD and self.knows(one)}
        return max(0, self._parts.policy.reviews - len(own.union(running)))

    def knows(self, issue: Issue) -> bool:
        """Whether the issue has a pull request, so that work on it makes no new one."""
        uid = slug(issue.uid)
        return any(of == uid and not one.landed for (of, _), one in self._known.items())

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[None]:
        """While the block runs; it begins after the first look."""
        await self.go()
        async with anyio.create_task_group() as group:
            group.start_soon(self._carry_on, name="watch")
            yield
            group.cancel_scope.cancel()

    async def go(self) -> None:
        """One look, and what follows from it."""
        asked = self._asked
        try:
            waits = await self._round()
        except ForgeRefused as error:
            self._warn(f"Pull requests cannot be looked at: {error}")
            self.refused, self._forge_is_next = str(error), False
        except (TrackerError, LeaseError, WorkspaceError) as error:
            self._warn(f"Pull requests could not be looked at: {error}")
            is_ours = isinstance(error, WorkspaceError)  # outages are waited for much longer
            patience = SOON if is_ours else PATIENCE
            wait = self._patience.bounded(_LOOKING, Wait(why=str(error), patience=patience))
            self._forge_is_next = not wait.person
            if not wait.person:
                return  # nothing was seen
            self.refused = f"Pull requests could not be looked at: {wait.why}"
        else:  # not before: a look that a run's end cuts short has seen nothing
            self.refused = None
            self._patience.over(_LOOKING)
            self._tell(waits)
            self._forge_is_next = any(not wait.person for wait in waits)
        self._seen = asked

    def _tell(self, waits: Sequence[PullWaits]) -> None:
        """What waits, and why; what the last look has seen as well is no news."""
        self.people = tuple(f"{one.url} ({one.why})" for one in waits if one.person)
        for one in waits:
            if one not in self._waits:
                self._parts.journal.append(one)
        self._waits = waits

    async def _carry_on(self) -> None:
        while True:
            with anyio.move_on_after(self._parts.policy.review_poll):
                await self._news.wait()
            self._news = anyio.Event()
            await self.go()

    async def _round(self) -> list[PullWaits]:
        """What each open pull request waits for, once all that can be done is done."""
        self._has_merged = False
        self._known = await self._forge.proposer.proposals()
        issues = await to_thread.run_sync(self._parts.tracker.list, Query(states=_WATCHED))
        own = [(one, mine) for one in issues if (mine := self._mine(one)) is not None]
        branches = [mine.branch for _, mine in own if not mine.landed]
        pulls = await to_thread.run_sync(self._forge.pulls.look, branches) if branches else {}
        waits: list[PullWaits] = []
        for issue, mine in own:
            pull = pulls.get(mine.branch)
            wait = await self._heeded(issue, mine, pull)
            if wait is None:
                self._patience.over(issue.id)
            else:
                wait = self._patience.bounded(issue.id, wait)
                url = pull.url if pull else mine.branch
                one = PullWaits(issue=issue.id, url=url, why=wait.why, person=wait.person)
                waits.append(one)
        return waits

    def _mine(self, issue: Issue) -> Proposed | None:
        """What was put up for it in this round, as far as there is anything left to do."""
        mine = self._known.get((slug(issue.uid), issue.reopened))
        return None if mine is None or (mine.landed and issue.is_closed) else mine

    async def _heeded(self, issue: Issue, mine: Proposed, pull: PullRequest | None) -> Wait | None:
        """As `_follow`; what the forge refuses for one of them is no trouble of the others, and
        is not asked of it at every look."""
        as_seen = (issue.state, mine, pull)
        if (refused := self._patience.refusal(issue.id, as_seen)) is not None:
            return refused
        try:
            return await self._follow(issue, mine, pull)
        except ForgeRefused as error:
            return self._patience.refused(issue.id, as_seen, str(error))
        except (TrackerError, LeaseError, WorkspaceError) as error:
            where = pull.url if pull else mine.branch
            self._warn(f"{where}: {error}")
            return Wait(why=str(error))

    async def _follow(self, issue: Issue, mine: Proposed, pull: PullRequest | None) -> Wait | None:
        """Act; what it waits for after that, None when the issue is in review no longer."""
        if mine.landed:  # killed before the tracker was told
            return await self._settle(issue, mine.proof.commit)
        if pull is None:
            return await self._put_up(issue, mine)
        auto = self._parts.policy.merge == "auto"
        step = next_step(pull, mine.ours, auto=auto, now=self._parts.clock())
        if issue.is_closed and not isinstance(step, MergedThere):
            return None  # by a person, who does not ask for it any more
        return await self._act(_Case(issue=issue, proposed=mine, pull=pull), step)

    async def _act(self, case: _Case, step: Step) -> Wait | None:
        issue, pull = case.issue, case.pull
        match step:
            case Wait():
                return step
            case Ready():
                await to_thread.run_sync(self._forge.pulls.ready, pull)
                return Wait(why="it is ready now")
            case Merge(sha=sha):
                return await self._merge(case, sha)
            case Renew():
                return await self._renew(case)
            case MergedThere(commit=commit):
                elsewhere = "" if pull.base == self._parts.target else pull.base
                return await self._settle(issue, commit, elsewhere)
            case Conflict():
                why = f"{pull.url} does not merge with {pull.base} any more"
                return await self._again(case, why, counted=True)
            case Continue(why=why, counted=counted):
                return await self._again(case, f"{pull.url}: {why}", counted=counted)
            case Closed(branch_gone=branch_gone):
                closed = "is closed, as its branch was deleted"
                why = closed if branch_gone else "was closed without being merged"
                return await self._alone(issue, block(self._parts, f"{pull.url} {why}"))

    async def _put_up(self, issue: Issue, mine: Proposed) -> Wait | None:
        """In review, and the forge has no pull request of the branch: it may have lost it."""
        if issue.is_closed:
            return None
        held = await self._forge.proposer.offer(mine)
        if held is not None:
            return Wait(why=held.why, person=held.wait is None)
        await put_up(self._parts, issue, mine)
        return Wait(why="its pull request is opened again")

    async def _merge(self, case: _Case, sha: str) -> Wait | None:
        if self._has_merged:  # so the base is another one than this look has seen
            return Wait(why="another one was merged just now")
        answer = await to_thread.run_sync(self._forge.pulls.merge, case.pull, sha)
        match answer:
            case HeadMoved():
                return Wait(why="its head or its base moved meanwhile")
            case NotNow(why=why):
                as_seen = (case.issue.state, case.proposed, case.pull)
                why = f"the forge does not merge it: {why}"
                return self._patience.refused(case.issue.id, as_seen, why)
            case Taken(commit=commit):
                self._has_merged = True
                return await self._settle(case.issue, commit)

    async def _renew(self, case: _Case) -> Wait | None:
        """Onto the base as it is now. What fails then goes back to its author."""
        issue, tracker = case.issue, self._parts.tracker
        await refresh(self._parts)
        if await self._parts.lander.tip() == case.proposed.proof.base:
            base = case.pull.base  # pushed anew, it would be the same, and so for ever
            why = f"{base} here has commits that it lacks on the forge: push them there"
            return Wait(why=why, patience=_A_MOMENT)

        def siblings() -> list[Issue]:
            return [one for one in tracker.list(Query()) if one.id != issue.id]

        match await self._forge.proposer.renew(issue, siblings):
            case Clash():
                why = f"{case.pull.url} does not merge with {case.pull.base} any more"
                return await self._again(case, why, counted=True)
            case Refused(reasons=reasons):
                why = f"on top of what {case.pull.base} is now, {'; '.join(reasons)}"
                return await self._again(case, why, counted=True)
            case Held(why=why, wait=wait):
                return Wait(why=why, person=wait is None)
            case Nothing() | Superseded():
                return Wait(why="it has nothing that its base lacks", person=True)
            case _:
                return Wait(why="it is checked anew on the forge")

    async def _settle(self, issue: Issue, commit: str, elsewhere: str = "") -> Wait | None:
        """Merged, by whomever: taken in, checked where its tree is another, closed with proof.
        `elsewhere`: not into the target, but there."""
        match await self._forge.proposer.took(issue, commit):
            case Merged(proof=proof):
                await self._alone(issue, close(self._parts, proof))
                self._landed()
                return None
            case Refused(reasons=reasons):
                said = "; ".join(reasons)
                why = f"it was merged as `{commit}`, and what was merged fails: {said}"
                return await self._alone(issue, block(self._parts, why))
            case Held() if elsewhere:
                why = f"it was merged into {elsewhere}, which {self._parts.target} has not taken in"
                return Wait(why=why, person=True)
            case Held(why=why, wait=wait):
                self._warn(why)
                return Wait(why=why, person=wait is None)

    async def _again(self, case: _Case, why: str, *, counted: bool) -> Wait | None:
        output = feedback(case.pull, case.proposed.heard) if counted else ""
        return await self._alone(
            case.issue, go_on(self._parts, why, counted=counted, output=output)
        )

    async def _alone(self, issue: Issue, act: Act) -> Wait | None:
        done = await to_thread.run_sync(alone, self._parts, issue, act)
        return None if done else Wait(why="somebody else is at it")

    def _warn(self, text: str) -> None:
        """Once, as long as it stays the same."""
        if text not in self._said:
            self._said.add(text)
            self._parts.journal.append(Warned(text=text))
