"""What the forge has merged: taken in, checked where it is another tree, and recorded as landed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from anyio import to_thread

from ..domain.brief import parse
from ..domain.issue import Issue
from ..domain.merge import Held, Merged, Proof, Refused
from ..domain.proposal import Proposed
from ..effect import effect
from . import refs
from .arrival import Arrivals
from .baseline import Baseline
from .candidate import reasons
from .checks import Checks
from .hub import Hub
from .receipt import Receipts
from .stoppable import stoppable

_SOON = timedelta(seconds=5)
_WORDS = "--format=%an%x00%ae%x00%at%x00%s"
"""What stays of a commit that is made anew on another base."""


class Takings:
    """Call it under the land lease."""

    def __init__(
        self, hub: Hub, arrivals: Arrivals, receipts: Receipts, checks: Checks, baseline: Baseline
    ) -> None:
        self._hub = hub
        self._arrivals = arrivals
        self._receipts = receipts
        self._checks = checks
        self._baseline = baseline

    async def take(self, issue: Issue, proposed: Proposed, commit: str) -> Merged | Refused | Held:
        """`commit` is what the forge says it merged. Refused: it is merged, and its tree, which is
        not the one that was checked, fails a check; nothing is recorded."""
        if (held := await stoppable(self._arrivals.catch_up)) is not None:
            return held
        if not await to_thread.run_sync(self._is_there, commit):
            why = f"{commit[:10]} is merged on the forge and is not on {self._hub.target} yet"
            return Held(why=why, wait=_SOON)
        proof = await self._proven(issue, proposed.proof, commit)
        if isinstance(proof, Proof):
            await to_thread.run_sync(self._record, issue, proof)
            return Merged(proof=proof)
        return proof

    async def _proven(self, issue: Issue, proof: Proof, commit: str) -> Proof | Refused:
        tree = await to_thread.run_sync(self._hub.tree, commit)
        if tree == proof.tree:
            return replace(proof, commit=commit)
        base = await to_thread.run_sync(self._before, proof, commit)
        own = parse(issue.body).commands
        project = await to_thread.run_sync(self._baseline.commands, base)
        results = await self._checks.run(tree, tuple(dict.fromkeys((*own, *project))))
        failing = tuple(one.command for one in results if not one.passed and one.command not in own)
        red = await self._baseline.red(base, failing)
        if why := reasons(results, red):
            return Refused(reasons=why, checks=results)
        return replace(proof, commit=commit, tree=tree, base=base, checks=results, red_before=red)

    def _before(self, proof: Proof, commit: str) -> str:
        """What the target was before the merge: below the commit, or, where commits of ours were
        rebased, below the first of them."""
        git = self._hub.git
        span = f"{proof.base}..{proof.commit}"
        ours = set(git.run("log", "--no-merges", _WORDS, span).split("\n"))
        before = git.run("rev-parse", f"{commit}^1")
        while git.run("log", "--max-count=1", _WORDS, before) in ours:
            before = git.run("rev-parse", f"{before}^1")
        return before

    def _is_there(self, commit: str) -> bool:
        return self._hub.kind(commit) == "commit" and self._hub.is_in(commit, self._hub.tip())

    def _record(self, issue: Issue, proof: Proof) -> None:
        name = refs.landed(issue.uid, issue.reopened)
        self._hub.free(name)
        if self._hub.ref(name) is None:
            tag = self._receipts.tag(issue, proof)
            with effect("land"):
                self._hub.move([f"create {name} {tag}"])
        self._hub.note_landed(proof.head, proof.commit)
