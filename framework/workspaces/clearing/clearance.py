"""Doing what a plan says: each thing as it was planned, or not at all.

Killed at any moment and done again with a new plan, it ends the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ...domain.errors import NightshiftError
from ...effect import effect
from .. import locks
from .._git import SECONDS, Git
from ..base import Rescue
from ..place import GONE, Places, delete, unname
from ..rescue import Rescuer
from .planning import Estate
from .removal import Kind, Plan, Removal, mark, size
from .unreachable import prune

_DEAD_SECONDS = 2 * SECONDS
"""No git command of ours holds a lock for so long."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of one removal: `freed` bytes, or `left` says why it still is there. `saved`
    is the work that was put under refs/rescue/ before."""

    removal: Removal
    freed: int = 0
    left: str = ""
    saved: tuple[Rescue, ...] = ()


class Clearance:
    """Carries out plans for one project. `rescuer` is needed where workspaces go."""

    def __init__(self, estate: Estate, rescuer: Rescuer | None = None) -> None:
        self._estate = estate
        self._rescuer = rescuer

    def carry_out(self, plan: Plan) -> Iterator[Done]:
        """Remove what is planned, in its order, and tell of each thing once it is done."""
        for kind, group in groupby(plan.removals, key=lambda one: one.kind):
            if kind is Kind.REF:
                yield from self._drop(list(group))
            else:
                yield from (self._tried(one, plan) for one in group)

    def _tried(self, removal: Removal, plan: Plan) -> Done:
        """One thing that cannot go does not keep the others."""
        try:
            if removal.kind is Kind.WORKSPACE:
                return self._put_away(removal)
            if removal.kind is Kind.OBJECTS:
                return self._prune(removal, plan)
            return _delete(removal)
        except (NightshiftError, OSError) as error:
            return Done(removal=removal, left=str(error))

    def _put_away(self, removal: Removal) -> Done:
        place = Places(self._estate.state).take(Path(removal.name))
        if place is None or self._rescuer is None:
            return Done(removal=removal, left="somebody else has it now, or has deleted it")
        saved = self._rescuer.clear(place)
        return Done(removal=removal, freed=removal.size, saved=tuple(saved))

    def _prune(self, removal: Removal, plan: Plan) -> Done:
        """Only while there is no workspace, and none can be made: see `unreachable`."""
        places = Places(self._estate.state)
        before = {path: size(path) for path in removal.paths}
        with places.alone(), effect("tidy"):
            if not places.is_empty():
                return Done(removal=removal, left="a run that has begun borrows them")
            prune(self._estate.hub, plan.before)
        freed = sum(taken for path, taken in before.items() if not path.exists())
        return Done(removal=removal, freed=freed)

    def _drop(self, removals: list[Removal]) -> list[Done]:
        """All refs in one transaction; those that have moved on are left out."""
        hub = self._estate.hub
        git = Git("--git-dir", str(hub))
        listed = git.run("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        now = {name: commit for commit, name in (row.split(" ", 1) for row in listed)}
        same = [one for one in removals if now.get(one.name) == one.mark]
        failed = _deleted(hub, git, same)
        return [
            Done(removal=one, left=failed if one in same else _moved(one, now)) for one in removals
        ]


def _deleted(hub: Path, git: Git, removals: Iterable[Removal]) -> str:
    """Why the refs could not be deleted; nothing when they are."""
    changes = "".join(f"delete {one.name} {one.mark}\n" for one in removals)
    for path in (*(f"{one.name}.lock" for one in removals), "packed-refs.lock"):
        locks.remove(hub / path, older_than=_DEAD_SECONDS)
    try:
        with effect("tidy"):
            git.run("update-ref", "--stdin", input=changes)
    except NightshiftError as error:
        return f"{error}; try again in two minutes"
    return ""


def _moved(removal: Removal, now: dict[str, str]) -> str:
    return "it has another commit now" if removal.name in now else ""


def _delete(removal: Removal) -> Done:
    """A file or a tree, unless somebody has used it since."""
    if not any(path.exists() for path in removal.paths):
        return Done(removal=removal)  # another clearing was quicker
    if mark(*removal.paths) != removal.mark:
        return Done(removal=removal, left="it was used meanwhile")
    with effect("tidy"):
        for path in removal.paths:
            is_tree = path.is_dir() and not path.name.startswith(GONE)
            delete(unname(path) if is_tree else path)
    return Done(removal=removal, freed=removal.size)
