"""Spans of time as people type them: `>7d`, `2026-01-31`, `2026-01-01..2026-02-01`.

A duration is an age: `>7d` is what is older than seven days. A date is a whole day, UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .duration import parse_duration, told
from .errors import QueryError, UsageError
from .frozen import dataclass, replace

_UNITS = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
_SIGNS = (">=", "<=", ">", "<")
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
"""What is older is earlier."""
_OF_AGE = {
    ">": "older than {}",
    ">=": "{} old or older",
    "<": "younger than {}",
    "<=": "{} old or younger",
}


@dataclass(frozen=True, kw_only=True)
class Span:
    """From `since` on and before `until`; None is no bound. `told` is the span in words."""

    since: datetime | None = None
    until: datetime | None = None
    told: str


@dataclass(frozen=True, kw_only=True)
class _Time:
    """A time that was typed: its first moment, the first one after it, and it in words.

    `age` is empty for a date or a timestamp.
    """

    first: datetime
    after: datetime
    told: str
    age: str = ""


def read_span(text: str, *, column: int, now: datetime) -> Span:
    """The span that `text` means at `now`, which is UTC.

    Either a sign (`>`, `>=`, `<`, `<=`) and an age, date or timestamp; or two of these with `..`
    between, both included, one of them `*` for no bound; or a date or timestamp alone.
    Raises QueryError with a column in the text that begins at `column`.
    """
    first, dots, last = text.partition("..")
    if not dots:
        sign = next((one for one in _SIGNS if text.startswith(one)), "")
        return _signed(sign, _time(text.removeprefix(sign), column + len(sign), now), column)
    if last == "*":
        return _signed(">=", _time(first, column, now), column)
    until = _time(last, column + len(first) + 2, now)
    if first == "*":
        return _signed("<=", until, column)
    return _between(_time(first, column, now), until, column)


def _signed(sign: str, time: _Time, column: int) -> Span:
    if time.age and not sign:
        raise QueryError(
            "An age needs a direction. Write >7d for older or <7d for younger.", column
        )
    aged = f" ({_OF_AGE[sign].format(time.age)})" if time.age else ""
    match _MIRRORED[sign] if time.age else sign:
        case ">":
            return Span(since=time.after, told=f"after {time.told}{aged}")
        case ">=":
            return Span(since=time.first, told=f"since {time.told}{aged}")
        case "<":
            return Span(until=time.first, told=f"before {time.told}{aged}")
        case "<=":
            return Span(until=time.after, told=f"until {time.told}{aged}")
        case _:
            by = "at" if " " in time.told else "on"
            return Span(since=time.first, until=time.after, told=f"{by} {time.told}")


def _between(first: _Time, last: _Time, column: int) -> Span:
    since, until, aged = first, last, ""
    if first.age and last.age:
        since, until, aged = last, first, f" ({first.age} to {last.age} old)"
    if since.first >= until.after:
        raise QueryError("The span ends before it begins. Write the two ends in order.", column)
    told = f"from {since.told} to {until.told}{aged}"
    return Span(since=since.first, until=until.after, told=told)


def _time(text: str, column: int, now: datetime) -> _Time:
    try:
        if text[-1:].isalpha() and text[-1:] not in "zZ":
            return _age(parse_duration(text), now)
        if text[4:5] != "-" or text[7:8] != "-":
            raise ValueError("neither a week nor a number of seconds is meant")
        return _day(text) if len(text) == len("2026-01-31") else _moment(text)
    except (UsageError, ValueError, OverflowError) as error:
        raise QueryError(
            f"{text[:40]!r} is no time. Write an age with a sign, such as >7d or <24h, or a date "
            "such as 2026-01-31, >=2026-01-31 or 2026-01-01..2026-01-31.",
            column,
        ) from error


def _age(age: timedelta, now: datetime) -> _Time:
    parts = [_spelled(one) for one in told(age).split()]
    return replace(_instant(now - age), age=" ".join(parts))


def _day(text: str) -> _Time:
    first = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return _Time(first=first, after=first + timedelta(days=1), told=text)


def _moment(text: str) -> _Time:
    at = datetime.fromisoformat(text)
    return _instant(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))


def _instant(at: datetime) -> _Time:
    exact = at.replace(tzinfo=None).isoformat(" ", "seconds").removesuffix(":00")
    return _Time(first=at, after=at + datetime.resolution, told=f"{exact} UTC")


def _spelled(part: str) -> str:
    count, unit = part[:-1], _UNITS[part[-1]]
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"
