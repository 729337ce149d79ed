"""The keeper renews from a thread, and ends the work of a lease that cannot be kept."""

from __future__ import annotations

import time
from datetime import timedelta

import anyio
import pytest

from framework.domain.errors import LeaseError, LeaseLost
from framework.domain.lease import Lease
from framework.leases.memory import MemoryLeases
from framework.runner.keeper import Keeper

TTL = timedelta(seconds=1.5)
"""A third of it is a hitch that a busy machine may have."""


def claim(store: MemoryLeases) -> Lease:
    lease = store.acquire("1", "me", TTL)
    assert lease is not None
    return lease


def test_a_blocked_event_loop_does_not_lose_the_lease() -> None:
    """The loop is frozen for three times the TTL; nobody else gets the issue meanwhile."""
    store = MemoryLeases()

    async def main() -> None:
        with Keeper(store, TTL) as keeper:
            async with keeper.hold(claim(store)):
                time.sleep(3 * TTL.total_seconds())  # noqa: ASYNC251 - the frozen loop is the point
                assert store.acquire("1", "other", TTL) is None

    anyio.run(main)


def test_a_stolen_lease_ends_the_work() -> None:
    """The block is cancelled and LeaseLost tells why."""
    store = MemoryLeases()

    async def main() -> None:
        with Keeper(store, TTL) as keeper:
            lease = claim(store)
            async with keeper.hold(lease):
                store.release(lease)
                assert store.acquire("1", "thief", timedelta(minutes=1))
                await anyio.sleep(20)

    began = time.monotonic()
    with pytest.raises(LeaseLost):
        anyio.run(main)
    assert time.monotonic() - began < 10


class Unreachable(MemoryLeases):
    """A store that is down for a number of renewals."""

    def __init__(self, down: int) -> None:
        super().__init__()
        self.down = down

    def renew(self, lease: Lease, ttl: timedelta) -> Lease:
        if self.down > 0:
            self.down -= 1
            raise LeaseError("the disk is gone")
        return super().renew(lease, ttl)


def test_one_missed_renewal_is_survived() -> None:
    store = Unreachable(down=1)

    async def main() -> None:
        with Keeper(store, TTL) as keeper:
            async with keeper.hold(claim(store)):
                await anyio.sleep(2 * TTL.total_seconds())
                assert store.held()

    anyio.run(main)


def test_a_store_that_stays_away_ends_the_work_before_the_lease_ends() -> None:
    store = Unreachable(down=1_000)

    async def main() -> None:
        with Keeper(store, TTL) as keeper:
            async with keeper.hold(claim(store)):
                await anyio.sleep(20)

    with pytest.raises(LeaseLost):
        anyio.run(main)


def test_a_released_lease_is_left_alone() -> None:
    """Leaving the block stops the renewals."""
    store = MemoryLeases()

    async def main() -> None:
        with Keeper(store, TTL) as keeper:
            lease = claim(store)
            async with keeper.hold(lease):
                pass
            store.release(lease)
            await anyio.sleep(TTL.total_seconds())
            assert not store.held()

    anyio.run(main)
