"""Attaching to a project from outside a run: its tracker, and its board.

A run that is going, finished or dead looks the same from here. Imports nothing that only a run
needs, so that commands start quickly.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import journals, leases, trackers
from .config.agent import identity
from .config.choice import choose, openable
from .config.place import STATE_DIRECTORY, find_project, prepare
from .config.stores import fix_stores, is_fixed, stores_of
from .domain.errors import SettingsError, UsageError
from .domain.identifier import slug
from .domain.query import Query
from .facade.facade import Facade
from .leases.base import LeaseStore
from .trackers.base import Tracker

if TYPE_CHECKING:
    from .domain.board import Board
    from .domain.event import Entry


def load(table: Mapping[str, str], name: str, what: str) -> Any:
    """The class that a backend table names; nothing else of the table is imported."""
    if name not in table:
        raise SettingsError(f"Unknown {what} {name!r}; known are: {', '.join(table)}.")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def open_tracker(project: Path, backend: str | None = None, *, create: bool = False) -> Tracker:
    """The project's tracker, or the one called `backend`. Raises UsageError where there is none
    yet, unless `create`."""
    chosen = openable(choose(project, backend or stores_of(project).tracker))
    path = chosen.path
    if not create and path is not None and not path.exists():
        raise UsageError(
            f"{project.resolve()} has no board yet: name the directory of a project, or start "
            "a run there with parallel_agent.py."
        )
    make = load(trackers.BACKENDS, chosen.type, "tracker")
    tracker: Tracker = make() if path is None else make(path)
    return tracker


def open_facade(
    directory: Path | str = ".", *, backend: str | None = None, create: bool = False
) -> Facade:
    """The issues of the project that `directory` belongs to, as whoever the environment and the
    configuration name; to be closed by using it as a context manager.

    `backend` means another tracker than the project's own. Without a board yet UsageError is
    raised, unless `create`.
    """
    project = find_project(Path(directory))
    me = identity(project)
    if create:
        prepare(project)
    tracker = open_tracker(project, backend, create=create)
    try:
        return Facade(tracker, _leases(project, backend), me)
    except BaseException:
        tracker.close()
        raise


def open_leases(project: Path, backend: str | None = None) -> LeaseStore:
    """The one lease store of the tracker: its own for each, because ids alike mean different
    issues. Creates nothing."""
    stores = stores_of(project)
    own = backend in (None, stores.tracker)
    name = "leases" if own or backend is None else f"leases-{slug(backend)}"
    store: LeaseStore = load(leases.BACKENDS, stores.leases, "lease store")(
        project / STATE_DIRECTORY / name, established=own and is_fixed(project)
    )
    return store


def _leases(project: Path, backend: str | None) -> LeaseStore:
    """The store exists before config.json says so, as a crash in between must not look like a
    store that was lost."""
    stores, store = stores_of(project), open_leases(project, backend)
    own = backend in (None, stores.tracker)
    if own and not is_fixed(project) and (project / STATE_DIRECTORY).is_dir():
        store.establish()
        fix_stores(project, stores)
    return store


@contextmanager
def open_board(project: Path) -> Iterator[Callable[[], Board]]:
    """A function that reads the project's board as it is now. It looks at journal, tracker and
    leases, never at the running process, and creates nothing."""
    from .domain.board import fold  # much to import, and only boards need it

    stores = stores_of(project)
    directory = project / STATE_DIRECTORY
    with ExitStack() as stack:
        tracker = stack.enter_context(closing(open_tracker(project)))
        journal = stack.enter_context(
            closing(
                load(journals.BACKENDS, stores.journal, "journal")(
                    directory / "journal.db", run="", readonly=True
                )
            )
        )
        store: LeaseStore = load(leases.BACKENDS, stores.leases, "lease store")(
            directory / "leases"
        )
        entries: list[Entry] = []

        def catch_up() -> None:
            entries.extend(journal.since(entries[-1].cursor if entries else 0))

        def read() -> Board:
            catch_up()
            alive = _is_alive(entries)
            catch_up()  # a process that has gone by now wrote its last entry before
            return fold(
                entries,
                tracker.list(Query()),
                store.records(),
                now=datetime.now(UTC),
                alive=alive,
            )

        yield read


def _is_alive(entries: list[Entry]) -> bool:
    """Whether the process of the last run still is there."""
    from .domain.event import RunStarted
    from .domain.lease import Process
    from .leases.process import is_alive

    for entry in reversed(entries):
        if isinstance(started := entry.event, RunStarted):
            return is_alive(
                Process(
                    host=started.host, boot=started.boot, pid=started.pid, started=started.started
                )
            )
    return False
