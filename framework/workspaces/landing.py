"""Landing: the only way onto the target branch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from types import MappingProxyType

import anyio
from anyio import to_thread

from ..box import Box
from ..domain import brief, constitution
from ..domain.check import CheckResult
from ..domain.filechange import FileChange
from ..domain.issue import Issue
from ..domain.merge import Clash, Held, Landing, Merged, Nothing, Proof, Refused, Superseded
from ..domain.others import is_test
from ..domain.proof import covered
from . import attempt, refs
from .arrival import Arrivals
from .attempt import Attempt
from .base import Siblings, Workspace
from .baseline import Baseline
from .checkout import Checkouts
from .checks import Checks
from .content import changes
from .delivery import deliver
from .hub import Hub
from .intake import Intake
from .merging import combine
from .origin import SECONDS as PUSH_SECONDS
from .project import Project
from .publishing import BUSY, TRIES, Publisher
from .receipt import Receipts
from .stoppable import stoppable
from .transaction import Transactions
from .upstream import find

_NOTHING: Mapping[str, str] = MappingProxyType({})
_UNREADABLE = "the commits cannot be read from the clone: commit in .git as it was handed over"
_UNRELATED = "the commits have no history in common with the target: commit on the given branch"


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """What would land: `tree`, merged from `tip` and `head`, with the commands to judge it.
    `joined` is what the tip contains of the remote's branch."""

    tip: str
    joined: str | None
    head: str
    tree: str
    own: tuple[str, ...]
    project: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.own, *self.project)))


class HubLander:
    """Lands into a hub's target branch, one at a time.

    `checks` replaces the project's own checks, which are otherwise read off the target's tip.
    `logs` takes the output of checks, cleaned by `clean`. `serialise` keeps other processes out
    while one lands, `deliver_alone` while one delivers; tasks of this process wait for each other
    anyway.
    A cancellation between the ref transaction and the return loses the answer, not the landing:
    `landed` knows it.

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
            push=push,
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
        doors = (self._arrivals, self._transactions, self._receipts, self._baseline)
        self._publisher = Publisher(hub, self._origin, *doors) if self._origin else None
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

    async def land(self, workspace: Workspace, issue: Issue, siblings: Siblings) -> Landing:
        """See `Lander.land`. A workspace that cannot be read is refused; GitFailed says that the
        fault is ours."""
        one = attempt.of(workspace)
        async with self._turn():
            for _ in range(TRIES) if self._origin else count():
                landing = await self._try(one, issue, siblings)
                if landing is not None:
                    return landing  # else the tip moved, so somebody got on: again from the merge
        return self._busy()

    async def _try(self, one: Attempt, issue: Issue, siblings: Siblings) -> Landing | None:
        if self._origin is not None:
            held = await stoppable(self._arrivals.catch_up)
            if held is not None:
                return held
        candidate = await to_thread.run_sync(self._prepare, one, issue, siblings)
        if not isinstance(candidate, _Candidate):
            return candidate
        results = await self._checks.run(candidate.tree, candidate.commands)
        red = await self._red_before(candidate, results)
        if reasons := _reasons(results, red):
            return Refused(reasons=reasons, checks=results)
        return await stoppable(partial(self._move, one, issue, candidate, results, red))

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

    def _prepare(
        self, one: Attempt, issue: Issue, siblings: Siblings
    ) -> _Candidate | Clash | Refused | Nothing | Superseded:
        """Everything before the checks: fetch, merge, content rules."""
        self._receipts.mend(issue)
        if self._transactions.is_superseded(issue, one.epoch):
            return Superseded()
        found = self._intake.head(one)
        if found.commit is None:
            return Refused(reasons=(f"{_UNREADABLE}: {found.why}",))
        tip = self._hub.tip()
        if found.commit in (one.base, tip):
            return Nothing()
        merged = combine(self._hub.git, tip, found.commit)
        if merged.unrelated:
            return Refused(reasons=(_UNRELATED,))
        if merged.tree is None:
            return Clash(tip=tip, paths=merged.paths)
        return self._gated(issue, siblings, tip=tip, head=found.commit, tree=merged.tree)

    def _gated(
        self, issue: Issue, siblings: Siblings, *, tip: str, head: str, tree: str
    ) -> _Candidate | Refused | Nothing:
        changed = changes(self._hub, tip, tree)
        if not changed and self._hub.is_in(head, tip):
            return Nothing()
        work = brief.parse(issue.body)
        claimed = _claimed(siblings) if any(map(_is_old_test, changed)) else frozenset()
        if reasons := constitution.judge(changed, expected=work.paths, claimed=claimed):
            return Refused(reasons=reasons)
        return _Candidate(
            tip=tip,
            joined=None if self._origin is None else self._arrivals.joined(),
            head=head,
            tree=tree,
            own=work.commands,
            project=self._baseline.commands(tip),
        )

    def _move(
        self,
        one: Attempt,
        issue: Issue,
        candidate: _Candidate,
        results: tuple[CheckResult, ...],
        red: tuple[str, ...],
    ) -> Merged | Superseded | Held | None:
        """See `Transactions.land`."""
        proof = self._prove(one, issue, candidate, results, red)
        answer = self._transactions.land(issue, proof, joined=candidate.joined)
        if isinstance(answer, Merged):
            self._baseline.note(proof.tree, results)
            self._hub.note_landed(proof.head, proof.commit)
        return answer

    def _prove(
        self,
        one: Attempt,
        issue: Issue,
        candidate: _Candidate,
        results: tuple[CheckResult, ...],
        red: tuple[str, ...],
    ) -> Proof:
        """The proof, with the runner's merge commit in it, to which nothing points yet."""
        tip, tree, head = candidate.tip, candidate.tree, candidate.head
        work = brief.parse(issue.body)
        return Proof(
            commit=self._receipts.commit(issue, one.epoch, tree=tree, tip=tip, head=head),
            tree=tree,
            head=head,
            base=tip,
            target=self._hub.target,
            epoch=one.epoch,
            checks=results,
            red_before=red,
            manual=work.manual,
            issue=issue.id,
            criteria=covered(work),
        )

    async def _red_before(
        self, candidate: _Candidate, results: tuple[CheckResult, ...]
    ) -> tuple[str, ...]:
        """The project's checks that fail, and failed on the tip already. The issue's own must
        pass, whatever was before."""
        failing = tuple(
            result.command
            for result in results
            if not result.passed and result.command not in candidate.own
        )
        return await self._baseline.red(candidate.tip, failing)


def _is_old_test(change: FileChange) -> bool:
    return change.existed and is_test(change.path)


def _claimed(siblings: Siblings) -> frozenset[str]:
    return frozenset(path for other in siblings() for path in _paths(other.body))


@lru_cache(maxsize=4096)
def _paths(body: str) -> tuple[str, ...]:
    """The paths that an issue names. A landing that changes tests asks it of every issue."""
    return brief.parse(body).paths


def _reasons(results: tuple[CheckResult, ...], red_before: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        f"`{result.command}` ran into the time limit"
        if result.code is None
        else f"`{result.command}` failed with exit code {result.code}"
        for result in results
        if not result.passed and result.command not in red_before
    )
