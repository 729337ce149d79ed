"""The project's named leases for short work: who plans, who lands."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from ..domain.errors import LeaseError
from ..domain.event import Warned
from ..domain.lease import Lease, Process
from ..journals.base import Journal
from ..leases.base import LeaseStore
from .keeper import Keeper

_RETRY_SECONDS = 0.2
_PATIENCE_SECONDS = 5.0
_LINGER_SECONDS = 2.0


class Turns:
    """One task of one run at a time for each name.

    A lease lingers for a moment after its use, so that a row of landings does not wait for the
    disk at each of them; another run waits that much longer.
    """

    def __init__(
        self,
        *,
        store: LeaseStore,
        ttl: timedelta,
        keeper: Keeper,
        process: Process,
        journal: Journal,
        group: TaskGroup,
    ) -> None:
        self._store = store
        self._ttl = ttl
        self._keeper = keeper
        self._process = process
        self._journal = journal
        self._group = group
        self._locks: dict[str, anyio.Lock] = {}
        self._idle: dict[str, Lease] = {}

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn, hold it while the block runs, and give it back."""
        async with self._locks.setdefault(name, anyio.Lock()):
            lease = self._idle.pop(name, None) or await self._acquire(name)
            try:
                async with self._keeper.hold(lease):
                    yield
            finally:
                self._idle[name] = lease
                self._group.start_soon(self._give_back_later, name, lease)

    def close(self) -> None:
        """Give back what lingers."""
        for name in list(self._idle):
            self._give_back(name)

    async def _give_back_later(self, name: str, lease: Lease) -> None:
        await anyio.sleep(_LINGER_SECONDS)
        if self._idle.get(name) is lease:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._give_back, name)

    def _give_back(self, name: str) -> None:
        lease = self._idle.pop(name, None)
        try:
            if lease is not None:
                self._store.release(lease)
        except LeaseError as error:  # it ends with our process at the latest
            self._journal.append(Warned(text=f"The turn {name!r} was not given back: {error}"))

    async def _acquire(self, name: str) -> Lease:
        holder = uuid.uuid4().hex
        patience = anyio.current_time() + _PATIENCE_SECONDS
        while True:
            lease = await to_thread.run_sync(
                lambda: self._store.acquire(name, holder, self._ttl, process=self._process)
            )
            if lease is not None:
                return lease
            if anyio.current_time() > patience:
                self._journal.append(Warned(text=f"waiting for another run, which holds {name!r}"))
                patience = float("inf")
            await anyio.sleep(_RETRY_SECONDS)
