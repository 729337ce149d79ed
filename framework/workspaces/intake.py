"""How commits come from an agent's clone into the hub: a fetch whose other end is boxed."""

from __future__ import annotations

import shlex
import uuid
from dataclasses import dataclass
from pathlib import Path

from ..box import Box, Cell
from ..domain.errors import GitFailed
from ..effect import effect
from . import refs
from ._git import ENVIRONMENT, FETCH
from .attempt import Attempt
from .handover import hand_over
from .heads import branch
from .hub import Hub

_CHECKED = ("-c", "fetch.fsckObjects=true", *FETCH, "--no-show-forced-updates")


_READER = ("git", "-c", "uploadpack.allowAnySHA1InWant=true", "upload-pack")
"""We ask for what the clone's own files name, and older stashes have no other name."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The attempt's last commit; without one, `why` it cannot be read."""

    commit: str | None
    why: str = ""


class Intake:
    """Reads clones: their plain files where that is enough, else with a boxed program, which sees
    that clone and the hub's objects only, so that no pointer in the clone leads it elsewhere.
    Without a box it is still git that reads, and what comes is checked, but such a pointer is
    followed."""

    def __init__(self, hub: Hub, box: Box) -> None:
        self._hub = hub
        self._box = box

    def head(self, attempt: Attempt) -> Head:
        """The commit of the attempt's branch, which the hub has from now on."""
        claimed = branch(attempt.clone, attempt.branch)
        before = self._hub.ref(attempt.ref)
        if claimed is not None and (
            claimed in (attempt.base, before) or self._hand_over(attempt, claimed)
        ):
            return Head(commit=claimed)
        why = self.fetch(attempt, f"+refs/heads/{attempt.branch}:{attempt.ref}")
        fetched = self._hub.ref(attempt.ref)
        if why and (claimed is None or fetched != claimed):  # else another look has fetched it
            return Head(commit=None, why=why)
        if fetched is not None and self._hub.kind(fetched) != "commit":
            self._hub.move([f"update {attempt.ref} {before or '0' * 40}"])
            return Head(commit=None, why=f"{fetched} on the branch is no commit")
        return Head(commit=fetched)

    def _hand_over(self, attempt: Attempt, claimed: str) -> bool:
        with effect("fetch"):
            return hand_over(self._hub, attempt, claimed)

    def fetch(self, attempt: Attempt, *refspecs: str) -> str:
        """Fetch, and say why the clone cannot be read; nothing when it could.

        A clone that cannot be read is its agent's doing. Raises GitFailed when it is not.
        """
        if not attempt.has_clone:
            return "the clone is gone"
        clone = attempt.clone
        reader = self._reader(clone, clone, self._hub.objects)
        try:
            with effect("fetch"):
                answer = self._hub.git.call(
                    *_CHECKED, "--upload-pack", reader, str(clone), *refspecs
                )
        except GitFailed as error:
            why = str(error)
        else:
            if answer.code == 0:
                return ""
            why = " ".join(answer.err.split())[:400]
        self._rule_ourselves_out()
        return why

    def _rule_ourselves_out(self) -> None:
        """Raises GitFailed when not even the hub can be read and written in the same way."""
        reader = self._reader(self._hub.path, self._hub.path)
        target = refs.target(self._hub.target)
        self._hub.git.run("ls-remote", "--upload-pack", reader, str(self._hub.path), target)
        self._hub.git.run("hash-object", "-w", "--stdin", input=uuid.uuid4().hex)

    def _reader(self, directory: Path, *readable: Path) -> str:
        cell = Cell(directory=directory, readable=readable, environment=ENVIRONMENT)
        return shlex.join(self._box.wrap(_READER, cell))
