"""Lease records as text: everything comes back, nothing else is taken for a record."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.lease import Failure, Lease, Process, Record
from framework.leases.text import decode, encode

MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
EPOCHS = st.integers(min_value=1, max_value=2**53)
PROCESSES = st.builds(
    Process,
    host=st.text(),
    boot=st.text(),
    pid=st.integers(min_value=1),
    started=st.floats(min_value=0, allow_infinity=False),
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    key, epoch = draw(st.text()), draw(EPOCHS)
    lease = st.builds(
        Lease,
        key=st.just(key),
        epoch=st.just(epoch),
        holder=st.text(),
        expires_at=MOMENTS,
        process=st.none() | PROCESSES,
    )
    failure = st.builds(Failure, at=MOMENTS, epoch=EPOCHS, reason=st.text())
    return Record(
        key=key,
        epoch=epoch,
        lease=draw(st.none() | lease),
        failures=tuple(draw(st.lists(failure, max_size=3))),
        not_before=draw(st.none() | MOMENTS),
    )


@given(record=records())
def test_every_record_comes_back(record: Record) -> None:
    """Any text in any field, leased or released."""
    assert decode(encode(record)) == record


def test_times_are_written_in_utc() -> None:
    """Whatever zone a time was given in."""
    there = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    shape = json.loads(encode(Record(key="12", epoch=1, not_before=there)))
    assert shape["not_before"] == "2026-03-29T00:30:00+00:00"


@given(record=records(), data=st.data())
def test_a_cut_record_is_refused(record: Record, data: st.DataObject) -> None:
    """No beginning of a record can be read as a whole one."""
    text = encode(record).rstrip()
    with pytest.raises(ValueError, match=r"."):
        decode(text[: data.draw(st.integers(0, len(text) - 1))])


WHOLE = {
    "key": "12",
    "epoch": 3,
    "holder": "a",
    "expires_at": "2026-01-05T22:00:00+00:00",
    "process": None,
    "failures": [],
    "not_before": None,
}
WRONG: dict[str, object] = {
    "key": None,
    "epoch": 0,
    "holder": 7,
    "expires_at": "2026-01-05T22:00:00",
    "process": {"host": "h", "boot": "b", "pid": "1", "started": 1.0},
    "failures": [{"at": "2026-01-05T22:00:00+00:00", "epoch": 1}],
    "not_before": "tomorrow",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_missing_or_wrong_field_is_refused(name: str) -> None:
    """Each field alone is enough, and the error names it or its value."""
    decode(json.dumps(WHOLE).encode())
    without = {key: value for key, value in WHOLE.items() if key != name}
    for shape in (without, {**WHOLE, name: WRONG[name]}):
        with pytest.raises(ValueError, match=r"is|has|Invalid"):
            decode(json.dumps(shape).encode())


@pytest.mark.parametrize("text", [b"", b"\0" * 300, b"[]", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_record_is_refused(text: bytes) -> None:
    """What crashes and careless hands leave behind."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)
