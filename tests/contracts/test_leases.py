"""What every lease store promises."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from framework.domain.errors import LeaseLost
from framework.domain.lease import Failure, Lease, Process
from framework.leases.base import LeaseStore
from framework.leases.process import this_process
from tests.contracts.lease_machine import check
from tests.contracts.lease_stores import STORES, TTL, Clock, Make, dead_process

ROOT = Path(__file__).parents[2]
WORKER = """
import json
from framework.leases.process import this_process
print(json.dumps(vars(this_process())), flush=True)
input()
"""


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest) -> Make:
    return STORES[request.param]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(make: Make, tmp_path: Path, clock: Clock) -> LeaseStore:
    return make(tmp_path, clock)


def claim(
    store: LeaseStore, key: str = "12", holder: str = "a", process: Process | None = None
) -> Lease:
    lease = store.acquire(key, holder, TTL, process=process)
    assert lease is not None
    return lease


def failed(lease: Lease, clock: Clock, reason: str = "tests failed") -> Failure:
    return Failure(at=clock.now, epoch=lease.epoch, reason=reason)


def test_a_lease_says_who_holds_what_until_when(store: LeaseStore, clock: Clock) -> None:
    """The lease that is handed out is the one that was asked for."""
    me = this_process()
    lease = claim(store, process=me)
    assert (lease.key, lease.holder, lease.process) == ("12", "a", me)
    assert lease.expires_at == clock.now + TTL
    assert lease.epoch >= 1


def test_nobody_else_gets_a_live_lease(store: LeaseStore, clock: Clock) -> None:
    """Until its last microsecond a lease keeps others out, and only from its own key."""
    claim(store)
    clock.advance(TTL - timedelta(microseconds=1))
    assert store.acquire("12", "b", TTL) is None
    assert claim(store, "13", "b").key == "13"


def test_the_same_holder_twice_is_somebody_else(store: LeaseStore) -> None:
    """Two sessions that share a name do not share a lease."""
    claim(store)
    assert store.acquire("12", "a", TTL) is None


def test_an_expired_lease_is_free(store: LeaseStore, clock: Clock) -> None:
    """At its expiry a lease ends without anybody's doing, and the next has a higher epoch."""
    first = claim(store)
    clock.advance(TTL)
    assert store.held() == []
    assert claim(store, holder="b").epoch > first.epoch


