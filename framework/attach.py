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
from typing import Any

from . import config, journals, leases, trackers
from .domain.board import Board, fold
from .domain.errors import SettingsError, UsageError
from .domain.event import Entry, RunStarted
from .domain.lease import Process
from .domain.query import Query
from .leases.base import LeaseStore
from .leases.process import is_alive
from .trackers.base import Tracker


def load(table: Mapping[str, str], name: str, what: str) -> Any:
    """The class that a backend table names; nothing else of the table is imported."""
    if name not in table:
        raise SettingsError(f"Unknown {what} {name!r}; known are: {', '.join(table)}.")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def open_tracker(project: Path, *, create: bool = False) -> Tracker:
    """The project's tracker. Raises UsageError where there is none yet, unless `create`."""
    stores = config.stores_of(project)
    path = project / config.STATE_DIRECTORY / "issues.db"
    if not create and stores.tracker == "sqlite" and not path.exists():
        raise UsageError(
            f"{project.resolve()} has no board yet: name the directory of a project, or start "
            "a run there with parallel_agent.py."
        )
    tracker: Tracker = load(trackers.BACKENDS, stores.tracker, "tracker")(path)
    return tracker


@contextmanager
def open_board(project: Path) -> Iterator[Callable[[], Board]]:
    """A function that reads the project's board as it is now. It looks at journal, tracker and
    leases, never at the running process, and creates nothing."""
    stores = config.stores_of(project)
    directory = project / config.STATE_DIRECTORY
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
    for entry in reversed(entries):
        if isinstance(started := entry.event, RunStarted):
            return is_alive(
                Process(
                    host=started.host, boot=started.boot, pid=started.pid, started=started.started
                )
            )
    return False
