"""Saving what a clone holds before it goes away."""

from __future__ import annotations

from ..box import Box
from ..domain.errors import NightshiftError, WorkspaceError
from ..effect import effect
from . import attempt as attempts
from . import refs
from .attempt import Attempt
from .base import Rescue
from .edits import Edits
from .heads import OLDER_STASH, heads
from .hub import Hub
from .intake import Intake
from .place import Place, open_up

_EVERYTHING = ("refs/heads/*", "refs/tags/*", "refs/stash", "HEAD")
"""What is asked for in a clone whose refs are not plain."""


class Rescuer:
    """Puts the commits and uncommitted edits of clones under `refs/rescue/`, all but what has
    landed. Repeating it after a kill gives the same."""

    def __init__(self, hub: Hub, box: Box) -> None:
        self._hub = hub
        self._intake = Intake(hub, box)

    def put_away(self, place: Place, attempt: Attempt) -> list[Rescue]:
        """Save, then delete the directory. Raises WorkspaceError, and the directory stays, when
        what there is cannot be saved."""
        try:
            saved = self.save(attempt)
        except (NightshiftError, OSError) as error:
            place.leave()
            raise WorkspaceError(
                f"The work in {attempt.directory} could not be saved and stays there: {error}. "
                "Make room or repair what it says; the next start tries again"
            ) from error
        with effect("tidy"):
            place.remove()
        return saved

    def clear(self, place: Place) -> list[Rescue]:
        """As `put_away`, for a dead process's directory, of which only the name is known."""
        try:
            attempt = attempts.read(place.path)
        except WorkspaceError:
            place.leave()
            raise
        if attempt is not None:
            return self.put_away(place, attempt)
        place.remove()
        return []

    def save(self, attempt: Attempt) -> list[Rescue]:
        """The work that was saved: none when there was none beyond what has landed.

        A clone whose `.git` cannot be read gives its files, as edits on top of the last commit
        that was read from it. Raises GitFailed when the hub cannot take what there is.
        """
        if not attempt.index.exists():
            return []  # it was never handed to an agent
        if attempt.has_clone:
            open_up(attempt.clone)
        head = self._intake.head(attempt).commit or self._hub.ref(attempt.ref) or attempt.base
        work = self._others(attempt, head) if attempt.has_clone else {}
        last = self._with_edits(attempt, head) if attempt.has_clone else head
        if last != head or not self._has_landed(head, attempt):
            work = {refs.rescue(attempt.issue, attempt.epoch): last, **work}
        if work:
            with effect("rescue"):
                self._hub.move(f"update {name} {commit}" for name, commit in work.items())
        return [
            Rescue(issue=attempt.issue, epoch=attempt.epoch, ref=name, commit=commit)
            for name, commit in work.items()
        ]

    def _with_edits(self, attempt: Attempt, head: str) -> str:
        """A commit of the runner's on top of `head` with the uncommitted edits, if any."""
        edits = Edits(self._hub, attempt, head)
        paths = edits.paths()
        if not paths:
            return head
        tree = edits.save(paths)
        if tree == self._hub.tree(head):
            return head
        message = (
            f"Uncommitted edits of attempt {attempt.epoch} at issue {attempt.issue}\n\n"
            "Saved by the runner when the clone was put away.\n"
        )
        return self._hub.commit(tree, head, message=message)

    def _others(self, attempt: Attempt, head: str) -> dict[str, str]:
        """Rescue refs for other branches, tags, stashes and a detached HEAD of the clone."""
        claimed = heads(attempt.clone)
        known = {attempt.base, head}
        wanted = [name for name, commit in (claimed or {}).items() if commit not in known]
        if claimed is not None and not wanted:
            return {}
        place = refs.leaving(attempt.issue, attempt.epoch)
        specs = [_spec(name, claimed or {}, place) for name in wanted or _EVERYTHING]
        if self._intake.fetch(attempt, *specs) and len(specs) > 1:
            for spec in specs:  # what can be read is saved, whatever else cannot
                self._intake.fetch(attempt, spec)
        rows = self._hub.git.run("for-each-ref", "--format=%(objectname) %(refname)", place)
        found = {name: commit for commit, name in (row.split(" ", 1) for row in rows.splitlines())}
        tip = self._hub.tip()
        work = {
            self._name(attempt, name.removeprefix(place)): commit
            for name, commit in found.items()
            if not self._hub.is_in(commit, tip) and not self._hub.is_in(commit, head)
        }
        changes = [f"update {name} {commit}" for name, commit in work.items()]
        with effect("rescue"):
            self._hub.move([*changes, *(f"delete {name}" for name in found)])
        return work

    def _name(self, attempt: Attempt, name: str) -> str:
        return refs.rescue(attempt.issue, attempt.epoch, name.removeprefix("refs/heads/"))

    def _has_landed(self, commit: str, attempt: Attempt) -> bool:
        return commit == attempt.base or self._hub.has_landed(commit)


def _spec(name: str, claimed: dict[str, str], place: str) -> str:
    source = claimed[name] if name.startswith(OLDER_STASH) else name
    return f"+{source}:{place}{name}"