def test_a_dead_holder_is_free_at_once(store: LeaseStore) -> None:
    """The lease of a process that was killed does not wait for its expiry."""
    command = [sys.executable, "-c", WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    with subprocess.Popen(command, **pipes) as worker:
        assert worker.stdout is not None
        first = claim(store, process=Process(**json.loads(worker.stdout.readline())))
        assert store.acquire("12", "b", TTL) is None
        worker.kill()
    assert store.held() == []
    record = store.record("12")
    assert record is not None
    assert record.lease is None
    assert claim(store, holder="b").epoch > first.epoch


def test_a_process_of_another_host_counts_as_alive(store: LeaseStore) -> None:
    """What nobody here can see is not declared dead."""
    claim(store, process=replace(dead_process(), host="elsewhere"))
    assert store.acquire("12", "b", TTL) is None


def test_renewing_moves_the_expiry_and_nothing_else(store: LeaseStore, clock: Clock) -> None:
    """A renewed lease has the same epoch and ends one TTL after the renewal."""
    lease = claim(store)
    clock.advance(TTL / 3)
    renewed = store.renew(lease, TTL)
    assert renewed == replace(lease, expires_at=clock.now + TTL)
    assert store.held() == [renewed]


def test_renewing_never_shortens(store: LeaseStore) -> None:
    """A shorter TTL, or a clock that was set back, takes nothing away."""
    lease = claim(store)
    assert store.renew(lease, timedelta(seconds=1)) == lease


def test_an_expired_lease_that_nobody_took_is_renewed(store: LeaseStore, clock: Clock) -> None:
    """A holder that was asleep goes on if nobody came in between."""
    lease = claim(store)
    clock.advance(2 * TTL)
    assert store.renew(lease, TTL).expires_at == clock.now + TTL
    assert store.acquire("12", "b", TTL) is None


def test_a_taken_over_lease_cannot_be_renewed(store: LeaseStore, clock: Clock) -> None:
    """Also when the one who took it over has the same name."""
    stale = claim(store)
    clock.advance(TTL)
    current = claim(store)
    with pytest.raises(LeaseLost, match="12"):
        store.renew(stale, TTL)
    assert store.held() == [current]


def test_what_was_released_or_never_given_cannot_be_renewed(store: LeaseStore) -> None:
    """There is nothing to renew, and the refusal leaves nothing behind."""
    lease = claim(store)
    store.release(lease)
    with pytest.raises(LeaseLost):
        store.renew(lease, TTL)
    with pytest.raises(LeaseLost):
        store.renew(replace(lease, key="99"), TTL)
    assert store.record("99") is None


def test_a_release_remembers_failure_and_backoff_in_one_step(
    store: LeaseStore, clock: Clock
) -> None:
    """Epoch, failures with reasons and the time of the next attempt outlive the lease."""
    lease = claim(store)
    failure, later = failed(lease, clock), clock.now + timedelta(minutes=5)
    store.release(lease, failure=failure, not_before=later)
    record = store.record("12")
    assert record is not None
    assert (record.epoch, record.lease) == (lease.epoch, None)
    assert (record.failures, record.not_before) == ((failure,), later)


def test_failures_add_up_over_attempts(store: LeaseStore, clock: Clock) -> None:
    """A new claim ends the backoff and keeps every failure, in order."""
    reasons = ["first", "second", "third"]
    for reason in reasons:
        lease = claim(store)
        store.release(lease, failure=failed(lease, clock, reason), not_before=clock.now)
    record = store.record("12")
    assert record is not None
    assert [failure.reason for failure in record.failures] == reasons
    claim(store)
    again = store.record("12")
    assert again is not None
    assert (again.failures, again.not_before) == (record.failures, None)


def test_backoff_does_not_keep_a_claim_out(store: LeaseStore, clock: Clock) -> None:
    """Waiting is the scheduler's rule; a person may claim earlier."""
    store.release(claim(store), not_before=clock.now + timedelta(days=1))
    assert claim(store).key == "12"


def test_releasing_twice_changes_nothing(store: LeaseStore, clock: Clock) -> None:
    """The second release of one lease adds no second failure."""
    lease = claim(store)
    store.release(lease, failure=failed(lease, clock))
    before = store.records()
    store.release(lease, failure=failed(lease, clock), not_before=clock.now)
    assert store.records() == before


def test_a_late_release_of_a_stale_lease_changes_nothing(store: LeaseStore, clock: Clock) -> None:
    """Neither the lease of whoever came after nor its record, even under the same name."""
    stale = claim(store)
    clock.advance(TTL)
    claim(store)
    before = store.records()
    store.release(stale, failure=failed(stale, clock), not_before=clock.now)
    assert store.records() == before
    assert store.acquire("12", "b", TTL) is None


def test_releasing_what_was_never_given_leaves_no_trace(store: LeaseStore) -> None:
    """A release of an unknown key makes no record."""
    store.release(replace(claim(store), key="99"))
    assert set(store.records()) == {"12"}


def test_held_record_and_records_tell_the_same(store: LeaseStore, clock: Clock) -> None:
    """Three views of one state, for keys of any shape."""
    keys = ["12", "a/b#3", "land:main", "ein Schlüssel", "A" * 200, "..", ""]
    leases = {key: claim(store, key) for key in keys}
    store.release(leases.pop("12"))
    records = store.records()
    assert set(records) == set(keys)
    assert {lease.key: lease for lease in store.held()} == leases
    assert all(store.record(key) == record for key, record in records.items())
    assert store.record("unknown") is None


class YieldingClock(Clock):
    """Lets the other threads run in the middle of every decision."""

    def __call__(self) -> datetime:
        time.sleep(0)
        return super().__call__()


def test_of_many_threads_one_wins_each_key(make: Make, tmp_path: Path) -> None:
    """Eight threads after the same twenty keys: every key goes to exactly one."""
    store, barrier = make(tmp_path, YieldingClock()), Barrier(8)

    def grab(holder: str) -> list[str]:
        barrier.wait()
        return [str(key) for key in range(20) if store.acquire(str(key), holder, TTL)]

    with ThreadPoolExecutor(8) as pool:
        grants = [key for keys in pool.map(grab, "abcdefgh") for key in keys]
    assert sorted(grants, key=int) == [str(key) for key in range(20)]


def test_the_contract_holds_over_random_histories(make: Make) -> None:
    """Any order of claims, renewals, releases by any handle ever given, and passing time."""
    check(make, examples=40)
