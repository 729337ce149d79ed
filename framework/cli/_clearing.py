"""What `clean` works with, opened: the project's directories, its issues, leases and runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from .. import attach, bootstrap
from ..config import settings as config
from ..config.place import STATE_DIRECTORY, find_project
from ..domain.errors import JournalError, TrackerError, UsageError, WorkspaceError
from ..domain.identifier import slug
from ..domain.issue import State
from ..domain.query import Query
from ..workspaces._git import Git
from ..workspaces.attempt import name
from ..workspaces.clearing import planning
from ..workspaces.clearing.clearance import Clearance, Done
from ..workspaces.clearing.planning import Estate
from ..workspaces.clearing.removal import Kind, Plan, within
from ..workspaces.clearing.retention import Retention
from ..workspaces.hub import Hub
from ..workspaces.place import GONE
from ..workspaces.rescue import Rescuer


class Clearing:
    """The clearing of the project that `directory` belongs to. `boxed` as for a run.

    Raises UsageError where no run has worked.
    """

    def __init__(self, directory: Path, *, boxed: bool) -> None:
        project = find_project(directory)
        if not (project / STATE_DIRECTORY).is_dir():
            raise UsageError(
                f"{project} has no {STATE_DIRECTORY}/: no run has worked there. Name the "
                "directory of a project."
            )
        self._settings = config.load(project=project, boxed=boxed)
        self._notes: list[str] = []
        self._estate = self._look()

    def plan(self, retention: Retention) -> Plan:
        """What can go, as things were when this was made."""
        found = planning.plan(self._estate, retention)
        return replace(found, kept=(*self._notes, *found.kept))

    def carry_out(self, plan: Plan) -> Iterator[Done]:
        """See `Clearance.carry_out`. Raises UsageError, before anything is deleted, for what is
        missing to save the work of dead agents."""
        saves = any(one.kind is Kind.WORKSPACE for one in plan.removals)
        rescuer = self._rescuer() if saves else None
        return Clearance(self._estate, rescuer).carry_out(plan)

    def _look(self) -> Estate:
        settings = self._settings
        with closing(attach.open_leases(settings.project)) as store:
            held = store.held()
        return Estate(
            directory=settings.directory,
            state=bootstrap.state_of(settings),
            runs=attach.going(settings.project),
            live=frozenset(name(lease.key, lease.epoch) for lease in held),
            closed=self._closed() - {slug(lease.key) for lease in held},
            rehearsals=tuple(self._rehearsals()),
        )

    def _closed(self) -> frozenset[str]:
        """The closed issues; none where they cannot be asked for: then all saved work stays."""
        try:
            with closing(attach.open_tracker(self._settings.project)) as tracker:
                closed = tracker.list(Query(states=frozenset({State.CLOSED})))
                return frozenset(slug(one.id) for one in closed)
        except (TrackerError, UsageError) as error:
            self._notes.append(f"saved work of all issues, which cannot be asked for: {error}")
            return frozenset()

    def _rehearsals(self) -> Iterator[tuple[Path, Path]]:
        """Stages on which nobody plays, each with its state directory."""
        for path in within(self._settings.state):
            if path.name.startswith(GONE):
                yield path, path / "state"
        for stage in within(self._settings.state / "rehearsals"):
            project = next(within(stage), stage)
            if self._settings.project.is_relative_to(stage.resolve()):
                continue
            if not self._is_played_on(project):
                yield stage, bootstrap.state_of(replace(self._settings, project=project))

    def _is_played_on(self, project: Path) -> bool:
        try:
            return bool(attach.going(project))
        except JournalError as error:
            self._notes.append(f"{project}: whether a run is going there cannot be told: {error}")
            return True

    def _rescuer(self) -> Rescuer:
        project, path = self._settings.project, self._estate.hub
        if not (project / ".git").exists():
            raise WorkspaceError(
                f"{project} is no git repository any more, so the work of dead agents cannot be "
                "saved. Put its .git back; nothing has been deleted"
            )
        target = Git("--git-dir", str(path)).run("symbolic-ref", "--short", "HEAD")
        hub = Hub(project=project, path=path, target=target)
        return Rescuer(hub, bootstrap.make_box(self._settings))
