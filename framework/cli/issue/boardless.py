"""What is read in a project that has no board yet: nothing, and that is said."""

from __future__ import annotations

from pathlib import Path

from ... import leases, trackers
from ...attach import lease_directory, load
from ...config.agent import identity
from ...config.choice import BUILT_IN, Chosen, choose, token_variable
from ...config.environment import process
from ...config.kinds import KINDS, LOCAL, RESERVED
from ...config.place import find_project
from ...config.stores import stores_of
from ...domain.errors import UsageError
from ...facade.facade import Facade
from ...trackers.made import is_there


def boardless(start: Path, backend: str | None) -> tuple[Facade, str] | None:
    """No issues at all, and what to say of it, where the project's local board was never made;
    None where something else keeps it from being opened.

    Raises UsageError where the issues seem to be on a forge that this version cannot open: an
    empty answer would say that there are none.
    """
    project = find_project(start)
    chosen = choose(project, backend or stores_of(project).tracker)
    if not _was_never(chosen, project):
        return None
    if backend is None:
        _refuse_forge(project)
    # These doubles keep nothing, and nothing is to be kept of what is only looked at.
    tracker = load(trackers.BACKENDS, "memory", "tracker")()
    store = load(leases.BACKENDS, "memory", "lease store")()
    return Facade(tracker, store, identity(project)), (
        f"{project} has no board yet, so there are no issues. The first one makes it: "
        'issue create "TITLE". Of another project: --project-dir DIR'
    )


def _was_never(chosen: Chosen, project: Path) -> bool:
    if chosen.path is None or not chosen.ships or is_there(chosen.path):
        return False
    return chosen.name in RESERVED or not lease_directory(project, chosen.name).exists()


def _refuse_forge(project: Path) -> None:
    env = process()
    nothing_said = choose(project).origin == BUILT_IN
    if not (nothing_said and any(token_variable(type, project, env) for type in KINDS)):
        return
    from ...config.detection import detect

    found = detect(project)
    forge, token = found.backend, found.token_variable
    if forge is not None and token is not None and not forge.ships:
        place = "/".join(forge.fields.get(name, "?") for name in ("url", "owner", "repo"))
        raise UsageError(
            f"The issues seem to be at {place}, for which {token} is set, and this version has no "
            f'{forge.type} backend yet. To keep issues on this machine: issue create "TITLE". To '
            f"do so although there are none yet: issue backend set-default {LOCAL}"
        )
