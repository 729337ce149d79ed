"""Landings as the hub records them: a merge commit with trailers, and a tag with the proof."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..domain import proof as proofs
from ..domain.brief import parse
from ..domain.errors import GitFailed
from ..domain.issue import Issue
from ..domain.merge import Proof
from . import refs
from ._git import EMAIL, NAME
from .hub import Hub

_TITLE_LETTERS = 200
WHO = f"{NAME} <{EMAIL}>"
_FIELDS = "%x00".join(
    (
        *("%H", "%T", "%P", "%cn <%ce>", "%ct"),
        "%(trailers:key=Issue,valueonly,unfold,separator=%x2C)",
        "%(trailers:key=Attempt,valueonly,unfold,separator=%x2C)",
    )
)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What a commit says of itself: `who` committed it and `at` which second, the issue's `mark`
    and the `attempt` as its trailers name them."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    who: str
    at: int
    mark: str
    attempt: str

    @property
    def is_ours(self) -> bool:
        """Whether it is a merge of the runner's, as far as a commit can tell."""
        return self.who == WHO and len(self.parents) == 2 and self.attempt.isdigit()


class Receipts:
    """Writes and reads what says that an issue has landed."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def commit(self, issue: Issue, epoch: int, *, tree: str, tip: str, head: str) -> str:
        """The runner's merge commit. Nothing points to it yet."""
        message = (
            f"Land issue {_line(issue.id)}: {_line(issue.title)}\n\n"
            f"Issue: {mark(issue)}\nAttempt: {epoch}\n"
        )
        return self._hub.commit(tree, tip, head, message=message)

    def tag(self, issue: Issue, proof: Proof) -> str:
        """The object for `refs/landed/`. Nothing points to it yet."""
        text = (
            f"object {proof.commit}\ntype commit\n"
            f"tag {refs.landed(issue.uid, issue.reopened).removeprefix('refs/')}\n"
            f"tagger {WHO} {int(time.time())} +0000\n\n{proofs.encode(proof)}\n"
        )
        return self._hub.store.write("tag", text.encode())

    def is_new(self, issue: Issue) -> bool:
        """Whether two missing files say already that nobody has ever attempted it."""
        names = (refs.landed(issue.uid, issue.reopened), refs.epoch(issue.id))
        return all(refs.on_disk(self._hub.path, name) == "" for name in names)

    def read(self, issue: Issue) -> Proof | None:
        """The recorded landing since the issue was last reopened. Raises ValueError, KeyError or
        TypeError for a record that nobody of ours wrote."""
        tag = self._hub.ref(refs.landed(issue.uid, issue.reopened))
        if tag is None:
            return None
        head, _, text = self._hub.git.run("cat-file", "tag", tag).partition("\n\n")
        return None if _is_older(_second(head), issue) else proofs.decode(text)

    def find(self, issue: Issue) -> Proof | None:
        """A landing that a kill left without its record, from the target's own history.

        Only first parents that the runner made count: agents write what they like into theirs.
        What the checks said is not known any more.
        """
        if self._hub.ref(refs.epoch(issue.id)) is None:
            return None  # nobody has ever attempted it
        search = (f"--grep=Issue: {mark(issue)}", "--fixed-strings")
        for one in self._seals("--first-parent", *search, refs.target(self._hub.target)):
            if one.is_ours and one.mark == mark(issue) and not _is_older(one.at, issue):
                base, head = one.parents
                return Proof(
                    commit=one.commit,
                    tree=one.tree,
                    head=head,
                    base=base,
                    target=self._hub.target,
                    epoch=int(one.attempt),
                    manual=parse(issue.body).manual,
                    issue=issue.id,
                )
        return None

    def seal(self, commit: str) -> Seal | None:
        """What a commit says of itself; None where there is no such commit."""
        return next(self._seals("--max-count=1", commit), None) if self._is_there(commit) else None

    def _seals(self, *which: str) -> Iterator[Seal]:
        for row in self._hub.git.run("log", f"--format={_FIELDS}", *which, "--").splitlines():
            commit, tree, parents, who, at, said, attempt = row.split("\0")
            yield Seal(
                commit=commit,
                tree=tree,
                parents=tuple(parents.split()),
                who=who,
                at=int(at),
                mark=said,
                attempt=attempt,
            )

    def _is_there(self, commit: str) -> bool:
        return self._hub.kind(commit) == "commit"

    def mend(self, issue: Issue) -> None:
        """Finish what a kill within a landing of this issue has left. Call it under the lease."""
        name = refs.landed(issue.uid, issue.reopened)
        if (tag := self._hub.ref(name)) is not None and self.read(issue) is None:
            aside = refs.landed_before(issue.uid, tag)
            self._hub.move([f"create {aside} {tag}", f"delete {name} {tag}"])
        if self._hub.is_locked(name):
            proof = self.find(issue)
            if proof is not None:
                self.restore(issue, proof)
            self._hub.free(name)

    def restore(self, issue: Issue, proof: Proof) -> None:
        """Record a landing that was found. Call it under the land lease."""
        name = refs.landed(issue.uid, issue.reopened)
        self._hub.free(name)
        try:
            self._hub.move([f"create {name} {self.tag(issue, proof)}"])
        except GitFailed:
            if self._hub.ref(name) is None:
                raise


def _second(head: str) -> int:
    """When a tag was made, from its head."""
    line = next(one for one in head.splitlines() if one.startswith("tagger "))
    return int(line.rsplit(" ", 2)[1])


def _is_older(second: int, issue: Issue) -> bool:
    """Whether it is of before the issue was made, and so of another one that had its number: as
    where a board was brought back from a backup, and gives its later numbers again."""
    return second < int(issue.created_at.timestamp())


def mark(issue: Issue) -> str:
    """How a landing's trailer names an issue: once for each time that it was reopened."""
    return f"{_line(issue.uid)}#{issue.reopened}"


def _line(text: str) -> str:
    """One line, so that nothing in it can pass for a trailer."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:_TITLE_LETTERS]
