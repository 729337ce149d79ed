"""How long to wait before a service is asked again, and whether to ask it at all.

Nothing here reads a clock or rolls dice: `now` and `chance` (from 0 to below 1) are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from .frozen import dataclass, replace

_LONGEST = timedelta(days=366)
"""No limit is longer; what a header says beyond it is a mistake of whoever wrote it."""
_LATE = 0.1
"""Up to this part of a wait is added to it, so that not all come back in the same moment."""
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_LEFT = ("x-ratelimit-remaining", "ratelimit-remaining")


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the service allows the next request, by the headers of an answer that came at `now`.

    `Retry-After` first, in seconds or as a date; else, once nothing is left of the rate limit,
    its reset time. None where the headers do not say, and where they cannot be understood.
    Dates are compared with the answer's own `Date`: a wrong clock on this side does no harm.
    """
    told = {name.lower(): text.strip() for name, text in headers.items()}
    theirs = _date(told.get("date", "")) or now
    if wait := _retry_after(told.get("retry-after", ""), theirs):
        return now + wait
    if not is_used_up(headers):
        return None
    wait = next((_until_epoch(told[name], theirs) for name in _RESETS if name in told), None)
    return now + wait if wait else None


def is_used_up(headers: Mapping[str, str]) -> bool:
    """Whether the headers say that nothing is left of the rate limit."""
    return any(name.lower() in _LEFT and text.strip() == "0" for name, text in headers.items())


def not_before(until: datetime, *, now: datetime, chance: float) -> timedelta:
    """How long to wait until `until`, and up to a tenth longer; never less."""
    wait = max(until - now, timedelta())
    return wait + _LATE * chance * wait


def backoff(
    previous: timedelta | None, *, chance: float, first: timedelta, longest: timedelta
) -> timedelta:
    """The next wait by decorrelated jitter: between `first` and three times the `previous` wait
    of the same call (None before the first one), at most `longest`."""
    most = 3 * (previous if previous is not None else first)
    return min(longest, first + chance * max(most - first, timedelta()))


@dataclass(frozen=True, kw_only=True)
class RetryBudget:
    """What all callers of one service may repeat together: each call earns a tenth of a retry.

    So a total outage costs the service at most a tenth more requests, and the float on top,
    however patient each caller is. To be shared by all callers in a process.
    """

    left: float = 5.0

    def called(self) -> RetryBudget:
        """After a first request, whatever came of it."""
        return replace(self, left=min(self.left + _EARNED, _FLOAT))

    def spend(self) -> RetryBudget | None:
        """The budget after one retry; None when there must be none now."""
        return replace(self, left=self.left - 1) if self.left >= 1 else None


_EARNED = 0.1
_FLOAT = 5.0


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """Stops asking a service that does not answer. After the pause one probe goes through, and
    only when that has worked do the others follow.

    A probe of which nothing is heard counts as lost after another pause.
    """

    failures: int = 0
    shut_until: datetime | None = None

    def ask(self, now: datetime) -> Breaker | None:
        """The breaker after a request that may be sent now; None when it must not be sent."""
        if self.shut_until is None:
            return self
        return replace(self, shut_until=now + _PAUSE) if now >= self.shut_until else None

    def worked(self) -> Breaker:
        """After an answer, also one that refuses: the service is there."""
        return Breaker()

    def failed(self, now: datetime) -> Breaker:
        """After no answer, or one that says that the service is in trouble."""
        failures = self.failures + 1
        return Breaker(
            failures=failures, shut_until=now + _PAUSE if failures >= _FAILURES else None
        )


_FAILURES = 5
_PAUSE = timedelta(seconds=15)


def _retry_after(text: str, theirs: datetime) -> timedelta | None:
    if _is_number(text):
        return _sane(float(text))
    at = _date(text)
    return _sane((at - theirs).total_seconds()) if at else None


def _until_epoch(text: str, theirs: datetime) -> timedelta | None:
    """Of a moment in seconds since 1970."""
    return _sane(float(text) - theirs.timestamp()) if _is_number(text) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _sane(seconds: float) -> timedelta | None:
    """None for what has passed already."""
    return timedelta(seconds=min(seconds, _LONGEST.total_seconds())) if seconds > 0 else None


def _date(text: str) -> datetime | None:
    """A date of HTTP, in any of its three forms."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # slow to import, seldom needed

    try:
        at = parsedate_to_datetime(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
