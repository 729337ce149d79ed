"""The pool of accounts as a pure policy: who is used, who is parked, and until when."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from framework.domain import account
from framework.domain.account import (
    Account,
    Condition,
    NoneLeft,
    Pool,
    Ramp,
    Seat,
    Wait,
    Window,
    choose,
)
from framework.domain.trouble import RULES, Kind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
WAIT = RULES[Kind.USAGE_LIMIT].wait
assert WAIT is not None


def pool(*names: str) -> Pool:
    return {name: Account() for name in names}


def condition(accounts: Pool, at: datetime = NOW) -> dict[str, Condition]:
    return {name: one.condition(at) for name, one in accounts.items()}


def test_the_fewest_sessions_come_first() -> None:
    """Then the least used window, then the last use that is longest ago."""
    accounts = pool("a", "b", "c")
    assert choose(accounts, {"a": 1, "b": 0, "c": 1}, NOW) == Seat(name="b")
    accounts = account.seen(accounts, "a", {"five_hour": Window(used=0.5, resets_at=NOW + HOUR)})
    assert choose(accounts, {}, NOW) == Seat(name="b")
    accounts = account.begun(accounts, "b", NOW)
    assert choose(accounts, {}, NOW) == Seat(name="c")


@pytest.mark.parametrize("window", [Window(used=0.9), Window(used=0.1, warned=True)])
def test_a_warm_account_is_used_last(window: Window) -> None:
    """From nine tenths on, or once the service warns, the others go first, however busy."""
    accounts = account.seen(pool("a", "b"), "a", {"seven_day": window})
    assert accounts["a"].condition(NOW) is Condition.WARM
    assert choose(accounts, {"b": 9}, NOW) == Seat(name="b")
    assert choose({"a": accounts["a"]}, {}, NOW) == Seat(name="a")


def test_the_reserve_is_used_while_no_other_can_be() -> None:
    """Not for balance, and not while another one is only let in slowly."""
    accounts, reserve = pool("a", "b"), frozenset({"b"})
    assert choose(accounts, {"a": 9}, NOW, reserve=reserve) == Seat(name="a")
    accounts = account.begun(account.cleared(accounts, "a"), "a", NOW)
    assert isinstance(choose(accounts, {}, NOW, reserve=reserve), Wait)
    accounts = account.limited(accounts, "a", NOW + HOUR, NOW, WAIT)
    assert choose(accounts, {}, NOW, reserve=reserve) == Seat(name="b")
    accounts = account.limited(accounts, "b", NOW + 2 * HOUR, NOW, WAIT)
    assert choose(accounts, {}, NOW, reserve=reserve) == Wait(until=NOW + HOUR, parked=True)


def test_a_window_that_was_reset_is_void() -> None:
    """After its reset time nobody remembers how full it was."""
    full = {"five_hour": Window(used=1.0, resets_at=NOW + HOUR, warned=True)}
    accounts = account.seen(pool("a"), "a", full)
    assert accounts["a"].used(NOW) == 1.0
    assert accounts["a"].used(NOW + HOUR) == 0.0
    assert accounts["a"].condition(NOW + HOUR) is Condition.HEALTHY


def test_windows_that_are_not_named_stay() -> None:
    """What the service says of one window says nothing of the other."""
    accounts = account.seen(pool("a"), "a", {"five_hour": Window(used=0.2)})
    accounts = account.seen(accounts, "a", {"seven_day": Window(used=0.7)})
    assert set(accounts["a"].windows) == {"five_hour", "seven_day"}


def test_three_limits_at_once_park_one_account() -> None:
    """Three sessions of one token meet its limit: the other tokens stay as they are."""
    accounts = pool("a", "b", "c")
    for _ in range(3):
        accounts = account.limited(accounts, "a", NOW + HOUR, NOW, WAIT)
    assert condition(accounts) == {
        "a": Condition.PARKED,
        "b": Condition.HEALTHY,
        "c": Condition.HEALTHY,
    }
    assert accounts["a"].parked_until == NOW + HOUR


def test_a_late_limit_only_extends() -> None:
    """Of several times the last counts, and one that is unknown changes nothing."""
    accounts = account.limited(pool("a"), "a", NOW + HOUR, NOW, WAIT)
    for until in (NOW + 2 * HOUR, NOW + HOUR, NOW - HOUR, None):
        accounts = account.limited(accounts, "a", until, NOW, WAIT)
    assert accounts["a"].parked_until == NOW + 2 * HOUR
    assert accounts["a"].blind == 0


def test_a_limit_of_unknown_length_doubles() -> None:
    """From a minute to an hour, and small again after something worked."""
    accounts, at, parks = pool("a"), NOW, []
    for _ in range(8):
        accounts = account.limited(accounts, "a", None, at, WAIT)
        until = accounts["a"].parked_until
        assert until is not None
        parks.append((until - at) / timedelta(minutes=1))
        at = until
    assert parks == [1, 2, 4, 8, 16, 32, 60, 60]
    accounts = account.limited(account.worked(accounts, "a", at), "a", None, at, WAIT)
    assert accounts["a"].parked_until == at + timedelta(minutes=1)


def test_a_limit_that_is_over_is_of_unknown_length() -> None:
    """A reset time in the past does not make us ask again at once."""
    accounts = account.limited(pool("a"), "a", NOW - SECOND, NOW, WAIT)
    assert accounts["a"].parked_until == NOW + timedelta(minutes=1)


def test_all_parked_means_wait() -> None:
    """Until the first of them opens, and never less than a second."""
    accounts = account.limited(pool("a", "b"), "a", NOW + HOUR, NOW, WAIT)
    accounts = account.limited(accounts, "b", NOW + 2 * HOUR, NOW, WAIT)
    assert choose(accounts, {}, NOW) == Wait(until=NOW + HOUR, parked=True)
    almost = NOW + HOUR - timedelta(milliseconds=1)
    assert choose(accounts, {}, almost) == Wait(until=almost + SECOND, parked=True)
    assert choose(accounts, {}, NOW + HOUR) == Seat(name="a")


def test_a_refused_account_needs_a_person() -> None:
    """It stays out, whatever is heard of it later, until a person clears it."""
    accounts = account.refused(pool("a"), "a", "revoked")
    accounts = account.worked(accounts, "a", NOW)
    accounts = account.limited(accounts, "a", NOW + HOUR, NOW, WAIT)
    assert choose(accounts, {}, NOW + 9 * HOUR) == NoneLeft(reasons={"a": "revoked"})
    assert choose(account.cleared(accounts, "a"), {}, NOW) == Seat(name="a")


def test_the_first_reason_stays() -> None:
    """Sessions that are refused after the first one do not hide why it was."""
    accounts = account.refused(pool("a"), "a", "revoked")
    assert account.refused(accounts, "a", "also")["a"].bad == "revoked"


def test_no_account_at_all() -> None:
    """An empty pool has none left, and no reasons."""
    assert choose({}, {}, NOW) == NoneLeft(reasons={})


def test_news_from_before_the_limit_opens_nothing() -> None:
    """A session that still gets an answer does not end the park of its account."""
    accounts = account.limited(pool("a"), "a", NOW + HOUR, NOW, WAIT)
    assert account.worked(accounts, "a", NOW) == accounts


def let_in(accounts: Pool, until: datetime) -> list[float]:
    """When sessions get in, in seconds from NOW, if as many as possible want to."""
    at, times, running = NOW, [], Counter[str]()
    while at < until:
        match choose(accounts, running, at):
            case Seat(name=name):
                accounts = account.begun(accounts, name, at)
                running[name] += 1
                times.append((at - NOW).total_seconds())
            case Wait(until=later):
                at = later
            case NoneLeft():
                raise AssertionError("somebody is left")
    return times


def test_a_switch_ramps_up() -> None:
    """Into the next account go one session, two in all after 5 s, then four, then eight."""
    accounts = account.limited(pool("a", "b"), "a", NOW + HOUR, NOW, WAIT)
    times = let_in(accounts, NOW + 16 * SECOND)
    assert times == [0, 5, 10, 10, 15, 15, 15, 15]


def test_an_account_ramps_up_after_its_park() -> None:
    """The end of a park, and a switch by a refusal, are no reason for a stampede either."""
    accounts = account.limited(pool("a"), "a", NOW + SECOND, NOW - SECOND, WAIT)
    assert let_in(accounts, NOW + 5 * SECOND) == [1]
    accounts = account.refused(pool("a", "b"), "a", "revoked")
    assert let_in(accounts, NOW + 5 * SECOND) == [0]


def test_once_one_has_worked_all_may_come() -> None:
    """The first answer after somebody was let in ends the care; an older one does not."""
    accounts = account.limited(pool("a", "b"), "a", NOW + HOUR, NOW, WAIT)
    accounts = account.worked(accounts, "b", NOW)
    assert accounts["b"].ramp == Ramp()
    accounts = account.worked(account.begun(accounts, "b", NOW), "b", NOW)
    assert accounts["b"].ramp is None
    for count in range(20):
        assert choose(accounts, {"b": count}, NOW) == Seat(name="b")


def test_a_second_limit_does_not_restart_a_ramp_elsewhere() -> None:
    """What was let in counts on, when a third account is limited."""
    accounts = account.limited(pool("a", "b", "c"), "a", NOW + HOUR, NOW, WAIT)
    accounts = account.begun(accounts, "b", NOW)
    accounts = account.limited(accounts, "c", NOW + HOUR, NOW, WAIT)
    assert accounts["b"].ramp == Ramp(since=NOW, let_in=1)
    assert choose(accounts, {"b": 1}, NOW) == Wait(until=NOW + 5 * SECOND, parked=False)


class Night:
    """Sixteen workers on accounts of `most` calls a minute each, for ten minutes. A worker keeps
    its account for one call and takes the next one by the policy."""

    def __init__(self, *names: str, most: int = 50) -> None:
        self._most = most
        self.accounts = pool(*names)
        self.running = Counter[str]()
        self.done = Counter[str]()
        self.looks: list[datetime] = []
        self.limits = self.senseless = 0
        self._windows = Counter[tuple[str, int]]()
        self._full: dict[tuple[str, int], datetime] = {}
        self._dice = random.Random(4)

    def run(self) -> None:
        events = [(NOW, worker, "", NOW) for worker in range(16)]
        while events[0][0] < NOW + timedelta(minutes=10):
            at, worker, name, begun = heapq.heappop(events)
            if name:
                self._answer(name, begun, at)
            heapq.heappush(events, self._next(at, worker))

    def _next(self, at: datetime, worker: int) -> tuple[datetime, int, str, datetime]:
        match choose(self.accounts, self.running, at):
            case Seat(name=name):
                self.accounts = account.begun(self.accounts, name, at)
                self.running[name] += 1
                return at + self._dice.uniform(0.5, 2.5) * SECOND, worker, name, at
            case Wait(until=until):
                self.looks.append(at)
                return until, worker, "", at
            case NoneLeft():
                raise AssertionError("somebody is left")

    def _answer(self, name: str, begun: datetime, at: datetime) -> None:
        self.running[name] -= 1
        minute = int((at - NOW) / timedelta(minutes=1))
        self._windows[name, minute] += 1
        if self._windows[name, minute] > self._most:
            self.limits += 1
            self.senseless += begun > self._full.setdefault((name, minute), at)
            reset = NOW + (minute + 1) * timedelta(minutes=1)
            self.accounts = account.limited(self.accounts, name, reset, at, WAIT)
        else:
            self.done[name] += 1
            self.accounts = account.worked(self.accounts, name, at)


def jain(counts: Counter[str]) -> float:
    values = list(counts.values())
    return sum(values) ** 2 / (len(values) * sum(one * one for one in values))


def test_accounts_are_used_alike() -> None:
    """R4: Jain's index over four healthy accounts is at least 0.95, nine tenths of what they
    allow gets done, and no call goes to an account that is known to be at its limit."""
    night = Night("a", "b", "c", "d")
    night.run()
    assert jain(night.done) >= 0.95
    assert sum(night.done.values()) >= 0.9 * 2000
    assert night.limits > 0
    assert night.senseless == 0


def test_accounts_without_limits_are_used_alike() -> None:
    """R4: the same holds where no limit levels them."""
    night = Night("a", "b", "c", "d", most=10_000)
    night.run()
    assert night.limits == 0
    assert jain(night.done) >= 0.95


def test_a_worker_with_nothing_left_does_not_spin() -> None:
    """R4: with all parked each worker looks at most once a second, and mostly not at all."""
    night = Night("a")
    night.accounts = account.limited(night.accounts, "a", NOW + timedelta(minutes=9), NOW, WAIT)
    night.run()
    before = [at for at in night.looks if at < NOW + timedelta(minutes=9)]
    assert len(before) == 16


def test_a_fingerprint_is_no_part_of_a_token() -> None:
    """Sixteen hexadecimal digits that depend on every character and reveal none."""
    token = "sk-ant-oat01-abcdefghijklmnop"
    mark = account.fingerprint(token)
    assert len(mark) == 16
    assert mark != account.fingerprint(token + "q")
    assert not any(token[i : i + 4] in mark for i in range(len(token) - 3))
