"""Landing: the only way onto the target branch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType

import anyio
from anyio import to_thread

from ..box import Box
from ..domain.errors import UsageError
from ..domain.issue import Issue
from ..domain.merge import Clash, Held, Landing, Merged, Nothing, Proof, Refused, Superseded
from ..domain.proposal import Proposed
from . import attempt, refs
from .arrival import Arrivals
from .attempt import Attempt
from .base import Siblings, Workspace
from .baseline import Baseline
from .candidate import Candidate
from .checkout import Checkouts
from .checks import Checks
from .delivery import deliver
from .gate import Gate
from .hub import Hub
from .intake import Intake
from .origin import SECONDS as PUSH_SECONDS
from .origin import Moved
from .project import Project
from .proposals import Proposals
from .publishing import BUSY, TRIES, Publisher
from .receipt import Receipts
from .stoppable import stoppable
from .taken import Takings
from .transaction import Transactions
from .upstream import find

_NOTHING: Mapping[str, str] = MappingProxyType({})
_UNREADABLE = "the commits cannot be read from the clone: commit in .git as it was handed over"
_LACKS = (
    "others pushed {} to the branch of the pull request, and the work does not contain it: "
    "`git merge` it first"
)

Prepared = Candidate | Clash | Refused | Nothing | Superseded | Held
Prepare = Callable[[], Prepared]


class HubLander:
    """Lands into a hub's target branch, one at a time.

    `checks` replaces the project's own checks, which are otherwise read off the target's tip.
    `logs` takes the output of checks, cleaned by `clean`. `serialise` keeps other processes out
    while one lands, `deliver_alone` while one delivers; tasks of this process wait for each other
    anyway.
    A cancellation between the ref transaction and the return loses the answer, not the landing:
    `landed` knows it.

    With `propose`, the short name of this machine's leases, nothing moves the target but what
    others merge: work that passes goes to a branch of its own on the remote, see `Proposals`.

    `push` and `environment` (the person's) say whether and how landings go to a remote, see
    `upstream.find`; commits of the person's that are on the target go with them.
    """

    def __init__(
        self,
        *,
        hub: Hub,
        project: Path,
        root: Path,
        logs: Path,
        box: Box,
        checks: tuple[str, ...] | None = None,
        check_seconds: float = 900.0,
        check_network: bool = False,
        clean: Callable[[str], str] = str,
        serialise: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        deliver_alone: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        push: bool | None = None,
        propose: str | None = None,
        environment: Mapping[str, str] = _NOTHING,
        push_seconds: float = PUSH_SECONDS,
    ) -> None:
        self._hub = hub
        self._project = Project(project)
        self._intake = Intake(hub, box)
        self._receipts = Receipts(hub)
        self._origin = find(
            self._project,
            target=hub.target,
            push=push if propose is None else True,
            environment=environment,
            refused=hub.path.with_name("push-refused"),
            seconds=push_seconds,
        )
        self._transactions = Transactions(hub, self._receipts, self._origin)
        self._arrivals = Arrivals(hub, self._project, self._origin)
        self._checks = Checks(
            checkouts=Checkouts(hub, root),
            box=box,
            logs=logs,
            seconds=check_seconds,
            network=check_network,
            clean=clean,
        )
        self._baseline = Baseline(hub, self._checks, checks)
        joined = self._arrivals.joined if self._origin else lambda: None
        self._gate = Gate(hub, self._receipts, self._checks, self._baseline, joined)
        self._publisher: Publisher | None = None
        self._proposals: Proposals | None = None
        self._takings = Takings(hub, self._arrivals, self._receipts, self._checks, self._baseline)
        doors = (self._arrivals, self._transactions, self._receipts, self._baseline)
        if self._origin is not None and propose is None:
            self._publisher = Publisher(hub, self._origin, *doors)
        elif self._origin is not None and propose is not None:
            writers = (self._receipts, self._transactions)
            self._proposals = Proposals(hub, self._project, self._origin, *writers, store=propose)
        self._serialise = serialise
        self._deliver_alone = deliver_alone
        self._landing = anyio.Lock()
        self._delivering = anyio.Lock()

    async def refresh(self) -> tuple[str, ...]:
        """See `Lander.refresh`. A conflict is told once for each of the commits in it, and once
        that a remote is away, or that it came to need a person."""
        said = () if self._origin is None else await stoppable(self._arrivals.look)
        if not await self._is_pending():
            return said
        async with self._turn():
            return (*said, *await to_thread.run_sync(self._arrivals.take))

    async def held(self) -> Held | None:
        """See `Lander.held`."""
        if self._origin is None:
            return None
        if self._proposals is not None:
            return await stoppable(self._origin.look)
        return await self.publish() or await stoppable(self._origin.try_out)

    async def publish(self) -> Held | None:
        """See `Lander.publish`."""
        if self._publisher is None or not await to_thread.run_sync(self._publisher.is_due):
            return None
        async with self._turn():
            return await self._publisher.publish()

    async def _is_pending(self) -> bool:
        seen = self._arrivals.at_a_glance()  # costs less than to have a thread look
        return seen if seen is not None else await to_thread.run_sync(self._arrivals.pending)

    async def tip(self) -> str:
        return await to_thread.run_sync(self._hub.tip)

    async def read(self, path: str) -> str | None:
        blob = await to_thread.run_sync(lambda: self._hub.file(self._hub.tip(), path))
        try:
            return None if blob is None else blob.decode("utf-8")
        except UnicodeDecodeError:
            return None

    async def baseline(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """See `Lander.baseline`. What is known of the tip's tree is not run again."""
        return await self._baseline.judge()

    async def land(
        self,
        workspace: Workspace,
        issue: Issue,
        siblings: Siblings,
        heard: tuple[str, ...] = (),
    ) -> Landing | Proposed:
        """See `Lander.land`. A workspace that cannot be read is refused; GitFailed says that the
        fault is ours."""
        one = attempt.of(workspace)
        prepare = partial(self._prepare, one, issue, siblings)
        return await self._land(issue, one.epoch, heard, prepare)

    async def _land(
        self, issue: Issue, epoch: int, heard: tuple[str, ...], prepare: Prepare
    ) -> Landing | Proposed:
        async with self._turn():
            for _ in range(TRIES) if self._origin else count():
                landing = await self._try(issue, epoch, heard, prepare)
                if landing is not None:
                    return landing  # else the tip moved, so somebody got on: again from the merge
        return self._busy()

    async def _try(
        self, issue: Issue, epoch: int, heard: tuple[str, ...], prepare: Prepare
    ) -> Landing | Proposed | None:
        if self._origin is not None:
            held = await stoppable(self._arrivals.catch_up)
            if held is not None:
                return held
        candidate = await to_thread.run_sync(prepare)
        if not isinstance(candidate, Candidate):
            return candidate
        proof = await self._gate.prove(issue, epoch, candidate)
        if isinstance(proof, Refused):
            return proof
        self._baseline.note(proof.tree, proof.checks)
        if self._proposals is not None:
            return await stoppable(partial(self._proposals.propose, issue, proof, heard))
        return await stoppable(partial(self._move, issue, proof, candidate.joined))

    def _busy(self) -> Held:
        name = self._origin.name if self._origin else self._hub.target
        return Held(why=f"{name} moved {TRIES} times while this was tested", wait=BUSY)

    async def landed(self, issue: Issue) -> Proof | None:
        """See `Lander.landed`. Records a landing that a kill left without its record."""
        if self._receipts.is_new(issue):
            return None
        recorded, found = await to_thread.run_sync(self._known, issue)
        if found is not None:
            async with self._turn():
                await to_thread.run_sync(self._receipts.restore, issue, found)
        return recorded or found

    def _known(self, issue: Issue) -> tuple[Proof | None, Proof | None]:
        """The recorded landing, or else one without its record."""
        recorded = self._receipts.read(issue)
        return recorded, None if recorded else self._receipts.find(issue)

    async def proposed(self, issue: Issue) -> Proposed | None:
        """See `Proposer.proposed`."""
        return await to_thread.run_sync(self._own.read, issue)

    async def proposals(self) -> Mapping[tuple[str, int], Proposed]:
        """See `Proposer.proposals`."""
        return await to_thread.run_sync(self._own.all)

    async def reviewed(self, issue: Issue) -> str | None:
        """See `Proposer.reviewed`."""
        return await stoppable(partial(self._own.current, issue))

    async def offer(self, proposed: Proposed) -> Held | None:
        """See `Proposer.offer`."""
        async with self._turn():
            answer = await stoppable(partial(self._own.push, proposed))
        return self._busy() if isinstance(answer, Moved) else answer

    async def renew(self, issue: Issue, siblings: Siblings) -> Landing | Proposed:
        """See `Proposer.renew`."""
        proposed = await to_thread.run_sync(self._own.read, issue)
        if proposed is None:
            return Nothing()
        head, epoch = proposed.proof.commit, proposed.proof.epoch
        prepare = partial(self._gate.candidate, issue, siblings, head)
        return await self._land(issue, epoch, proposed.heard, prepare)

    async def took(self, issue: Issue, commit: str) -> Merged | Refused | Held:
        """See `Proposer.took`."""
        async with self._turn():
            proposed = await to_thread.run_sync(self._own.read, issue)
            if proposed is None:
                return Held(why=f"#{issue.id} was never put up for a pull request from here")
            return await self._takings.take(issue, proposed, commit)

    @property
    def _own(self) -> Proposals:
        if self._proposals is None:
            raise UsageError("Nothing is put up for pull requests here. Run with --land pr.")
        return self._proposals

    async def deliver(self) -> str | None:
        async with self._delivering, self._deliver_alone():
            return await to_thread.run_sync(self._deliver)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Alone on the target. What locks it then is what a dead process has left."""
        async with self._landing, self._serialise():
            target = refs.target(self._hub.target)
            self._hub.free(target, refs.person(self._hub.target), "HEAD")
            yield

    def _deliver(self) -> str | None:
        tip = self._hub.tip()
        said = deliver(self._hub, self._project)
        if said is None:
            self._arrivals.delivered(tip)
        return said

    def _prepare(self, one: Attempt, issue: Issue, siblings: Siblings) -> Prepared:
        """Everything before the checks: fetch, merge, content rules."""
        self._receipts.mend(issue)
        if self._transactions.is_superseded(issue, one.epoch):
            return Superseded()
        found = self._intake.head(one)
        if found.commit is None:
            return Refused(reasons=(f"{_UNREADABLE}: {found.why}",))
        if found.commit == one.base:
            return Nothing()
        return self._missing(issue, found.commit) or self._gate.candidate(
            issue, siblings, found.commit
        )

    def _missing(self, issue: Issue, head: str) -> Refused | Held | None:
        """What others pushed to the issue's own branch must be in what replaces it."""
        if self._proposals is None:
            return None
        theirs = self._proposals.lacking(issue, head)
        return Refused(reasons=(_LACKS.format(theirs),)) if isinstance(theirs, str) else theirs

    def _move(
        self, issue: Issue, proof: Proof, joined: str | None
    ) -> Merged | Superseded | Held | None:
        """See `Transactions.land`."""
        answer = self._transactions.land(issue, proof, joined=joined)
        if isinstance(answer, Merged):
            self._hub.note_landed(proof.head, proof.commit)
        return answer
