"""The one transaction by which a landing comes about.

Where landings are pushed, the remote's branch decides, and the transaction is in two places: the
hub's refs are locked and verified, then the commit is pushed, then the hub's refs move. In this
order, because a kill can then only leave a commit that the remote has and the hub has not. The
next look at the remote brings it into the target, where `landed` finds it by its trailers and
records it; no try at the same issue lands again, as each looks for such a commit in exactly the
history that its push expects to replace. The other way round, a kill would leave a landing that
the remote never took, tested on a tip that the remote has left meanwhile.

A superseded attempt does not push: its epoch is verified before, and its ref is locked until the
end. A process that was stopped in between for so long that others removed its locks can still
push, once, and only onto the tip that it tested: that is then the issue's one landing.
"""

from __future__ import annotations

from ..domain.errors import GitFailed
from ..domain.issue import Issue
from ..domain.merge import Held, Merged, Proof, Superseded
from ..effect import effect
from . import refs
from .arrival import ABSENT
from .hub import Hub, epoch_object
from .origin import Moved, Origin
from .receipt import Receipts


class Transactions:
    """Call it under the land lease."""

    def __init__(self, hub: Hub, receipts: Receipts, origin: Origin | None) -> None:
        self._hub = hub
        self._receipts = receipts
        self._origin = origin

    def is_superseded(self, issue: Issue, epoch: int) -> bool:
        """Whether a later attempt has begun, or the issue has landed: as our own record says,
        or else the history that the remote has."""
        if self._hub.ref(refs.epoch(issue.id)) != epoch_object(epoch):
            return True
        if self._hub.ref(refs.landed(issue.uid, issue.reopened)) is not None:
            return True
        return self._origin is not None and self._receipts.find(issue) is not None

    def land(
        self, issue: Issue, proof: Proof, *, joined: str | None
    ) -> Merged | Superseded | Held | None:
        """Verify the epoch, move the target and record the landing: all or nothing. None when
        the target, or the remote's branch, is another one by now. `joined` is the commit that the
        remote's branch must be still."""
        changes = self._changes(issue, proof)
        try:
            with effect("land"):
                answer = self._make(changes, proof.commit, joined)
        except GitFailed:
            if self.is_superseded(issue, proof.epoch):
                return Superseded()
            if self._hub.tip() == proof.base:
                raise
            return None
        match answer:
            case None:
                return Merged(proof=proof)
            case Moved():
                return None
            case Held():
                return answer

    def publish(self, tip: str, *, joined: str | None) -> Held | Moved | None:
        """Bring the remote's branch from `joined` to the target's tip. None says that it is
        there; killed in between, the next look at the remote finds it there."""
        return self._make((f"verify {refs.target(self._hub.target)} {tip}",), tip, joined)

    def _changes(self, issue: Issue, proof: Proof) -> tuple[str, ...]:
        return (
            f"verify {refs.epoch(issue.id)} {epoch_object(proof.epoch)}",
            # In this order, as git renames one file after the other: a kill between them leaves
            # a landing without its record, which `landed` finds, and never a record without its
            # landing.
            f"update {refs.target(self._hub.target)} {proof.commit} {proof.base}",
            f"create {refs.landed(issue.uid, issue.reopened)} {self._receipts.tag(issue, proof)}",
        )

    def _make(
        self, changes: tuple[str, ...], commit: str, joined: str | None
    ) -> Held | Moved | None:
        """None when it is done, at the remote too where there is one."""
        if self._origin is None:
            self._hub.move(changes)
            return None
        note = f"update {refs.origin(self._hub.target)} {commit} {joined or ABSENT}"
        with self._hub.prepared((*changes, note)) as make:
            with effect("push"):
                answer = self._origin.push(commit, expected=joined, hub=self._hub.path)
            if answer is None:
                make()
        return answer
