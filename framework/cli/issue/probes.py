"""What `issue doctor` looks at. Nothing here makes a board where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from ... import trackers
from ...attach import load, open_leases
from ...config.choice import Chosen, choose, openable
from ...config.document import check_file, project_file
from ...config.environment import process, user_file
from ...config.kinds import LOCAL
from ...config.place import STATE_DIRECTORY, git_top, keep_out
from ...config.repository import is_offered, is_tracked
from ...config.stores import is_fixed, stores_of
from ...facade.doctor import Check, Level, Probe, of_leases, of_progress, of_tracker
from ...leases.disk import refuse_network
from ...leases.highwater import MARK, read_mark
from ...trackers.base import Tracker

_PATIENCE = 0.5
"""Seconds to wait for a locked database: whoever asks a doctor wants to hear that it is."""
_ENOUGH = 50_000_000


def probes(project: Path, backend: str | None, *, repair: bool) -> list[tuple[str, Probe]]:
    """In the order in which a person mends things."""
    directory = project / STATE_DIRECTORY
    return [
        ("configuration", partial(_file, "configuration", project_file(project))),
        ("yours", partial(_file, "your configuration", user_file(process()), user=True)),
        ("disk", partial(_disk, project, directory)),
        ("git", partial(_git, project, directory, repair=repair)),
        ("issues", partial(_stores, project, backend, repair=repair)),
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
            text=f"git would add {directory} to the repository. Keep it out: issue doctor --repair",
            level=Level.BAD,
        )


def _stores(project: Path, backend: str | None, *, repair: bool) -> Iterator[Check]:
    chosen = openable(choose(project, backend or stores_of(project).tracker))
    yield Check(name="tracker", text=f"{chosen.name}, {chosen.path or chosen.fields.get('url')}")
    if chosen.path is not None and not chosen.path.exists():
        yield _nothing(chosen.path, used=is_fixed(project))
        return
    yield from _mark(project)
    with closing(open_leases(project, backend)) as store:
        yield from of_leases(store)
        with closing(_open(chosen)) as tracker:
            yield from of_tracker(tracker, repair=repair)
            yield from of_progress(tracker, store)


def _mark(project: Path) -> Iterator[Check]:
    """Claiming would say it too, of the first issue that was never claimed before."""
    path = project / STATE_DIRECTORY / "leases" / MARK
    if is_fixed(project) and stores_of(project).leases == "file" and read_mark(path) is None:
        yield Check(
            name="leases",
            text=f"{path} is gone, so nobody can claim what has no record. Restore its directory "
            "from a backup; or, when no earlier session is at work any more, write a number above "
            "every epoch used so far into it (1000000 will do).",
            level=Level.BAD,
        )


def _open(chosen: Chosen) -> Tracker:
    make = load(trackers.BACKENDS, chosen.type, "tracker")
    options = {"patience": _PATIENCE} if chosen.type == LOCAL else {}
    tracker: Tracker = make(*filter(None, [chosen.path]), **options)
    return tracker


def _nothing(path: Path, *, used: bool) -> Check:
    if not used:
        return Check(name="issues", text=f"none yet; the first one makes {path}")
    copies = sorted(path.parent.glob(f"{path.name}.v*"))
    newest = f" The newest copy is {copies[-1]}." if copies else ""
    return Check(
        name="issues",
        text=f"{path} is gone, although this project was worked on. Put a backup there.{newest}",
        level=Level.BAD,
    )
