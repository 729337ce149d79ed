"""A throwaway checkout of exactly one tree, for checks to run in."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio import to_thread

from .hub import Hub
from .place import Place, Places


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """`directory` holds the files and no `.git`; `home` is empty; both may change."""

    directory: Path
    home: Path


class Checkouts:
    """Makes checkouts under `root`. Once one is handed out no git of ours runs in it."""

    def __init__(self, hub: Hub, root: Path) -> None:
        self._hub = hub
        self._places = Places(root)

    @asynccontextmanager
    async def open(self, tree: str) -> AsyncIterator[Checkout]:
        """The files of `tree`, deleted on leaving."""
        place = await to_thread.run_sync(self._lay_out, tree)
        try:
            yield Checkout(directory=place.path / "tree", home=place.path / "home")
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(place.remove)

    def _lay_out(self, tree: str) -> Place:
        # Not `git archive`: it leaves out what an agent's .gitattributes tells it to.
        place = self._places.make(f".check-{uuid.uuid4().hex[:12]}")
        try:
            directory = place.path / "tree"
            directory.mkdir()
            (place.path / "home").mkdir()
            env = {"GIT_INDEX_FILE": str(place.path / "index"), "GIT_WORK_TREE": str(directory)}
            self._hub.git.run("read-tree", "-m", "-u", tree, env=env, cwd=directory)
        except BaseException:
            place.remove()
            raise
        return place
