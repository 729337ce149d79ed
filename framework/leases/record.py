"""The rules of leases: what a record becomes when it is claimed, renewed, released.

Pure but for the question whether a process lives. Every backend keeps records in its own way and
applies these rules in one step.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ..domain.errors import LeaseLost
from ..domain.lease import Failure, Lease, Record
from .process import is_alive


def utcnow() -> datetime:
    return datetime.now(UTC)


def live(record: Record | None, now: datetime) -> Lease | None:
    """The record's lease, if it has not expired and its process is not known to be dead."""
    lease = record.lease if record is not None else None
    if lease is None or lease.is_over(now):
        return None
    return lease if lease.process is None or is_alive(lease.process) else None


def seen(record: Record, now: datetime) -> Record:
    """The record as the door shows it: with a live lease or none."""
    return replace(record, lease=live(record, now))


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
