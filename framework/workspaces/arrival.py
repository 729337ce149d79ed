"""What people commit in the project, taken into the target."""

from __future__ import annotations

from ..domain.errors import GitFailed
from . import refs
from .hub import Hub
from .merging import combine
from .project import Project


class Arrivals:
    """Keeps the hub's target a descendant of the person's branch. Call it under the land lease."""

    def __init__(self, hub: Hub, project: Project) -> None:
        self._hub = hub
        self._project = project
        self._taken: str | None = None
        self._clashed: tuple[str, str] | None = None

    def pending(self) -> bool:
        """Whether there is a commit of the person's that was not looked at yet."""
        name = refs.target(self._hub.target)
        return self._is_news(self._project.commit(name), self._hub.tip())

    def at_a_glance(self) -> bool | None:
        """The same from two small files; None when only git can tell."""
        name = refs.target(self._hub.target)
        theirs, tip = self._project.on_disk(name), refs.on_disk(self._hub.path, name)
        return self._is_news(theirs or None, tip) if theirs is not None and tip else None

    def _is_news(self, theirs: str | None, tip: str) -> bool:
        return theirs not in (None, tip, self._taken) and (theirs, tip) != self._clashed

    def delivered(self, tip: str) -> None:
        """The person was given this tip, which needs no second look when it comes back."""
        self._taken = tip

    def take(self) -> tuple[str, ...]:
        """Fetch the person's branch and bring the target up to it. Returns warnings."""
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
