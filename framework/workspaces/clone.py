"""Workspaces as clones: each attempt's own repository, borrowing the hub's objects."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
from anyio import to_thread

from ..box import Box
from ..domain.errors import WorkspaceError
from ..domain.facts import Work
from ..domain.issue import Issue
from ..domain.merge import Proof
from ..effect import effect
from . import attempt, refs
from ._git import Git, readable
from .attempt import Attempt
from .base import Contents, Rescue, Workspace
from .edits import Edits
from .hub import EXCLUDED, Hub
from .intake import Intake
from .measures import Measures
from .packing import pack
from .place import Place, Places
from .rescue import Rescuer

T = TypeVar("T")

_AT_ONCE = 8
"""Clones that are made, looked at or put away at one time: more only get into each other's way."""

_DIRECTORIES = ("", "objects", "objects/info", "info", "refs", "refs/heads")
_CORE = re.compile(r"\[core\]\n(?:\t.*\n)*")
_CONFIG = """\
[user]
\tname = Nightshift Agent
\temail = agent@nightshift.invalid
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


class CloneWorkspaces:
    """Workspaces under `root`, which lies outside every work tree and has a short path.

    `on_rescue` hears of work that was saved when a workspace was left; what `recover` saves is
    in its answer instead. Once an agent has started, no git of ours runs in its clone.
    """

    def __init__(
        self,
        *,
        hub: Hub,
        root: Path,
        box: Box,
        on_rescue: Callable[[Rescue], None] = lambda _: None,
    ) -> None:
        self._hub = hub
        self._places = Places(root)
        self._intake = Intake(hub, box)
        self._rescuer = Rescuer(hub, box)
        self._measures = Measures(hub)
        self._on_rescue = on_rescue
        self._core = _core_section(self._places)
        self._objects = hub.objects.resolve()
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    def open(self, issue: Issue, epoch: int) -> AbstractAsyncContextManager[Workspace]:
        """See `Workspaces.open`. What is saved on leaving is reported before the exit returns."""
        return self._opened(issue, epoch)

    @asynccontextmanager
    async def _opened(self, issue: Issue, epoch: int) -> AsyncIterator[Workspace]:
        place, workspace = await self._in_thread(partial(self._begin, issue, epoch))
        try:
            yield workspace
        finally:
            # Git's own time limits are the deadline: a thread cannot be cancelled.
            with anyio.CancelScope(shield=True):
                put_away = partial(self._rescuer.put_away, place, attempt.of(workspace))
                saved = await self._in_thread(put_away)
                for rescue in saved:
                    self._on_rescue(rescue)

    async def inspect(self, workspace: Workspace) -> Contents:
        """See `Workspaces.inspect`. May be asked while the agent works."""
        return await self._in_thread(partial(self._inspect, attempt.of(workspace)))

    async def measured(self, issue: Issue, epoch: int, proof: Proof | None) -> Work:
        """See `Workspaces.measured`."""
        return await to_thread.run_sync(self._measures.measure, issue.id, epoch, proof)

    async def rescued(self, issue: Issue) -> Rescue | None:
        """See `Workspaces.rescued`. The attempt's own branch goes before its other ones."""
        place = refs.rescue(issue.id, 0).rpartition("/")[0]
        if not any((self._hub.path / one).exists() for one in (place, "packed-refs")):
            return None  # a look that takes less than a thread
        return await to_thread.run_sync(self._rescued, issue, place)

    async def recover(self, live: frozenset[tuple[str, int]]) -> list[Rescue]:
        """See `Workspaces.recover`. Also removes lock files of dead git processes in the hub,
        and packs its objects when they have become many.

        A workspace that a living process holds stays, in `live` or not. Repeating it is safe,
        and so is a kill at any time. Raises WorkspaceError, after all others are put away, for
        those whose work could not be saved.
        """
        return await to_thread.run_sync(self._recover, live)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._limiter)

    def _begin(self, issue: Issue, epoch: int) -> tuple[Place, Workspace]:
        base = self._hub.tip()
        with effect("epoch"):
            self._hub.raise_epoch(issue.id, epoch)
        place = self._places.make(attempt.name(issue.id, epoch))
        one = Attempt(issue=issue.id, epoch=epoch, base=base, directory=place.path)
        try:
            with effect("clone"):
                attempt.write(one)
                self._lay_out(one)
        except BaseException:
            place.remove()  # no agent has been in it
            raise
        return place, Workspace(
            issue=one.issue,
            epoch=one.epoch,
            directory=one.clone,
            home=one.home,
            hub=self._hub.path,
            branch=one.branch,
            base=one.base,
        )

    def _lay_out(self, one: Attempt) -> None:
        """What `git clone --shared` makes, without its processes, and the index kept aside."""
        git = f"{one.clone}/.git"
        one.home.mkdir()
        one.clone.mkdir()
        for name in _DIRECTORIES:
            os.mkdir(f"{git}/{name}")
        _write(f"{git}/HEAD", f"ref: refs/heads/{one.branch}\n")
        _write(f"{git}/config", self._core + _CONFIG)
        _write(f"{git}/info/exclude", EXCLUDED)
        _write(f"{git}/objects/info/alternates", f"{self._objects}\n")
        for branch in self._branches(one):
            ref = f"{git}/refs/heads/{branch}"
            os.makedirs(os.path.dirname(ref), exist_ok=True)
            _write(ref, f"{one.base}\n")
        clone = Git("--git-dir", git, "--work-tree", str(one.clone))
        clone.run("read-tree", "-m", "-u", "HEAD", cwd=one.clone)
        shutil.copy2(f"{git}/index", one.index)

    def _branches(self, one: Attempt) -> list[str]:
        """The attempt's and the target, for comparing; `agent` as a target would be in its way."""
        clashes = one.branch.startswith(f"{self._hub.target}/")
        return [one.branch, *([] if clashes else [self._hub.target])]

    def _inspect(self, one: Attempt) -> Contents:
        head = self._intake.head(one).commit
        dirty = self._dirty(one, head or one.base) if one.has_clone else ()
        return Contents(head=head, advanced=head not in (None, one.base), dirty=dirty)

    def _dirty(self, one: Attempt, head: str) -> tuple[str, ...]:
        return tuple(readable(path) for path in Edits(self._hub, one, head).paths())

    def _rescued(self, issue: Issue, place: str) -> Rescue | None:
        target = refs.target(self._hub.target)
        listed = self._hub.git.run(
            "for-each-ref", "--format=%(objectname) %(refname)", f"--no-merged={target}", place
        )
        landed = self._landed_epoch(issue.uid)
        found = [_rescue(issue.id, *row.split(" ", 1)) for row in listed.splitlines()]
        later = [one for one in found if one.epoch > landed]
        return max(later, key=lambda one: (one.epoch, -len(one.ref)), default=None)

    def _landed_epoch(self, uid: str) -> int:
        """The attempt that landed last; what earlier ones left is of no use any more."""
        place = refs.landed(uid, 0).rpartition("/")[0]
        format = "--format=%(*trailers:key=Attempt,valueonly,separator=)"
        rows = self._hub.git.run("for-each-ref", format, place).split()
        return max((int(row) for row in rows), default=0)

    def _recover(self, live: frozenset[tuple[str, int]]) -> list[Rescue]:
        names = {attempt.name(*pair) for pair in live}
        places, others = self._places.abandoned()
        self._hub.sweep(alone=not live and not others)
        if not live and not others:
            pack(self._hub)
        saved: list[Rescue] = []
        failures: list[str] = []
        for place in places:
            if place.path.name in names:
                place.leave()
                continue
            try:
                saved += self._rescuer.clear(place)
            except WorkspaceError as error:
                failures.append(str(error))
        if failures:
            raise WorkspaceError("\n".join(failures))
        return saved


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(handle, text.encode("utf-8", "surrogateescape"))
    finally:
        os.close(handle)


def _core_section(places: Places) -> str:
    """What git finds out about the file system when it makes a repository there."""
    place = places.make(f"probe-{uuid.uuid4().hex[:12]}-e0")
    try:
        Git("-C", str(place.path)).run("init", "--quiet", "--template=")
        found = _CORE.search((place.path / ".git" / "config").read_text())
    finally:
        place.remove()
    if found is None:
        raise WorkspaceError(
            f"git made no usable repository in {place.path.parent}: is it a normal directory?"
        )
    return found[0]


def _rescue(issue: str, commit: str, ref: str) -> Rescue:
    epoch = re.match(r"e(\d+)", ref.rpartition("/")[2])
    return Rescue(issue=issue, epoch=int(epoch[1]) if epoch else 0, ref=ref, commit=commit)
