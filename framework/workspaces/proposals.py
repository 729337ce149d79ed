"""Work put up for a pull request: recorded in the hub, then pushed to a branch of its own.

The record comes first. A kill after it leaves nothing undone that cannot be read off it: whoever
finds it pushes the branch again, and opens the pull request if there is none. It carries the
store's name in its branch, so that two machines never write to the same one.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ..domain import proof as proofs
from ..domain.errors import GitFailed, WorkspaceError
from ..domain.identifier import slug
from ..domain.issue import Issue
from ..domain.merge import Held, Proof, Superseded
from ..domain.proposal import Proposed
from ..effect import effect
from . import refs
from ._git import FETCH
from .hub import Hub, epoch_object
from .origin import Moved, Origin
from .project import Project
from .receipt import WHO, Receipts
from .transaction import Transactions

_NONE = "0" * 40
_TITLE = 40
_NAMES = 10


class Proposals:
    """Call what writes under the land lease. `store` is the short name of this machine's leases."""

    def __init__(
        self,
        hub: Hub,
        project: Project,
        origin: Origin,
        receipts: Receipts,
        transactions: Transactions,
        *,
        store: str,
    ) -> None:
        self._hub = hub
        self._project = project
        self._origin = origin
        self._receipts = receipts
        self._transactions = transactions
        self._store = slug(store)
        self._read: dict[str, Proposed] = {}

    def propose(
        self, issue: Issue, proof: Proof, heard: tuple[str, ...]
    ) -> Proposed | Superseded | Held | None:
        """Record it and push it. None when the branch is another one by now: look again. After
        Held it may be recorded already, and is recorded anew."""
        try:
            proposed = self._record(issue, proof, heard)
        except GitFailed:
            if self._transactions.is_superseded(issue, proof.epoch):
                return Superseded()
            raise
        match self.push(proposed):
            case None:
                self._hub.note_landed(proof.head)  # kept, so that there is nothing to rescue
                return proposed
            case Moved():
                return None
            case Held() as held:
                return held

    def push(self, proposed: Proposed) -> Held | Moved | None:
        """Bring its branch to the remote. None when it is there, as it may have been."""
        origin = self._origin.beside(proposed.branch)
        if (held := origin.look()) is not None:
            return held
        ours, there = proposed.proof.commit, origin.commit
        if there == ours:
            return None
        if there is not None and self._alien(there):
            if self._hub.is_in(ours, there):
                return None  # they built on it
            if not self._hub.is_in(there, ours):
                return Moved(said="others pushed to it")
        with effect("branch"):
            return origin.push(ours, expected=there, hub=self._hub.path)

    def lacking(self, issue: Issue, head: str) -> str | Held | None:
        """A commit that others pushed to the issue's branch and that `head` does not contain; None
        when there is none. It is in the hub from now on."""
        latest = self.latest(issue)
        if latest is None:
            return None
        origin = self._origin.beside(latest.branch)
        if (held := origin.look()) is not None:
            return held
        theirs = origin.commit
        if theirs is None or not self._alien(theirs) or self._hub.is_in(theirs, head):
            return None
        return theirs

    def current(self, issue: Issue) -> str | None:
        """See `Proposer.reviewed`."""
        latest = self.latest(issue)
        if latest is None:
            return None
        origin = self._origin.beside(latest.branch)
        if origin.look() is not None or origin.commit is None:
            return latest.proof.commit
        self._fetch(origin.commit)
        return origin.commit

    def read(self, issue: Issue) -> Proposed | None:
        """What was put up since the issue was last reopened."""
        return self._at(self._hub.ref(refs.proposed(issue.uid, issue.reopened)))

    def latest(self, issue: Issue) -> Proposed | None:
        """The last that was ever put up for it."""
        place = f"{refs.PROPOSED}{slug(issue.uid)}/"
        rows = self._hub.git.run("for-each-ref", "--format=%(refname) %(objectname)", place)
        found = {
            int(name.rpartition("/")[2]): tag for name, tag in map(str.split, rows.splitlines())
        }
        return self._at(found[max(found)]) if found else None

    def all(self) -> Mapping[tuple[str, int], Proposed]:
        """See `Proposer.proposals`."""
        places = (refs.PROPOSED, refs.LANDED)
        rows = self._hub.git.run("for-each-ref", "--format=%(refname) %(objectname)", *places)
        found: dict[str, str] = dict(map(str.split, rows.splitlines()))
        every: dict[tuple[str, int], Proposed] = {}
        for name, tag in found.items():
            if name.startswith(refs.PROPOSED) and (proposed := self._at(tag)) is not None:
                uid, _, reopened = name.removeprefix(refs.PROPOSED).rpartition("/")
                landed = f"{refs.LANDED}{uid}/{reopened}" in found
                every[uid, int(reopened)] = replace(proposed, landed=landed)
        return every

    def _record(self, issue: Issue, proof: Proof, heard: tuple[str, ...]) -> Proposed:
        latest = self.latest(issue)
        branch = latest.branch if latest else self._free_branch(issue)
        name = refs.proposed(issue.uid, issue.reopened)
        proposed = Proposed(
            proof=proof, branch=branch, heard=heard, at=datetime.now(UTC).replace(microsecond=0)
        )
        tag = self._tag(name, proposed)
        self._hub.free(name)  # a dead process's lock, as we hold the land lease
        with effect("propose"):
            self._hub.move(
                (
                    f"verify {refs.epoch(issue.id)} {epoch_object(proof.epoch)}",
                    f"update {name} {tag} {self._hub.ref(name) or _NONE}",
                )
            )
        return proposed

    def _free_branch(self, issue: Issue) -> str:
        """One that holds nothing of others, whose commits would have to go with the work."""
        wanted = self._branch(issue)
        for name in (wanted, *(f"{wanted}-{number}" for number in range(2, _NAMES))):
            origin = self._origin.beside(name)
            if origin.look() is not None or origin.commit is None:
                return name
            if not self._alien(origin.commit):
                return name
        return f"{wanted}-{uuid.uuid4().hex[:8]}"

    def _branch(self, issue: Issue) -> str:
        title = re.sub(r"[^a-z0-9]+", "-", issue.title.lower())[:_TITLE].strip("-")
        return f"nightshift/{self._store}/{slug(issue.id)}" + (f"-{title}" if title else "")

    def _tag(self, name: str, proposed: Proposed) -> str:
        fields = {
            "branch": proposed.branch,
            "heard": proposed.heard,
            "at": proposed.at.isoformat(),
            "proof": proofs.encode(proposed.proof),
        }
        text = (
            f"object {proposed.proof.commit}\ntype commit\ntag {name.removeprefix('refs/')}\n"
            f"tagger {WHO} {int(time.time())} +0000\n\n{json.dumps(fields)}\n"
        )
        return self._hub.store.write("tag", text.encode())

    def _at(self, tag: str | None) -> Proposed | None:
        if tag is None:
            return None
        if tag not in self._read:
            self._read[tag] = read_record(self._hub, tag)
        return self._read[tag]

    def _alien(self, commit: str) -> bool:
        """Whether it is a commit that the runner did not make."""
        self._fetch(commit)
        seal = self._receipts.seal(commit)
        return seal is None or not seal.is_ours

    def _fetch(self, commit: str) -> None:
        """From the person's repository, into which the look has brought it."""
        if self._hub.kind(commit) is None:
            self._hub.git.run(*FETCH, str(self._project.directory), commit)


def read_record(hub: Hub, tag: str) -> Proposed:
    """What the tag says that was put up. Raises WorkspaceError for a tag that nobody of ours
    wrote."""
    text = hub.git.run("cat-file", "tag", tag)
    try:
        fields = json.loads(text.partition("\n\n")[2])
        return Proposed(
            proof=proofs.decode(fields["proof"]),
            branch=fields["branch"],
            heard=tuple(fields["heard"]),
            at=datetime.fromisoformat(fields["at"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        name = text.partition("\ntag ")[2].partition("\n")[0]
        raise WorkspaceError(
            f"What was put up for a pull request, refs/{name} in {hub.path}, cannot be read "
            f"({error!r}): something else wrote it. Restore that ref from a backup; without "
            "one, move it out of refs/proposed/ and reopen its issue."
        ) from error
