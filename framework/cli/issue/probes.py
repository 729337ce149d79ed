"""What `issue doctor` looks at. Nothing here makes a board where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

from ... import trackers
from ...attach import lease_directory, load, open_leases, open_tracker
from ...config.choice import Chosen, choose, openable
from ...config.document import check_file, project_file
from ...config.environment import process, user_file
from ...config.kinds import LOCAL, RESERVED
from ...config.place import STATE_DIRECTORY, git_top, keep_out
from ...config.repository import is_offered, is_tracked
from ...config.stores import stores_of
from ...facade.doctor import (
    REPAIR,
    Check,
    Level,
    Probe,
    of_backups,
    of_leases,
    of_progress,
    of_tracker,
)
from ...leases.disk import refuse_network
from ...trackers.base import DAY, Tracker
from ...trackers.made import is_there, refuse_lost

_PATIENCE = 0.5
"""Seconds to wait for a locked database: whoever asks a doctor wants to hear that it is."""
_ENOUGH = 50_000_000


def probes(
    project: Path, backend: str | None, *, repair: bool, backup: bool
) -> list[tuple[str, Probe]]:
    """In the order in which a person mends things. With `backup` one is made in any case."""
    directory = project / STATE_DIRECTORY
    return [
        ("configuration", partial(_file, "configuration", project_file(project))),
        ("yours", partial(_file, "your configuration", user_file(process()), user=True)),
        ("disk", partial(_disk, project, directory)),
        ("git", partial(_git, project, directory, repair=repair)),
        ("tracker", partial(_tracker, project, backend)),
        ("leases", partial(_claims, project, backend)),
        ("issues", partial(_issues, project, backend, repair=repair, backup=backup)),
        ("in progress", partial(_progress, project, backend)),
    ]


def _file(name: str, path: Path, *, user: bool = False) -> Iterator[Check]:
    check_file(path, user=user)
    text = f"{path} is right" if path.exists() else f"there is no {path}, and none is needed"
    yield Check(name=name, text=text)


def _disk(project: Path, directory: Path) -> Iterator[Check]:
    place = directory if directory.exists() else project
    refuse_network(place)
    if not os.access(place, os.W_OK):
        yield Check(
            name="disk",
            text=f"{place} cannot be written by this user. Give the right to, or work elsewhere.",
            level=Level.BAD,
        )
        return
    free = shutil.disk_usage(place).free
    if free < _ENOUGH:
        yield Check(
            name="disk",
            text=f"{free / 1e6:.0f} MB are left for {place}. Make room.",
            level=Level.WARNING,
        )
    else:
        yield Check(name="disk", text=f"{place} is local and can be written")


def _git(project: Path, directory: Path, *, repair: bool) -> Iterator[Check]:
    if git_top(project) is None or not directory.exists():
        yield Check(name="git", text="nothing to keep out of a repository")
    elif is_tracked(project, STATE_DIRECTORY):
        yield Check(
            name="git",
            text=f"{directory} is part of the repository. Take it out of git's index, and keep "
            "the files.",
            level=Level.BAD,
        )
    elif not is_offered(project, STATE_DIRECTORY):
        yield Check(name="git", text=f"{directory} is kept out of the repository")
    elif repair:
        keep_out(project, directory)
        yield Check(
            name="git", text=f"{directory} is kept out of the repository now", repaired=True
        )
    else:
        yield Check(
            name="git",
            text=f"git would add {directory} to the repository. Keep it out: {REPAIR}",
            level=Level.BAD,
        )


def _tracker(project: Path, backend: str | None) -> Iterator[Check]:
    chosen = _chosen(project, backend)
    yield Check(name="tracker", text=f"{chosen.name}, {chosen.path or chosen.fields.get('url')}")


def _claims(project: Path, backend: str | None) -> Iterator[Check]:
    with closing(open_leases(project, backend)) as store:
        yield from of_leases(store)


def _issues(project: Path, backend: str | None, *, repair: bool, backup: bool) -> Iterator[Check]:
    chosen = _chosen(project, backend)
    if chosen.path is not None:
        if chosen.name in RESERVED:
            refuse_lost(chosen.path)
        if not is_there(chosen.path):
            yield _nothing(project, chosen)
            return
    with closing(_open(project, chosen)) as tracker:
        found = list(of_tracker(tracker, repair=repair))
        yield from found
        if not any(one.level is Level.BAD for one in found):
            yield from of_backups(tracker, every=timedelta() if backup else DAY)


def _progress(project: Path, backend: str | None) -> Iterator[Check]:
    chosen = _chosen(project, backend)
    if chosen.path is not None and not is_there(chosen.path):
        return
    with (
        closing(_open(project, chosen)) as tracker,
        closing(open_leases(project, backend)) as store,
    ):
        yield from of_progress(tracker, store)


def _chosen(project: Path, backend: str | None) -> Chosen:
    return openable(choose(project, backend or stores_of(project).tracker))


def _open(project: Path, chosen: Chosen) -> Tracker:
    if chosen.path is None:
        return open_tracker(project, chosen.name, watching=True)
    make = load(trackers.BACKENDS, chosen.type, "tracker")
    options = {"patience": _PATIENCE} if chosen.type == LOCAL else {}
    tracker: Tracker = make(*filter(None, [chosen.path]), **options)
    return tracker


def _nothing(project: Path, chosen: Chosen) -> Check:
    """The project's own board tells by itself whether it was made; of another one, leases do."""
    path = chosen.path
    if chosen.name in RESERVED or not lease_directory(project, chosen.name).exists():
        return Check(name="issues", text=f"none yet; the first one makes {path}")
    return Check(
        name="issues",
        text=f"{path} is gone or empty, although {chosen.name} was worked with. Put a backup "
        "there, or name the right file: issue backend show",
        level=Level.BAD,
    )
