"""Attaching to a project from outside a run: its tracker, and its board.

A run that is going, finished or dead looks the same from here. Imports nothing that only a run
needs, so that commands start quickly.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import journals, leases, trackers
from .config.agent import identity
from .config.choice import Chosen, choose, openable
from .config.document import project_file
from .config.environment import process
from .config.kinds import BOARD, LOCAL, NO_BOARD, RESERVED
from .config.place import STATE_DIRECTORY, find_project, prepare, store_id
from .config.stores import fix_stores, is_fixed, stores_of
from .domain.errors import SettingsError, UsageError
from .domain.frozen import dataclass
from .domain.identifier import slug
from .domain.query import Query
from .facade.facade import Facade
from .leases.base import Floor, LeaseStore
from .leases.rival import refuse_rival
from .trackers.base import Tracker
from .trackers.made import is_there, note_made, refuse_lost

if TYPE_CHECKING:
    from .domain.board import Board
    from .domain.event import Entry, RunStarted
    from .forge.github import GitHub
    from .journals.base import Journal

_SILENCE = timedelta(days=8)
"""A weekly usage limit, and a day."""


def load(table: Mapping[str, str], name: str, what: str) -> Any:
    """The class that a backend table names; nothing else of the table is imported."""
    if name not in table:
        raise SettingsError(f"Unknown {what} {name!r}; known are: {', '.join(table)}.")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _note(text: str) -> None:
    sys.stderr.write(f"note: {text}\n")


def open_tracker(
    project: Path,
    backend: str | None = None,
    *,
    create: bool = False,
    watching: bool = False,
    furnish: bool = False,
    say: Callable[[str], None] = _note,
) -> Tracker:
    """The project's tracker, or the one called `backend`. Raises UsageError where there is none
    yet, unless `create`; and TrackerError where the project's own board was and is gone. Who is
    only `watching` keeps no forge's board current, and only with `furnish` one is made. `say`
    hears what a person should know of a forge, such as a right that the token lacks."""
    chosen = openable(choose(project, backend or stores_of(project).tracker))
    path, is_own = chosen.path, chosen.name in RESERVED
    if is_own and path is not None:
        refuse_lost(path)
    if not create and path is not None and not is_there(path):
        raise UsageError(
            f"{project.resolve()} has no board yet. Make one with its first issue (issue create "
            '"…"), start a run there with parallel_agent.py, or name the directory of a project.'
        )
    make = load(trackers.BACKENDS, chosen.type, "tracker")
    if path is None:
        given = vars(of_forge(chosen, project)) | ({"board": False} if watching else {})
        forge: Tracker = make(**given, furnish=furnish, say=say)
        return forge
    tracker: Tracker = make(path)
    if create and is_own and path is not None:
        note_made(path)
    return tracker


@dataclass(frozen=True, kw_only=True)
class OnForge:
    """A repository on a forge, and what its backend is opened with; see `GitHubTracker`."""

    url: str
    owner: str
    repo: str
    token: str
    directory: Path
    store: str
    board: bool | int
    allowance: Path

    def __repr__(self) -> str:  # without the token
        return f"OnForge({self.url}/{self.owner}/{self.repo})"

    def client(self) -> GitHub:
        """To be closed by the caller."""
        from .forge.github import GitHub

        return GitHub(url=self.url, token=self.token, allowance=self.allowance)


def of_forge(chosen: Chosen, project: Path) -> OnForge:
    """Where the backend's repository is. Raises SettingsError where that is not known in full, or
    where no token is at hand."""
    from .config.settings import state_directory
    from .config.token import token_of

    lacking = [name for name in ("url", "owner", "repo") if not chosen.fields.get(name)]
    if lacking:
        raise SettingsError(
            f"The repository of {chosen.name} is not known: no {', no '.join(lacking)}. Add a git "
            f"remote that is there, or say it: issue backend add {chosen.name} {chosen.type} "
            "--owner OWNER --repo REPO"
        )
    directory = prepare(project) / f"mirror-{slug(chosen.name)}"
    return OnForge(
        url=chosen.fields["url"],
        owner=chosen.fields["owner"],
        repo=chosen.fields["repo"],
        token=token_of(chosen, project).reveal(),
        directory=directory,
        store=store_id(project),
        board=_board(chosen.fields.get(BOARD, "")),
        allowance=state_directory(process()) / "forges",
    )


def _board(text: str) -> bool | int:
    """Whether there is one; its number where that is said."""
    return int(text) if text.isdecimal() else text != NO_BOARD


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
        return Facade(tracker, open_leases(project, backend, create=True), me)
    except BaseException:
        tracker.close()
        raise


def open_leases(
    project: Path,
    backend: str | None = None,
    *,
    floor: Floor = lambda key: 0,
    create: bool = False,
) -> LeaseStore:
    """The one lease store of the tracker called `backend`, or of the project's own. Without
    `create` nothing is made; with it, the project's stores are written down at first use.
    Raises SettingsError where a store of another kind was used before."""
    stores, is_known = stores_of(project), is_fixed(project)
    name = backend or stores.tracker
    make = load(leases.BACKENDS, stores.leases, "lease store")
    # That the local board's store must be there is known from config.json; for other trackers
    # the floor alone keeps epochs from repeating when a store is lost.
    directory, is_local = lease_directory(project, name), name in RESERVED
    refuse_rival(directory, stores.leases, project_file(project))
    store: LeaseStore = make(directory, floor=floor, established=is_known and is_local)
    if create and not (is_known and directory.is_dir()):
        if not (is_known or is_local):
            make(lease_directory(project, LOCAL)).establish()
        if not (is_known and is_local):
            store.establish()
        # Only now: a crash in between must not look like a store that was lost.
        fix_stores(project, stores)
    return store


def lease_directory(project: Path, tracker: str) -> Path:
    """Each tracker has its own, because ids alike mean different issues."""
    name = "leases" if tracker in RESERVED else f"leases-{slug(tracker)}"
    return project / STATE_DIRECTORY / name


def outbox_file(project: Path, tracker: str) -> Path:
    """Each tracker has its own, because ids alike mean different issues."""
    name = "outbox.db" if tracker in RESERVED else f"outbox-{slug(tracker)}.db"
    return project / STATE_DIRECTORY / name


@contextmanager
def open_board(project: Path) -> Iterator[Callable[[], Board]]:
    """A function that reads the project's board as it is now. It looks at journal, tracker and
    leases, never at the running process, and creates nothing."""
    from .domain.board import fold  # much to import, and only boards need it

    directory = project / STATE_DIRECTORY
    with ExitStack() as stack:
        tracker = stack.enter_context(closing(open_tracker(project, watching=True)))
        journal = stack.enter_context(
            closing(
                load(journals.BACKENDS, stores_of(project).journal, "journal")(
                    directory / "journal.db", run="", readonly=True
                )
            )
        )
        store = stack.enter_context(closing(open_leases(project)))
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


def open_journal(project: Path) -> Journal:
    """For a word of a person's in between runs. Raises UsageError where no run was ever made."""
    path = project / STATE_DIRECTORY / "journal.db"
    if not path.is_file():
        raise UsageError(f"No run has been made in {project}. Start one with parallel_agent.py.")
    journal: Journal = load(journals.BACKENDS, stores_of(project).journal, "journal")(path, run="")
    return journal


