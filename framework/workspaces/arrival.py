"""What people commit, in the project and to its remote, taken into the target."""

from __future__ import annotations

from ..domain.errors import GitFailed
from ..domain.merge import Held
from . import refs
from ._git import FETCH
from .hub import Hub
from .merging import combine
from .origin import Origin
from .project import Project

ABSENT = "0" * 40
"""In place of the commit that a ref must point to: there must be no such ref."""
_AWAY = "away"
_HOOK = (
    "Your hook {hook} is not run when landings are pushed, as agents may have changed what it "
    "runs: what it looks for belongs into the project's checks"
)


class Arrivals:
    """Keeps the hub's target a descendant of the person's branch, and of the remote's where
    there is one. Call it under the land lease, but for what only looks."""

    def __init__(self, hub: Hub, project: Project, origin: Origin | None) -> None:
        self._hub = hub
        self._project = project
        self._origin = origin
        self._taken: str | None = None
        self._clashed: tuple[str, str] | None = None
        self._told: set[str] = set()

    def look(self) -> tuple[str, ...]:
        """Look at the remote, unless it is away just now. Returns warnings; this one needs no
        lease."""
        if self._origin is None or self._origin.rests:
            return ()
        held, hook = self._origin.look(), self._origin.ignored_hook
        if held is None:
            self._told.discard(_AWAY)
        said = () if hook is None else self._once(_HOOK.format(hook=hook), "hook")
        return said if held is None else (*said, *self._tell(held))

    def _tell(self, held: Held) -> tuple[str, ...]:
        return self._once(held.why, held.why if held.wait is None else _AWAY)

    def _once(self, text: str, what: str) -> tuple[str, ...]:
        if what in self._told:
            return ()
        self._told.add(what)
        return (text,)

    def pending(self) -> bool:
        """Whether there is a commit of the person's, or at the last look one of the remote's,
        that was not looked at yet."""
        name = refs.target(self._hub.target)
        return self._is_news(self._project.commit(name), self._hub.tip()) or self._remote_moved()

    def at_a_glance(self) -> bool | None:
        """The same from two small files; None when only git can tell."""
        name = refs.target(self._hub.target)
        theirs, tip = self._project.on_disk(name), refs.on_disk(self._hub.path, name)
        if theirs is None or not tip:
            return None
        return self._is_news(theirs or None, tip) or self._remote_moved()

    def _is_news(self, theirs: str | None, tip: str) -> bool:
        return theirs not in (None, tip, self._taken) and (theirs, tip) != self._clashed

    def _remote_moved(self) -> bool:
        """Whether the remote's branch is another one than the target has taken in."""
        return self._origin is not None and self._origin.commit not in (None, self.joined())

    def joined(self) -> str | None:
        """What the target has taken in of the remote's branch: its tip contains this commit."""
        return self._hub.ref(refs.origin(self._hub.target))

    def delivered(self, tip: str) -> None:
        """The person was given this tip, which needs no second look when it comes back."""
        self._taken = tip

    def take(self) -> tuple[str, ...]:
        """Bring the target up to the remote's branch and the person's. Returns warnings.

        The remote's first, as it decides; and again, where the person has resolved a conflict.
        """
        held = self.take_origin()
        warnings = self._take_person()
        if held is not None:
            held = self.take_origin()
        return warnings if held is None else (*warnings, *self._tell(held))

    def catch_up(self) -> Held | None:
        """Look at the remote, and bring the target up to its branch."""
        if self._origin is None:
            return None
        return self._origin.look() or self.take_origin()

    def take_origin(self) -> Held | None:
        """Bring the target up to the remote's branch, as it was at the last look.

        In one transaction with the note of it, so that the target always contains what is noted:
        a push expects to replace exactly that. First parent is the remote's: whoever looks for
        landings along first parents then finds those that only the remote has.
        """
        if self._origin is None or not self._origin.answered:
            return None
        known, theirs = self.joined(), self._origin.commit
        if theirs == known:
            return None
        if theirs is None:
            return self._person_needed("is gone", "push it there again by hand")
        self._hub.git.run(*FETCH, str(self._project.directory), theirs)
        if known is not None and not self._hub.is_in(known, theirs):
            return self._rewritten(known)
        tip = self._hub.tip()
        new, paths = self._with_origin(tip, theirs)
        if paths:
            return self._clash(paths)
        target, noted = refs.target(self._hub.target), refs.origin(self._hub.target)
        note = f"update {noted} {theirs} {known or ABSENT}"
        self._hub.move([*([f"update {target} {new} {tip}"] if new != tip else []), note])
        return None

    def _with_origin(self, tip: str, theirs: str) -> tuple[str, tuple[str, ...]]:
        """The tip that contains both, or the paths that conflict."""
        if self._hub.is_in(theirs, tip):
            return tip, ()
        if self._hub.is_in(tip, theirs):
            return theirs, ()
        merged = combine(self._hub.git, theirs, tip, any_history=True)
        if merged.tree is None:
            return tip, merged.paths
        message = f"Merge {self._hub.target} of the project into its remote's\n"
        return self._hub.commit(merged.tree, theirs, tip, message=message), ()

    def _take_person(self) -> tuple[str, ...]:
        """Fetch the person's branch and bring the target up to it. Returns warnings."""
        if not self._is_news(self._project.commit(refs.target(self._hub.target)), self._hub.tip()):
            return ()
        theirs = self._hub.fetch_project(self._project)
        while True:
            tip = self._hub.tip()
            new, warnings = self._joined(tip, theirs)
            if new != tip:
                try:
                    self._hub.git.run("update-ref", refs.target(self._hub.target), new, tip)
                except GitFailed:
                    if self._hub.tip() == tip:
                        raise
                    continue  # the tip moved, so somebody got on
            if warnings:
                self._clashed = (theirs, tip)
            else:
                self._taken = theirs
            return warnings

    def _joined(self, tip: str, theirs: str) -> tuple[str, tuple[str, ...]]:
        if self._hub.is_in(theirs, tip):
            return tip, ()
        if self._hub.is_in(tip, theirs):
            return theirs, ()
        merged = combine(self._hub.git, tip, theirs, any_history=True)
        if merged.tree is None:
            return tip, (self._warning(merged.paths),)
        message = f"Merge {self._hub.target} of the project into the landed work\n"
        return self._hub.commit(merged.tree, tip, theirs, message=message), ()

    def _warning(self, paths: tuple[str, ...]) -> str:
        target = self._hub.target
        return (
            f"Your commits on {target} and the landed work conflict in {', '.join(paths)}. "
            f"Landings go on without your commits until you run "
            f"`git fetch {self._hub.path} {target}` and `git merge FETCH_HEAD` on {target} in "
            f"{self._project.directory}, resolve the conflict and commit"
        )

    def _clash(self, paths: tuple[str, ...]) -> Held:
        return self._person_needed(
            f"and your own commits conflict in {', '.join(paths)}",
            f"run `git pull --no-rebase` on {self._hub.target} in {self._project.directory}, "
            "resolve the conflict and commit",
        )

    def _rewritten(self, known: str) -> Held:
        return self._person_needed(
            f"was rewritten: {known[:10]} is not in it any more",
            f"if that is wanted after all, push it there again; else bring your own "
            f"{self._hub.target} to what the remote has, rename {self._hub.path} and start again",
        )

    def _person_needed(self, what: str, remedy: str) -> Held:
        name = self._origin.name if self._origin else ""
        return Held(why=f"Nothing can be landed: {name} {what}. To go on, {remedy}")
