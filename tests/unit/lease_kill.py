"""Kills writers of leases: `python -m tests.unit.lease_kill DIRECTORY STORE KILLS`.

Forks one writer after the other, each claiming, renewing and releasing its own key in a tight
loop, and kills it at a random moment. Prints how many records came out of it damaged: not to be
read, or with an epoch that the high-water mark does not cover. It takes no part in pytest, so
that it can fork safely.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from framework.domain.errors import LeaseCorrupt
from framework.domain.lease import Failure, Record
from framework.leases.base import LeaseStore
from framework.leases.file import FileLeases
from framework.leases.highwater import MARK, read_mark
from framework.leases.sqlite import SqliteLeases
from tests.unit.lease_bugs import MarksLate, TornWrites

STORES: dict[str, Callable[[Path], LeaseStore]] = {
    one.__name__: one for one in (FileLeases, SqliteLeases, TornWrites, MarksLate)
}
TTL = timedelta(hours=1)
FAILURES = 100


def write_for_ever(leases: LeaseStore, key: str, started: int) -> None:
    lease = leases.acquire(key, "writer", TTL)
    assert lease is not None
    os.write(started, b".")
    while lease is not None:
        leases.release(leases.renew(lease, TTL))
        lease = leases.acquire(key, "writer", TTL)


def kill_one(opened: Callable[[], LeaseStore], key: str) -> None:
    listening, started = os.pipe()
    child = os.fork()
    if child == 0:
        write_for_ever(opened(), key, started)
    os.read(listening, 1)
    time.sleep(random.uniform(0, 0.008))  # the moment of death
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(listening)
    os.close(started)


def fill(leases: LeaseStore, key: str) -> None:
    """Give the record something to lose, and a long text to be cut in."""
    lease = leases.acquire(key, "before", TTL)
    assert lease is not None
    leases.release(lease)
    record = leases.record(key)
    assert record is not None
    failures = tuple(
        Failure(at=datetime.now(UTC), epoch=number, reason="a check failed " * 5)
        for number in range(1, FAILURES + 1)
    )
    save(leases, replace(record, failures=failures))


def save(leases: LeaseStore, record: Record) -> None:
    if isinstance(leases, SqliteLeases):
        with leases._database.writing() as rows:
            leases._save(rows, record)
    else:
        leases._save(record, lasting=True)


def mark(leases: LeaseStore) -> int | None:
    if isinstance(leases, SqliteLeases):
        return leases._database.rows("SELECT epoch FROM mark")[0][0]
    return read_mark(leases._directory / MARK)


def is_whole(leases: LeaseStore, key: str) -> bool:
    try:
        record = leases.record(key)
    except LeaseCorrupt:
        assert leases.unreadable()
        return False
    assert record is not None
    assert len(record.failures) == FAILURES
    highest = mark(leases)
    return highest is not None and highest >= record.epoch


def main(directory: str, store: str, kills: str) -> None:
    damaged = 0
    for key in map(str, range(int(kills))):
        leases = STORES[store](Path(directory))
        fill(leases, key)
        leases.close()  # a connection must not be on both sides of a fork
        kill_one(lambda: STORES[store](Path(directory)), key)
        damaged += not is_whole(leases, key)
        leases.close()
    sys.stdout.write(str(damaged))


if __name__ == "__main__":
    main(*sys.argv[1:])
