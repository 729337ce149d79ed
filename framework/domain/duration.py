"""Lengths of time as people type them: `30m`, `1h30m`, `2d`."""

from __future__ import annotations

from datetime import timedelta

from .errors import UsageError

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MOST_DIGITS = 9


def parse_duration(text: str) -> timedelta:
    """`90s`, `30m`, `1h30m`, `2d` or `1w`: whole numbers with a unit, the largest unit first,
    each at most once, spaces between them allowed. A month is no unit: its length varies.

    `0s` is a duration; whoever needs a longer one says so. Raises UsageError.
    """
    number, seconds, units = "", 0, list(_SECONDS)
    for sign in text.strip().lower():
        if sign.isascii() and sign.isdigit() and len(number) < _MOST_DIGITS:
            number += sign
        elif number and sign in units:
            seconds += int(number) * _SECONDS[sign]
            number, units = "", units[units.index(sign) + 1 :]
        elif number or not sign.isspace():
            raise _refused(text)
    if number or len(units) == len(_SECONDS):
        raise _refused(text)
    return _timedelta(seconds, text)


def told(duration: timedelta) -> str:
    """The whole seconds of a duration, as `1h 30m`; `parse_duration` reads it back.

    Days are the largest unit, no time at all is `0s`, and what is below zero has a minus,
    which `parse_duration` refuses.
    """
    seconds = int(duration.total_seconds())
    sign, rest, parts = "-" if seconds < 0 else "", abs(seconds), []
    for unit in "dhms":
        count, rest = divmod(rest, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return sign + (" ".join(parts) or "0s")


def _timedelta(seconds: int, text: str) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except OverflowError as error:
        raise _refused(text) from error


def _refused(text: str) -> UsageError:
    return UsageError(
        f"{text[:40]!r} is not a duration. "
        "Write numbers with the units w, d, h, m or s, such as 30m, 1h30m or 2d."
    )
