"""Kills writers of leases: `python -m tests.unit.lease_kill DIRECTORY STORE KILLS`.

Forks one writer after the other, each claiming, renewing and releasing its own key in a tight
loop, and kills it at a random moment. Prints how many records cannot be read; a record that can
be read but has lost something is an error. It takes no part in pytest, so that it can fork safely.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from framework.domain.errors import LeaseCorrupt
from framework.domain.lease import Failure
from framework.leases.file import FileLeases
from tests.unit.lease_bugs import TornWrites

STORES = {"FileLeases": FileLeases, "TornWrites": TornWrites}
TTL = timedelta(hours=1)
FAILURES = 100


def write_for_ever(leases: FileLeases, key: str, started: int) -> None:
    lease = leases.acquire(key, "writer", TTL)
    assert lease is not None
    os.write(started, b".")
    while lease is not None:
        leases.release(leases.renew(lease, TTL))
        lease = leases.acquire(key, "writer", TTL)


def kill_one(leases: FileLeases, key: str) -> None:
    listening, started = os.pipe()
    child = os.fork()
    if child == 0:
        write_for_ever(leases, key, started)
    os.read(listening, 1)
    time.sleep(random.uniform(0, 0.008))  # the moment of death
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(listening)
    os.close(started)


def fill(leases: FileLeases, key: str) -> None:
    """Give the record something to lose."""
    lease = leases.acquire(key, "before", TTL)
    assert lease is not None
    failures = tuple(
        Failure(at=datetime.now(UTC), epoch=number, reason="a check failed " * 5)
        for number in range(1, FAILURES + 1)
    )
    leases.release(lease, failure=failures[0])
    record = leases.record(key)
    assert record is not None
    leases._save(type(record)(key=key, epoch=record.epoch, failures=failures))


def is_readable(leases: FileLeases, key: str) -> bool:
    try:
        record = leases.record(key)
    except LeaseCorrupt:
        return False
    mark = leases._mark.read()
    assert record is not None
    assert len(record.failures) == FAILURES
    assert mark is not None
    assert mark >= record.epoch
    return True


def main(directory: str, store: str, kills: str) -> None:
    leases = STORES[store](Path(directory))
    keys = [str(number) for number in range(int(kills))]
    for key in keys:
        fill(leases, key)
        kill_one(leases, key)
    damaged = sum(not is_readable(leases, key) for key in keys)
    assert damaged == len(leases.unreadable())
    sys.stdout.write(str(damaged))


if __name__ == "__main__":
    main(*sys.argv[1:])
