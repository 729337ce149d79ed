"""Lease records as JSON text. Decoding is strict: a record of a wrong shape is no record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from ..domain.lease import Failure, Lease, Process, Record

T = TypeVar("T")


def encode(record: Record) -> bytes:
    lease = record.lease
    shape = {
        "key": record.key,
        "epoch": record.epoch,
        "holder": lease.holder if lease else None,
        "expires_at": _iso(lease.expires_at) if lease else None,
        "process": _shape(lease.process) if lease and lease.process else None,
        "failures": [{**vars(failure), "at": _iso(failure.at)} for failure in record.failures],
        "not_before": _iso(record.not_before) if record.not_before else None,
    }
    return (json.dumps(shape, indent=1) + "\n").encode()


def decode(text: bytes | str) -> Record:
    """Raises ValueError saying what is wrong."""
    try:
        shape = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(shape, dict):
        raise ValueError("not an object")
    key, epoch = _field(shape, "key", str), _epoch(shape)
    return Record(
        key=key,
        epoch=epoch,
        lease=_lease(shape, key, epoch),
        failures=tuple(_failure(one) for one in _field(shape, "failures", list)),
        not_before=_moment(shape, "not_before") if _given(shape, "not_before") else None,
    )


def _lease(shape: dict[str, Any], key: str, epoch: int) -> Lease | None:
    if not _given(shape, "holder"):
        return None
    return Lease(
        key=key,
        holder=_field(shape, "holder", str),
        epoch=epoch,
        expires_at=_moment(shape, "expires_at"),
        process=_process(shape["process"]) if _given(shape, "process") else None,
    )


def _shape(process: Process) -> dict[str, Any]:
    return {**vars(process), "started": float(process.started)}


def _process(shape: object) -> Process:
    return Process(
        host=_field(shape, "host", str),
        boot=_field(shape, "boot", str),
        pid=_field(shape, "pid", int),
        started=_field(shape, "started", float),
    )


def _failure(shape: object) -> Failure:
    way = shape.get("way", "") if isinstance(shape, dict) else ""
    return Failure(
        at=_moment(shape, "at"),
        epoch=_epoch(shape),
        reason=_field(shape, "reason", str),
        way=way if isinstance(way, str) else "",
    )


def _epoch(shape: object) -> int:
    epoch = _field(shape, "epoch", int)
    if epoch < 1:
        raise ValueError(f"epoch is {epoch}")
    return epoch


def _moment(shape: object, name: str) -> datetime:
    moment = datetime.fromisoformat(_field(shape, name, str))
    if moment.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return moment


def _given(shape: dict[str, Any], name: str) -> bool:
    """Whether an optional field has a value. Its absence is not the same as null."""
    if name not in shape:
        raise ValueError(f"{name} is missing")
    return shape[name] is not None


def _field(shape: object, name: str, kind: type[T]) -> T:
    value = shape.get(name) if isinstance(shape, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is missing or not of type {kind.__name__}")
    return value


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
