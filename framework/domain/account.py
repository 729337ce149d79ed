"""Accounts: what is known of each token of the pool, and which one the next session gets.

An account is healthy, warm (little is left of a window), parked until a time, or bad until a
person acts. All is folded from facts that name the account they are about: three sessions that
meet the same limit say it three times of one account, and so one account is parked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from .trouble import Backoff

WARM = 0.9
"""The used part of a window from which other accounts are preferred."""
RAMP_STEP = timedelta(seconds=5)
"""Into an account that has not proved itself one session is let, after a step two in all, then
four, and so on, until one of them has worked."""
LOOK = timedelta(seconds=1)
"""Nobody looks for an account more often while there is none."""
_STEPS = 10


class Condition(Enum):
    HEALTHY = "healthy"
    WARM = "warm"
    PARKED = "parked"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window of a subscription, such as `five_hour`. `used` is from 0 to 1, `warned` what the
    service says itself; both are void from `resets_at` on."""

    used: float
    resets_at: datetime | None = None
    warned: bool = False

    def is_over(self, now: datetime) -> bool:
        return self.resets_at is not None and now >= self.resets_at


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """An account to be tried with care. `since` is when the first session was let in, None
    before that; `let_in` is how many were."""

    since: datetime | None = None
    let_in: int = 0

    def next(self, now: datetime) -> datetime:
        """When the next session may come in; `now` or earlier when it may at once."""
        if self.since is None:
            return now
        steps = self.let_in.bit_length()
        return self.since + steps * RAMP_STEP if steps < _STEPS else now


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is known of one account. `blind` counts its limits in a row of unknown length."""

    windows: Mapping[str, Window] = field(default_factory=dict)
    parked_until: datetime | None = None
    bad: str = ""
    blind: int = 0
    ramp: Ramp | None = None
    used_at: datetime | None = None

    def condition(self, now: datetime) -> Condition:
        if self.bad:
            return Condition.BAD
        if self.parked_until is not None and now < self.parked_until:
            return Condition.PARKED
        live = [one for one in self.windows.values() if not one.is_over(now)]
        is_warm = any(one.warned or one.used >= WARM for one in live)
        return Condition.WARM if is_warm else Condition.HEALTHY

    def used(self, now: datetime) -> float:
        """The used part of the fullest window; 0 where nothing is known."""
        live = [one.used for one in self.windows.values() if not one.is_over(now)]
        return max(live, default=0.0)


Pool = Mapping[str, Account]
"""Accounts by their keys. Every fold below gives a new pool."""


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Work with the account of this name."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Wait:
    """No account may be used now; look again at `until`, at least LOOK from now. `parked` tells
    a pool that is parked as a whole from one that only lets sessions in one after the other."""

    until: datetime
    parked: bool


@dataclass(frozen=True, kw_only=True)
class NoneLeft:
    """No account can be used until a person acts; `reasons` says why, by name."""

    reasons: Mapping[str, str]


Choice = Seat | Wait | NoneLeft


def fingerprint(token: str) -> str:
    """What an account is remembered by: from it the token cannot be had."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def choose(
    pool: Pool,
    running: Mapping[str, int],
    now: datetime,
    *,
    reserve: frozenset[str] = frozenset(),
) -> Choice:
    """The account for one more session, where `running` says how many each one has.

    Healthy ones before warm ones; then the one with the fewest sessions, the least used, the one
    whose last use is longest ago, the first of the pool. Those in `reserve` only while all others
    are parked or bad. Only says so: `begun` is to be folded in when it is used.
    """
    usable = {name: one for name, one in pool.items() if not one.bad}
    if not usable:
        return NoneLeft(reasons={name: one.bad for name, one in pool.items()})
    wanted = _before_reserve(usable, reserve, now)
    opens = {name: _opens(one, now) for name, one in wanted.items()}
    ready = [name for name, at in opens.items() if at <= now]
    if not ready:
        parked = all(one.condition(now) is Condition.PARKED for one in usable.values())
        return Wait(until=max(min(opens.values()), now + LOOK), parked=parked)
    return Seat(name=min(ready, key=lambda name: _burden(pool[name], running.get(name, 0), now)))


def _before_reserve(
    usable: Mapping[str, Account], reserve: frozenset[str], now: datetime
) -> Mapping[str, Account]:
    """All of them when none but the reserve can be used, so that a wait ends with the first."""
    usual = {name: one for name, one in usable.items() if name not in reserve}
    is_out = all(one.condition(now) is Condition.PARKED for one in usual.values())
    return usable if is_out else usual


def _opens(account: Account, now: datetime) -> datetime:
    """When the account takes its next session."""
    if account.parked_until is not None and now < account.parked_until:
        return account.parked_until
    return account.ramp.next(now) if account.ramp else now


def _burden(account: Account, running: int, now: datetime) -> tuple[bool, int, float, float]:
    last = account.used_at.timestamp() if account.used_at else 0.0
    return account.condition(now) is Condition.WARM, running, account.used(now), last


def begun(pool: Pool, name: str, now: datetime) -> Pool:
    """A session began to use the account."""
    one = pool[name]
    ramp = one.ramp
    if ramp is not None:
        ramp = Ramp(since=ramp.since or now, let_in=ramp.let_in + 1)
    return {**pool, name: replace(one, used_at=now, ramp=ramp)}


def seen(pool: Pool, name: str, windows: Mapping[str, Window]) -> Pool:
    """The service told how much of the windows is used; those it did not name stay."""
    return {**pool, name: replace(pool[name], windows={**pool[name].windows, **windows})}


def limited(pool: Pool, name: str, until: datetime | None, now: datetime, wait: Backoff) -> Pool:
    """The account met a limit: it is parked until then, or when nobody knows for the first of
    `wait`, which doubles each time up to the longest. Said again of a parked account it only
    extends that.

    Whoever used it now goes to the others: these are ramped up as well, each by itself.
    """
    one = pool[name]
    if one.condition(now) is Condition.PARKED:
        assert one.parked_until is not None
        later = max(one.parked_until, until or one.parked_until)
        return {**pool, name: replace(one, parked_until=later)}
    if until is None or until <= now:
        pause = min(wait.longest, wait.first * (1 << min(one.blind, 10)))
        parked = replace(one, parked_until=now + pause, blind=one.blind + 1, ramp=Ramp())
    else:
        parked = replace(one, parked_until=until, ramp=Ramp())
    return {**_careful(pool), name: parked}


def refused(pool: Pool, name: str, why: str) -> Pool:
    """The service refuses the account: it is bad until a person acts."""
    if pool[name].bad:
        return pool
    return {**_careful(pool), name: replace(pool[name], bad=why or "refused by the service")}


def worked(pool: Pool, name: str, now: datetime) -> Pool:
    """The service answered a session of the account. Of a parked or bad one this is late news,
    and while nobody was let in by a ramp it says nothing about those who want to come."""
    one = pool[name]
    if one.condition(now) in (Condition.PARKED, Condition.BAD):
        return pool
    ramp = one.ramp if one.ramp and not one.ramp.let_in else None
    return {**pool, name: replace(one, parked_until=None, blind=0, ramp=ramp)}


def cleared(pool: Pool, name: str) -> Pool:
    """A person says that the account can be used again: what was held against it is forgotten."""
    return {**pool, name: Account(used_at=pool[name].used_at, ramp=Ramp())}


def _careful(pool: Pool) -> Pool:
    """Before a switch. A ramp that is going on goes on."""
    return {name: replace(one, ramp=one.ramp or Ramp()) for name, one in pool.items()}
