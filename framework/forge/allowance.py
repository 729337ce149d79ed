"""The limits of one account on one server, as arithmetic: what was spent, what GitHub said.

Pure: `now` is an argument, and each change gives a new value. Times are whole milliseconds since
1970 inside. Windows are a second longer than GitHub's, because requests need different times to
get there. A clock that was set back makes nobody wait longer than one window.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..domain.frozen import dataclass, replace
from ..domain.waiting import retry_at
from .cost import GRAPHQL, Ask

MINUTE = 61_000
HOUR = 3_601_000
SPACING = 1_000
"""Milliseconds between two writes."""
REST_POINTS = 900
GRAPHQL_POINTS = 2_000
CONTENT_A_MINUTE = 80
CONTENT_AN_HOUR = 500
RESERVE = 10
"""Percent of a primary limit that are left to the people who use the account."""
_FIRST = 60_000
_LONGEST = 900_000

Log = tuple[tuple[int, int], ...]
"""When, and how much, in the order of time."""
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class Primary:
    """What GitHub said at `said` of one of the hourly limits, in this machine's time."""

    limit: int
    left: int
    said: int
    resets: int

    def wait(self, now: int) -> int:
        kept = self.limit * RESERVE // 100
        return max(_end(self.said, self.resets, now) - now, 0) if self.left <= kept else 0


@dataclass(frozen=True, kw_only=True)
class Shut:
    """From `since` to `until` nothing may be asked. `strikes`: how often in a row GitHub said so
    without saying for how long."""

    since: int = 0
    until: int = 0
    strikes: int = 0

    def wait(self, now: int) -> int:
        return max(_end(self.since, self.until, now) - now, 0)


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Of REST and GraphQL together. `points` and `primary` go by their names."""

    points: Mapping[str, Log] = _NOTHING
    content: Log = ()
    wrote: int = 0
    primary: Mapping[str, Primary] = _NOTHING
    shut: Shut = Shut()

    def before(self, ask: Ask, now: datetime) -> timedelta:
        """How long to wait before `ask` may be sent, if nothing else is sent meanwhile: never
        more than is needed, zero for at once."""
        at = _milliseconds(now)
        log = self.points.get(_api(ask), ())
        waits = [
            self.shut.wait(at),
            _wait(log, ask.points, _most(ask), MINUTE, at),
            _wait(self.content, ask.content, CONTENT_A_MINUTE, MINUTE, at),
            _wait(self.content, ask.content, CONTENT_AN_HOUR, HOUR, at),
        ]
        if ask.write and self.wrote:
            waits.append(min(self.wrote, at) + SPACING - at)
        if known := self.primary.get(ask.resource):
            waits.append(known.wait(at))
        return timedelta(milliseconds=max(0, *waits))

    def sent(self, ask: Ask, now: datetime) -> Allowance:
        """After `ask` was sent, or is about to be."""
        at = _milliseconds(now)
        log = _with(self.points.get(_api(ask), ()), ask.points, MINUTE, at)
        primary = dict(self.primary)
        if known := primary.get(ask.resource):
            primary[ask.resource] = replace(known, left=max(known.left - 1, 0))
        return replace(
            self,
            points={**self.points, _api(ask): log},
            content=_with(self.content, ask.content, HOUR, at),
            wrote=at if ask.write else self.wrote,
            primary=primary,
        )

    def heard(
        self, ask: Ask, headers: Mapping[str, str], now: datetime, *, limited: bool
    ) -> Allowance:
        """After an answer to `ask`, with header names in lower case. `limited`: it said that a
        limit is reached, with whatever status; then `before` the same ask is never zero."""
        at = _milliseconds(now)
        told = self._told(ask, headers, now)
        if limited:
            known = told.primary.get(ask.resource)
            is_primary = known is not None and known.wait(at) > 0 and "retry-after" not in headers
            # A primary limit has its own reset time, and the others go on.
            return told if is_primary else replace(told, shut=_struck(self.shut, headers, now))
        if ask.write and not self.shut.wait(at):
            return replace(told, shut=Shut())
        return told

    def _told(self, ask: Ask, headers: Mapping[str, str], now: datetime) -> Allowance:
        limit, left = (_number(headers.get(f"x-ratelimit-{one}")) for one in ("limit", "remaining"))
        # The same reading of the reset time as for a limit that is reached, by the server's clock.
        resets = retry_at({**_dated(headers), "x-ratelimit-remaining": "0"}, now)
        if limit is None or left is None or resets is None:
            return self
        name = headers.get("x-ratelimit-resource", "") or ask.resource
        known = Primary(
            limit=limit, left=left, said=_milliseconds(now), resets=_milliseconds(resets) + 1
        )
        return replace(self, primary={**self.primary, name: known})


def _struck(shut: Shut, headers: Mapping[str, str], now: datetime) -> Shut:
    """After an answer that said that a limit is reached."""
    at, told = _milliseconds(now), retry_at(headers, now)
    running = shut.wait(at)
    if told is None:
        if running:  # several were on their way when it was said first: that is one strike
            return shut
        strikes = shut.strikes + 1 if at < shut.until + HOUR else 1
        pause = min(_FIRST << min(strikes - 1, 10), _LONGEST)
        return Shut(since=at, until=at + pause, strikes=strikes)
    until = max(_milliseconds(told) + 1, at + running)
    return replace(shut, since=at, until=until)


def _wait(log: Log, amount: int, most: int, window: int, now: int) -> int:
    """How long until `amount` more fits into what any `window` may hold."""
    if not amount:
        return 0
    live = [(min(at, now), spent) for at, spent in log if min(at, now) > now - window]
    total = sum(spent for _, spent in live) + min(amount, most)
    wait = 0
    for at, spent in live:
        if total <= most:
            break
        total -= spent
        wait = at + window - now
    return wait


def _with(log: Log, amount: int, window: int, now: int) -> Log:
    kept = tuple((min(at, now), spent) for at, spent in log if min(at, now) > now - window)
    if not amount:
        return kept
    if kept and kept[-1][0] == now:
        return (*kept[:-1], (now, kept[-1][1] + amount))
    return (*kept, (now, amount))


def _end(since: int, until: int, now: int) -> int:
    """`until`, or as long from now as it was then where the clock was set back."""
    return until if now >= since else now + until - since


def _api(ask: Ask) -> str:
    return GRAPHQL if ask.resource == GRAPHQL else "rest"


def _most(ask: Ask) -> int:
    return GRAPHQL_POINTS if ask.resource == GRAPHQL else REST_POINTS


def _dated(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("date", "x-ratelimit-reset") if name in headers}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
