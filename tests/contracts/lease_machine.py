"""The lease contract as a state machine over handles, under a virtual clock.

Handles, not workers: a handle that was superseded long ago stays usable, because a paused
process does not know. A model keyed by worker misses exactly the faults that matter.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from framework.domain.errors import LeaseLost
from framework.domain.lease import Failure, Lease, Record
from framework.leases.base import LeaseStore
from tests.contracts.lease_stores import Clock, Make, dead_process

KEYS = ("12", "land:main")
MINUTES = st.integers(min_value=1, max_value=5).map(lambda minutes: timedelta(minutes=minutes))


@dataclass
class Model:
    """What the contract says of one key."""

    epoch: int = 0
    lease: Lease | None = None
    failures: tuple[Failure, ...] = ()
    not_before: datetime | None = None

    def live(self, now: datetime) -> Lease | None:
        lease = self.lease
        return lease if lease and not lease.process and now < lease.expires_at else None

    def record(self, key: str, now: datetime) -> Record | None:
        if not self.epoch:
            return None
        return Record(
            key=key,
            epoch=self.epoch,
            lease=self.live(now),
            failures=self.failures,
            not_before=self.not_before,
        )


class LeaseMachine(RuleBasedStateMachine):
    make: Make

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.store: LeaseStore = type(self).make(self.directory, self.clock)
        self.models = {key: Model() for key in KEYS}
        self.handles: list[Lease] = []

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    @rule(
        key=st.sampled_from(KEYS),
        holder=st.sampled_from(["a", "b"]),
        ttl=MINUTES,
        dead=st.sampled_from([False, False, False, True]),
    )
    def acquire(self, key: str, holder: str, ttl: timedelta, dead: bool) -> None:
        model, process = self.models[key], dead_process() if dead else None
        lease = self.store.acquire(key, holder, ttl, process=process)
        if model.live(self.clock.now):
            assert lease is None, "granted although somebody else's is live"
            return
        assert lease is not None, "refused although free"
        assert lease.epoch > model.epoch, "the epoch did not rise"
        assert (lease.key, lease.holder, lease.process) == (key, holder, process)
        assert lease.expires_at == self.clock.now + ttl
        model.epoch, model.lease, model.not_before = lease.epoch, lease, None
        self.handles.append(lease)

    @rule(handle=st.integers(min_value=0), ttl=MINUTES)
    def renew(self, handle: int, ttl: timedelta) -> None:
        if not self.handles:
            return
        lease = self.handles[handle % len(self.handles)]
        model, kept = self.models[lease.key], self._renew(lease, ttl)
        if not _is_current(model, lease):
            assert kept is None, "a lease that has ended was renewed"
            return
        assert model.lease is not None
        until = max(model.lease.expires_at, self.clock.now + ttl)
        model.lease = replace(model.lease, expires_at=until)
        assert kept == model.lease

    def _renew(self, lease: Lease, ttl: timedelta) -> Lease | None:
        try:
            return self.store.renew(lease, ttl)
        except LeaseLost:
            return None

    @rule(handle=st.integers(min_value=0), failed=st.booleans(), backoff=st.none() | MINUTES)
    def release(self, handle: int, failed: bool, backoff: timedelta | None) -> None:
        if not self.handles:
            return
        lease, now = self.handles[handle % len(self.handles)], self.clock.now
        failure = Failure(at=now, epoch=lease.epoch, reason="red") if failed else None
        not_before = now + backoff if backoff else None
        self.store.release(lease, failure=failure, not_before=not_before)
        model = self.models[lease.key]
        if _is_current(model, lease):
            model.lease, model.not_before = None, not_before
            model.failures = (*model.failures, failure) if failure else model.failures

    @rule(by=MINUTES)
    def wait(self, by: timedelta) -> None:
        self.clock.advance(by)

    @invariant()
    def all_that_is_remembered_is_right(self) -> None:
        now = self.clock.now
        expected = {key: one for key in KEYS if (one := self.models[key].record(key, now))}
        assert self.store.records() == expected
        assert {key: self.store.record(key) for key in expected} == expected
        held = sorted(self.store.held(), key=lambda lease: lease.key)
        assert held == [one.lease for _, one in sorted(expected.items()) if one.lease]
        assert self.store.unreadable() == []


def _is_current(model: Model, lease: Lease) -> bool:
    current = model.lease
    return current is not None and (current.epoch, current.holder) == (lease.epoch, lease.holder)


def check(make: Make, *, examples: int) -> None:
    """Run the machine. Raises AssertionError when `make`'s store breaks the contract."""
    machine = type("Machine", (LeaseMachine,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
