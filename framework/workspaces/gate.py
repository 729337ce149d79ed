"""The gate before the target: merge, content rules, checks, proof. It moves nothing."""

from __future__ import annotations

from collections.abc import Callable

from anyio import to_thread

from ..domain import brief
from ..domain.check import CheckResult
from ..domain.issue import Issue
from ..domain.merge import Clash, Nothing, Proof, Refused
from ..domain.proof import covered
from .base import Siblings
from .baseline import Baseline
from .candidate import Candidate, broken_rules, reasons
from .checks import Checks
from .content import described, differing
from .hub import Hub
from .merging import combine
from .receipt import Receipts
from .steps import lingering

_UNRELATED = "the commits have no history in common with the target: commit on the given branch"


class Gate:
    """Call it under the land lease. `joined` says what the target contains of the remote's
    branch."""

    def __init__(
        self,
        hub: Hub,
        receipts: Receipts,
        checks: Checks,
        baseline: Baseline,
        joined: Callable[[], str | None],
    ) -> None:
        self._hub = hub
        self._receipts = receipts
        self._checks = checks
        self._baseline = baseline
        self._joined = joined

    def candidate(
        self, issue: Issue, siblings: Siblings, head: str
    ) -> Candidate | Clash | Refused | Nothing:
        """Merge `head` onto the target's tip and hold it against the content rules."""
        tip = self._hub.tip()
        if head == tip:
            return Nothing()
        merged = combine(self._hub.git, tip, head)
        if merged.unrelated:
            return Refused(reasons=(_UNRELATED,))
        if merged.tree is None:
            return Clash(tip=tip, paths=merged.paths)
        found = differing(self._hub, tip, merged.tree)
        if not found and self._hub.is_in(head, tip):
            return Nothing()
        changed = described(self._hub, found)
        why = broken_rules(issue, siblings, changed) or lingering(self._hub, tip, head, found)
        if why:
            return Refused(reasons=why)
        return Candidate(
            tip=tip,
            joined=self._joined(),
            head=head,
            tree=merged.tree,
            own=brief.parse(issue.body).commands,
            project=self._baseline.commands(tip),
        )

    async def prove(self, issue: Issue, epoch: int, candidate: Candidate) -> Proof | Refused:
        """Run the checks on it. The proof names the runner's merge commit, to which nothing
        points yet."""
        results = await self._checks.run(candidate.tree, candidate.commands)
        red = await self._red_before(candidate, results)
        if why := reasons(results, red):
            return Refused(reasons=why, checks=results)
        return await to_thread.run_sync(self._prove, issue, epoch, candidate, results, red)

    def _prove(
        self,
        issue: Issue,
        epoch: int,
        candidate: Candidate,
        results: tuple[CheckResult, ...],
        red: tuple[str, ...],
    ) -> Proof:
        tip, tree, head = candidate.tip, candidate.tree, candidate.head
        work = brief.parse(issue.body)
        return Proof(
            commit=self._receipts.commit(issue, epoch, tree=tree, tip=tip, head=head),
            tree=tree,
            head=head,
            base=tip,
            target=self._hub.target,
            epoch=epoch,
            checks=results,
            red_before=red,
            manual=work.manual,
            issue=issue.id,
            criteria=covered(work),
        )

    async def _red_before(
        self, candidate: Candidate, results: tuple[CheckResult, ...]
    ) -> tuple[str, ...]:
        """The project's checks that fail, and failed on the tip already. The issue's own must
        pass, whatever was before."""
        failing = tuple(
            result.command
            for result in results
            if not result.passed and result.command not in candidate.own
        )
        return await self._baseline.red(candidate.tip, failing)
