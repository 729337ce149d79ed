"""Keeps leases alive from a thread that a busy event loop cannot starve."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType

import anyio
from anyio.lowlevel import current_token

from ..domain import errors
from ..domain.lease import Lease
from ..leases.base import LeaseStore


@dataclass(kw_only=True)
class _Kept:
    lease: Lease
    on_lost: Callable[[], None]
    missed: int = 0


class Keeper:
    """Renews every lease given to it each third of the TTL.

    A lease that is lost, or that could not be renewed for two thirds of the TTL, is reported
    once and then left alone: its work must stop before somebody else may begin.
    """

    def __init__(self, store: LeaseStore, ttl: timedelta) -> None:
        self._store = store
        self._ttl = ttl
        self._kept: dict[str, _Kept] = {}
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew_for_ever, name="keeper", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @asynccontextmanager
    async def hold(self, lease: Lease) -> AsyncIterator[None]:
        """Keep `lease` while the block runs; LeaseLost ends the block when it cannot be kept."""
        token = current_token()
        lost = False
        with anyio.CancelScope() as scope:

            def on_lost() -> None:
                nonlocal lost
                lost = True
                anyio.from_thread.run_sync(scope.cancel, token=token)

            with self._mutex:
                self._kept[lease.key] = _Kept(lease=lease, on_lost=on_lost)
            try:
                yield
            finally:
                with self._mutex:
                    self._kept.pop(lease.key, None)
        if lost and scope.cancelled_caught:
            raise errors.LeaseLost(f"The lease on {lease.key} could not be kept.")

    def _renew_for_ever(self) -> None:
        while not self._stop.wait(self._ttl.total_seconds() / 3):
            with self._mutex:
                kept = list(self._kept.items())
            for key, one in kept:
                self._renew(key, one)

    def _renew(self, key: str, kept: _Kept) -> None:
        try:
            kept.lease = self._store.renew(kept.lease, self._ttl)
            kept.missed = 0
            return
        except errors.LeaseLost:
            pass
        except errors.LeaseError:
            kept.missed += 1
            if kept.missed < 2:
                return
        with self._mutex:
            still_ours = self._kept.get(key) is kept
            self._kept.pop(key, None)
        if still_ours:
            kept.on_lost()
