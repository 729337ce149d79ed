"""Looking whether a landing is what its record says: in the hub, on the issue, by running its
checks again on exactly its tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from anyio import to_thread

from ..domain.brief import parse
from ..domain.comparison import Comparison, of_check, of_words
from ..domain.errors import UsageError, WorkspaceError
from ..domain.issue import Comment, Issue
from ..domain.merge import Proof
from ..domain.proposal import Proposed
from . import refs
from .checks import Checks
from .hub import Hub
from .proposals import read_record
from .receipt import WHO, Receipts, mark

_NOWHERE = "nowhere"


class Audit:
    """Changes nothing of what it looks at. `logs` is where checks' output was kept."""

    def __init__(self, hub: Hub, issue: Issue, *, logs: Path) -> None:
        self._hub = hub
        self._issue = issue
        self._logs = logs / "checks"
        self._receipts = Receipts(hub)
        self._name = refs.landed(issue.uid, issue.reopened)

    def record(self) -> Proof | Comparison:
        """The landing's record, or what is wrong with it. Raises UsageError for an issue that
        has not landed since it was last reopened."""
        try:
            proof = self._receipts.read(self._issue)
        except (ValueError, KeyError, TypeError) as error:
            return self._wrong(f"cannot be read: {type(error).__name__} {error}")
        if proof is not None:
            return proof
        landed = self._receipts.find(self._issue)
        if landed is None and self._proposed() is not None:
            raise UsageError(
                f"Issue {self._issue.id} waits in a pull request, and what is not merged cannot "
                "be verified yet. Its checks and commit stand in the pull request: merge it, and "
                "ask again."
            )
        if landed is None:
            raise UsageError(
                f"Issue {self._issue.id} has no landing to verify. Name one that has landed, as "
                "`issue list --state closed` shows them."
            )
        return self._wrong(f"gone, and {landed.commit} is on {self._hub.target}")

    async def compare(
        self, proof: Proof, comments: Sequence[Comment], checks: Checks
    ) -> tuple[Comparison, ...]:
        """Everything that the proof says, the checks last. Those are run only on a tree that is
        there."""
        found = await to_thread.run_sync(lambda: tuple(self._compared(proof, comments)))
        if self._hub.kind(proof.tree) != "tree":
            return found
        commands = tuple(one.command for one in proof.checks)
        again = await checks.run(proof.tree, commands)
        return (*found, *(of_check(*one) for one in zip(proof.checks, again, strict=True)))

    def _compared(self, proof: Proof, comments: Sequence[Comment]) -> Iterator[Comparison]:
        yield Comparison(
            what="the record's commit", recorded=proof.commit, found=self._commit_of_record()
        )
        yield Comparison(
            what="the record's issue",
            recorded=proof.issue or self._issue.id,
            found=self._issue.id,
        )
        yield Comparison(
            what=f"the commit on {self._hub.target}",
            recorded="a first parent",
            found=self._place(proof.commit),
        )
        yield from self._sealed(proof)
        yield from of_words(proof, parse(self._issue.body), comments)
        yield from self._kept(proof)

    def _sealed(self, proof: Proof) -> Iterator[Comparison]:
        """What the commit says of itself. Where the forge merged a pull request, its commit has
        the tree, and the rest is said by the one that the runner put up."""
        landed = seal = self._receipts.seal(proof.commit)
        base = proof.base
        if seal and not seal.is_ours and (proposed := self._proposed()) is not None:
            seal, base = self._receipts.seal(proposed.proof.commit), proposed.proof.base
        parents = (*(seal.parents if seal else ()), _NOWHERE, _NOWHERE)
        for what, recorded, found in (
            ("the tree", proof.tree, landed.tree if landed else _NOWHERE),
            ("the first parent, merged onto", base, parents[0]),
            ("the second parent, the agent's", proof.head, parents[1]),
            ("the committer", WHO, seal.who if seal else _NOWHERE),
            ("the trailer Issue", mark(self._issue), seal.mark if seal else _NOWHERE),
            ("the trailer Attempt", str(proof.epoch), seal.attempt if seal else _NOWHERE),
            ("the target", proof.target, self._hub.target),
        ):
            yield Comparison(what=what, recorded=recorded, found=found)

    def _kept(self, proof: Proof) -> Iterator[Comparison]:
        """The logs that are still there; old ones are cleared away."""
        for log in dict.fromkeys(check.log for check in proof.checks):
            path = self._logs / f"{log}.txt"
            if log.isalnum() and path.is_file():
                found = hashlib.sha256(path.read_bytes()).hexdigest()
                yield Comparison(what="a check's log", recorded=log, found=found)

    def _proposed(self) -> Proposed | None:
        """What was put up for a pull request; None where nothing was, or nobody can read it."""
        tag = self._hub.ref(refs.proposed(self._issue.uid, self._issue.reopened))
        try:
            return None if tag is None else read_record(self._hub, tag)
        except WorkspaceError:
            return None

    def _commit_of_record(self) -> str:
        answer = self._hub.git.call("rev-parse", "--verify", "--quiet", f"{self._name}^{{commit}}")
        return answer.out.strip() or _NOWHERE

    def _place(self, commit: str) -> str:
        target = refs.target(self._hub.target)
        on_target = self._hub.git.run("rev-list", "--first-parent", target, "--").splitlines()
        if commit in on_target:
            return "a first parent"
        return "not there: the branch was moved, or the record names another commit"

    def _wrong(self, how: str) -> Comparison:
        return Comparison(what="the record", recorded=self._name, found=how)
