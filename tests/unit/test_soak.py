"""What the soak makes of its samples."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.soak import Sample, slope, warm


def _samples(minutes: int, megabytes: Callable[[float], float]) -> list[Sample]:
    return [
        Sample(at=at, resident=int(megabytes(at / 60) * 2**20), descriptors=20, worked=0)
        for at in map(float, range(0, minutes * 60 + 1, 5))
    ]


def test_five_minutes_of_warm_up_are_no_leak() -> None:
    """A process that grows by 10 MB in its first five minutes, and then no more, rises by none."""
    samples = _samples(60, lambda minute: 40 + 2 * min(minute, 5))
    assert slope(warm(samples)) == pytest.approx(0, abs=1e-6)
    assert slope(samples) > 1


def test_a_leak_is_seen_after_the_warm_up() -> None:
    """What rises by 3 MB an hour all the time is told as that."""
    assert slope(warm(_samples(60, lambda minute: 40 + minute / 20))) == pytest.approx(3, abs=0.01)


def test_a_short_soak_warms_up_for_a_quarter() -> None:
    """Of eight minutes, six are fitted."""
    samples = _samples(8, lambda minute: 40)
    assert warm(samples)[0].at == 120
