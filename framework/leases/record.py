"""The rules of leases: what a record becomes when it is claimed, renewed, released.

Pure but for the question whether a process lives. Every backend keeps records in its own way and
applies these rules in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache

from ..domain.errors import EpochsGone, LeaseLost
from ..domain.frozen import replace
from ..domain.lease import Failure, Lease, Process, Record
from .process import is_alive


def live(
    record: Record | None, now: datetime, alive: Callable[[Process], bool] = is_alive
) -> Lease | None:
    """The record's lease, if it has not expired and its process is not known to be dead."""
    lease = record.lease if record is not None else None
    if lease is None or lease.is_over(now):
        return None
    return lease if lease.process is None or alive(lease.process) else None


def seen(record: Record, now: datetime, alive: Callable[[Process], bool] = is_alive) -> Record:
    """The record as the door shows it: with a live lease or none."""
    lease = live(record, now, alive)
    return record if lease is record.lease else replace(record, lease=lease)


def all_seen(records: Iterable[Record], now: datetime) -> dict[str, Record]:
    """The records as the door shows them, by key. A run holds many leases: whether its process
    lives is asked once in one look."""
    alive = cache(is_alive)
    return {record.key: seen(record, now, alive) for record in records}


def next_epoch(key: str, *, record: Record | None, mark: int | None, floor: int, place: str) -> int:
    """Above every epoch that `key` ever had.

    A record remembers its own; without one, `mark` is the highest that was given to any key,
    None when that is not known any more. `floor` is what the hub remembers of `key`, 0 for
    nothing, and `place` where a person looks. Raises EpochsGone when nothing remembers.
    """
    if record is not None:
        return 1 + max(record.epoch, floor)
    if mark is not None:
        return 1 + max(mark, floor)
    if floor:
        return 1 + floor
    raise EpochsGone(
        f"{key} cannot be claimed: its lease record, the high-water mark in {place} and the hub's "
        "epoch refs are all gone, although this project was worked on before, so a stale session "
        f"could land. {_way_back(place)}"
    )


def mark_gone(place: str) -> str:
    """What a person has to do where the high-water mark is gone from a store that was used."""
    return f"{place} is gone, so nobody can claim what has no record. {_way_back(place)}"


def _way_back(place: str) -> str:
    return (
        "Restore the directory from a backup; or, when you know that no earlier session is at "
        f"work any more, write a number above every epoch used so far into {place} (1000000 will "
        "do)."
    )


def claimed(record: Record | None, lease: Lease) -> Record:
    """A new attempt begins: the backoff is over, the failures stay."""
    if record is None:
        return Record(key=lease.key, epoch=lease.epoch, lease=lease)
    return replace(record, epoch=lease.epoch, lease=lease, not_before=None)


def renewed(record: Record | None, lease: Lease, until: datetime) -> tuple[Record, Lease]:
    """The record and its lease with the later expiry. Raises LeaseLost."""
    if record is None or record.lease is None or not _is_same(record.lease, lease):
        raise LeaseLost(
            f"The lease on {lease.key} with epoch {lease.epoch} has ended or somebody else holds "
            "it by now: stop this attempt, its work cannot land."
        )
    kept = replace(record.lease, expires_at=max(until, record.lease.expires_at))
    return replace(record, lease=kept), kept


def released(
    record: Record | None, lease: Lease, failure: Failure | None, not_before: datetime | None
) -> Record | None:
    """The record without the lease, with what is to be remembered; None: nothing changes."""
    if record is None or record.lease is None or not _is_same(record.lease, lease):
        return None
    failures = record.failures if failure is None else (*record.failures, failure)
    return replace(record, lease=None, failures=failures, not_before=not_before)


def _is_same(one: Lease, other: Lease) -> bool:
    return (one.key, one.holder, one.epoch) == (other.key, other.holder, other.epoch)
