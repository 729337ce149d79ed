"""Pull requests without a forge: kept in this process, over a bare repository on this machine.

Heads, conflicts and merges are git's own. What people and checks say is put in by `change` and
`accept`, which are no part of the door.
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

from framework.domain.pull import Check, Colour, PullRequest, Standing
from framework.effect import effect
from framework.pulls.base import HeadMoved, MergeAnswer, NotNow, Offer, Taken

_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Forge"), ("EMAIL", "forge@nightshift.invalid"))
}


class MemoryPullRequests:
    """See `PullRequests`. `bodies` are by number, `calls` names each use of the door. Checks are of
    the given `colour`, but for the heads that `fail` named."""

    def __init__(self, repository: Path, *, colour: Colour = Colour.PASSED) -> None:
        self._repository = repository
        self.colour = colour
        self._failed: dict[str, Check] = {}
        self._pulls: list[PullRequest] = []
        self._lock = RLock()
        self.bodies: dict[int, str] = {}
        self.calls: list[str] = []

    def look(self, branches: Collection[str]) -> Mapping[str, PullRequest]:
        """See `PullRequests.look`."""
        with self._lock:
            self.calls.append("look")
            return {one: found for one in branches if (found := self._of(one)) is not None}

    def open(self, offer: Offer) -> PullRequest:
        """See `PullRequests.open`."""
        with self._lock:
            self.calls.append("open")
            found = self._of(offer.branch)
            if found is None or found.standing is not Standing.OPEN:
                with effect("pull"):
                    found = self._add(offer)
            self.bodies[found.number] = offer.body
            return found

    def ready(self, pull: PullRequest) -> None:
        """See `PullRequests.ready`."""
        self.calls.append("ready")
        self.change(pull.number, draft=False)

    def merge(self, pull: PullRequest, sha: str) -> MergeAnswer:
        """See `PullRequests.merge`."""
        with self._lock, effect("merge"):
            self.calls.append("merge")
            now = self.get(pull.number)
            if now.standing is Standing.MERGED:
                return Taken(commit=now.merge_commit)
            if now.head != sha:
                return HeadMoved()
            if now.mergeable is not True or now.blocked or now.draft:
                return NotNow(why="Pull Request is not mergeable")
            return Taken(commit=self.accept(pull.number))

    def get(self, number: int) -> PullRequest:
        """As it is now: its head, its base and whether they merge are read off the repository."""
        one = self._pulls[number - 1]
        if one.standing is not Standing.OPEN:
            return one
        head, base = self._commit(one.branch), self._commit(one.base)
        if not head:
            return self.change(number, standing=Standing.CLOSED, branch_gone=True)
        tree = self._git("merge-tree", "--write-tree", base, head)
        failed = tuple(self._failed[one] for one in (head,) if one in self._failed)
        return self.change(
            number,
            head=head,
            base_commit=base,
            mergeable=bool(tree),
            checks=failed,
            colour=Colour.FAILED if failed else self.colour,
        )

    def fail(self, number: int, check: Check) -> None:
        """The check fails on its head, and on no other."""
        self._failed[self.get(number).head] = check

    def change(self, number: int, **fields: Any) -> PullRequest:
        """What people or the forge did with it."""
        with self._lock:
            self._pulls[number - 1] = new = replace(self._pulls[number - 1], **fields)
            return new

    def accept(self, number: int, *, squash: bool = False) -> str:
        """Merge it as a person does; the commit on the base."""
        with self._lock:
            one = self.get(number)
            tree = self._git("merge-tree", "--write-tree", one.base_commit, one.head)
            parents = ("-p", one.base_commit, *(() if squash else ("-p", one.head)))
            commit = self._git("commit-tree", tree, *parents, "-m", f"Merge #{number}")
            self._git("update-ref", f"refs/heads/{one.base}", commit, one.base_commit)
            self.change(number, standing=Standing.MERGED, merge_commit=commit)
            return commit

    def _of(self, branch: str) -> PullRequest | None:
        own = [self.get(one.number) for one in self._pulls if one.branch == branch]
        return next((one for one in own if one.standing is Standing.OPEN), own[-1] if own else None)

    def _add(self, offer: Offer) -> PullRequest:
        number = len(self._pulls) + 1
        self._pulls.append(
            PullRequest(
                node=f"PR_{number}",
                number=number,
                url=f"memory:pull/{number}",
                branch=offer.branch,
                head=self._commit(offer.branch),
                base=offer.base,
                base_commit=self._commit(offer.base),
                draft=offer.draft,
            )
        )
        return self.get(number)

    def _commit(self, branch: str) -> str:
        return self._git("rev-parse", "--quiet", "--verify", f"refs/heads/{branch}")

    def _git(self, *words: str) -> str:
        """What it says; nothing when it fails."""
        done = subprocess.run(
            ("git", "--git-dir", str(self._repository), *words),
            capture_output=True,
            text=True,
            check=False,
            env=_WHO,
        )
        return done.stdout.strip() if done.returncode == 0 else ""