def going(project: Path) -> tuple[str, ...]:
    """The runs on the project that go, by name; for a project without a journal there are none.

    One of another machine, or of a container that is gone, counts as going until it has written
    nothing for longer than any usage limit lasts. Raises JournalError.
    """
    from .domain.event import RunEnded, RunStarted
    from .leases.process import this_process

    path = project / STATE_DIRECTORY / "journal.db"
    if not path.is_file():
        return ()
    make = load(journals.BACKENDS, stores_of(project).journal, "journal")
    with closing(make(path, run="", readonly=True)) as journal:
        entries: list[Entry] = journal.since()
    ended = {one.run for one in entries if isinstance(one.event, RunEnded)}
    latest = {one.run: one.at for one in entries}
    quiet, here = datetime.now(UTC) - _SILENCE, this_process().host
    return tuple(
        one.run
        for one in entries
        if isinstance(run := one.event, RunStarted) and one.run not in ended and _is_there(run)
        if run.host == here or latest[one.run] > quiet
    )


def _is_alive(entries: list[Entry]) -> bool:
    """Whether the process of the last run still is there."""
    from .domain.event import RunStarted

    for entry in reversed(entries):
        if isinstance(entry.event, RunStarted):
            return _is_there(entry.event)
    return False


def _is_there(run: RunStarted) -> bool:
    from .domain.lease import Process
    from .leases.process import is_alive

    return is_alive(Process(host=run.host, boot=run.boot, pid=run.pid, started=run.started))
