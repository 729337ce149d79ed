"""Durations: what people type, and how it is told back."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework.domain.duration import parse_duration, told
from framework.domain.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        (" 90s ", timedelta(seconds=90)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(days=7)),
        ("1w2d3h4m5s", timedelta(days=9, hours=3, minutes=4, seconds=5)),
        ("1H30M", timedelta(minutes=90)),
        ("0s", timedelta()),
        ("007m", timedelta(minutes=7)),
    ],
)
def test_what_people_type_is_read(text: str, expected: timedelta) -> None:
    """Every documented spelling has its one meaning."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "30",
        "m",
        "-30m",
        "+30m",
        "1.5h",
        "30 m",
        "1h1h",
        "30m1h",
        "3mo",
        "1y",
        "1h,30m",
        "٣m",
        "²m",
        "9" * 30 + "s",
        "999999999w",
        "1h\x00",
        "½h",
        "m30",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """What cannot be read is a usage error that shows what can."""
    with pytest.raises(UsageError, match="such as 30m, 1h30m or 2d"):
        parse_duration(text)


@given(st.text(max_size=30) | st.text(alphabet="0129wdhms -", max_size=12))
def test_any_text_is_a_duration_or_a_usage_error(text: str) -> None:
    """No text raises anything but UsageError, and no duration is below zero."""
    with contextlib.suppress(UsageError):
        assert parse_duration(text) >= timedelta()


@given(st.integers(min_value=0, max_value=10**9))
@example(0)
def test_what_is_told_is_read_back(seconds: int) -> None:
    """Telling and reading are inverse for whole seconds."""
    duration = timedelta(seconds=seconds)
    assert parse_duration(told(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(minutes=90), "1h 30m"),
        (timedelta(days=9, seconds=1), "9d 1s"),
        (timedelta(milliseconds=1999), "1s"),
        (timedelta(milliseconds=-1999), "-1s"),
        (timedelta(milliseconds=-1), "0s"),
        (timedelta(minutes=-5), "-5m"),
    ],
)
def test_durations_are_told_in_whole_seconds(duration: timedelta, expected: str) -> None:
    """Fractions are dropped towards zero, and what is past has a minus."""
    assert told(duration) == expected
