"""The doors to workspaces and to landing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..domain.facts import Work
from ..domain.issue import Issue
from ..domain.merge import Held, Landing, Merged, Proof, Refused
from ..domain.proposal import Proposed


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An isolated clone for one attempt, on branch `agent/<issue>-e<epoch>` at `base`.

    `directory` is the clone and the agent's to change; `home` lies beside it and keeps the
    agent's own state; `hub` is the host's repository, which the agent may read.
    """

    issue: str
    epoch: int
    directory: Path
    home: Path
    hub: Path
    branch: str
    base: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a workspace holds beyond its base, as the host sees it.

    `head` is the attempt branch's commit, None when it cannot be read; `advanced` says that it
    is another one than the base; `dirty` are the paths with uncommitted changes.
    """

    head: str | None
    advanced: bool
    dirty: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """Work saved before its clone went away."""

    issue: str
    epoch: int
    ref: str
    commit: str


class Workspaces(Protocol):
    """Clones of a hub that the host owns."""

    def open(self, issue: Issue, epoch: int) -> AbstractAsyncContextManager[Workspace]:
        """A fresh clone of the target's tip.

        Records the epoch in the hub, so that every earlier attempt at the issue can land nothing
        any more; raises LeaseLost if a later one is recorded. On leaving, however it is left,
        commits and uncommitted edits are saved under `refs/rescue/` before the clone is deleted;
        if they cannot be saved, the clone stays and WorkspaceError says where.
        """

    async def inspect(self, workspace: Workspace) -> Contents:
        """What the agent has done so far. Runs nothing of the agent's."""

    async def measured(self, issue: Issue, epoch: int, proof: Proof | None) -> Work:
        """How much an attempt that is over committed; `proof` if it landed. Raises
        WorkspaceError."""

    async def rescued(self, issue: Issue) -> Rescue | None:
        """The latest saved work of earlier attempts at this issue, as far as it never landed."""

    async def recover(self, live: frozenset[tuple[str, int]]) -> list[Rescue]:
        """Put away the clones of dead runs: all except the (issue, epoch) pairs in `live`."""


Siblings = Callable[[], Iterable[Issue]]
"""The other issues, for who needs them."""


class Lander(Protocol):
    """The only way onto the target branch."""

    async def refresh(self) -> tuple[str, ...]:
        """Take in what people committed in the project since. Returns warnings for people."""

    async def tip(self) -> str:
        """The commit that the target branch points to."""

    async def read(self, path: str) -> str | None:
        """A text file of the target's tip; None if it is not there or not text."""

    async def baseline(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Run the project's own checks on the tip: the commands that pass, and that fail."""

    async def held(self) -> Held | None:
        """What keeps any landing from the remote that they go to, as far as can be told without
        one; None when nothing does, or when there is no remote. Pushes first what has landed and
        is not there yet. A refusal of an earlier landing holds until a push is taken, or is asked
        for explicitly. A remote that is silent costs ten seconds, and is waited for later."""

    async def publish(self) -> Held | None:
        """Push what has landed and the remote does not have. None when there is none of that, or
        no remote; then the remote's branch contains every landing. Does not ask a remote that
        was seen to have all. Held says how far it is behind, and what to do.
        """

    async def land(
        self,
        workspace: Workspace,
        issue: Issue,
        siblings: Siblings,
        heard: tuple[str, ...] = (),
    ) -> Landing | Proposed:
        """Merge, gate, check and move the target: all or nothing, one at a time per target.

        `siblings` gives the other issues, whose tests this one must not touch; it is asked, in a
        thread, when an older test was changed. The target moves in one ref transaction with the
        verification of the epoch; where landings are pushed, the remote's branch moves first. An
        answer of Held leaves all as it was: land again after its `wait`, with the lease and the
        workspace kept, or end the run when only a person can help.

        Where landings are proposed, the target stays: what passes is recorded with the epoch's
        verification, pushed to a branch of its own, and Proposed. It answers the reviews `heard`.
        A later one of the same issue takes the same branch, and must contain what others pushed.
        """

    async def landed(self, issue: Issue) -> Proof | None:
        """The proof of the landing of this issue since it was last reopened, if there was one."""

    async def deliver(self) -> str | None:
        """Bring the target's tip to the person's checkout, fast-forward only and only if it is
        clean and on the branch. Returns what a person must know when it was not possible."""


class Proposer(Protocol):
    """Landings that wait in pull requests, as the hub remembers them."""

    async def proposed(self, issue: Issue) -> Proposed | None:
        """What was put up for the issue since it was last reopened, pushed or not."""

    async def proposals(self) -> Mapping[tuple[str, int], Proposed]:
        """All that was ever put up, by the slug of the issue's uid and how often it had been
        reopened then."""

    async def reviewed(self, issue: Issue) -> str | None:
        """The commit on the issue's own branch at the remote, which is then in the hub; what we
        last put there where the remote is away; None where there never was any."""

    async def offer(self, proposed: Proposed) -> Held | None:
        """Bring its branch to the remote, as after a kill. None when it is there."""

    async def renew(self, issue: Issue, siblings: Siblings) -> Landing | Proposed:
        """Merge what was put up onto the target's tip, check it again and push it."""

    async def took(self, issue: Issue, commit: str) -> Merged | Refused | Held:
        """Take in and record what the forge has merged as `commit`. Its tree is checked first,
        unless it is the one that was put up. Refused: it is merged all the same, and fails."""
