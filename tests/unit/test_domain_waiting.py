"""Waiting: what services ask for is obeyed, and an outage is not made worse by us."""

from __future__ import annotations

import heapq
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.trouble import ForgeFacts, of_forge
from framework.domain.waiting import Breaker, RetryBudget, backoff, not_before, retry_at

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EPOCH = str(int(NOW.timestamp()) + 90)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"RETRY-AFTER": "3600"}, 3600),
        ({"Retry-After": "Sat, 21 Nov 2026 12:02:00 GMT"}, 120),
        ({"Retry-After": "Saturday, 21-Nov-26 12:02:00 GMT"}, 120),
        ({"Retry-After": "Sat Nov 21 12:02:00 2026"}, 120),
        (
            {
                "Retry-After": "Sat, 21 Nov 2026 09:02:00 GMT",
                "Date": "Sat, 21 Nov 2026 09:00:00 GMT",
            },
            120,
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": EPOCH}, 90),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": EPOCH}, 90),
        ({"retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": EPOCH}, 5),
        ({"retry-after": "x", "x-ratelimit-remaining": "0", "x-ratelimit-reset": EPOCH}, 90),
        ({"Retry-After": "9" * 40}, 366 * 86_400),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, None),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": EPOCH}, None),
        ({"x-ratelimit-reset": EPOCH}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, None),
        ({}, None),
    ],
)
def test_what_headers_say(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, dates in all three forms and reset times are understood, nonsense is nothing."""
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert retry_at(headers, NOW) == expected


@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["Retry-After", "Date", "x-ratelimit-reset", "x-ratelimit-remaining", "ratelimit-reset"]
        ),
        st.one_of(st.text(), st.sampled_from(["0", "1e400", "Mon, 31 Feb 99999 25:00:00 -9999"])),
    )
)
def test_no_header_breaks_us(headers: dict[str, str]) -> None:
    """Whatever a server writes, the answer is a time ahead of us or none."""
    until = retry_at(headers, NOW)
    assert until is None or NOW < until <= NOW + timedelta(days=366)


def test_no_request_before_the_named_time() -> None:
    """R1: in 100 cases of a forge that names a time in one of three ways, the next request comes
    neither before it nor more than a tenth of the wait after it."""
    dice = random.Random(1)
    for case in range(100):
        opens = NOW + dice.randint(1, 7200) * SECOND
        headers = [
            {"Retry-After": str(int((opens - NOW).total_seconds()))},
            {"Retry-After": format_datetime(opens, usegmt=True)},
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(opens.timestamp()))},
        ][case % 3]
        trouble = of_forge(ForgeFacts(status=403, headers=headers), NOW)
        pause = trouble.pause(None, now=NOW, chance=dice.random())
        assert pause is not None
        assert opens <= NOW + pause <= opens + 0.1 * (opens - NOW)


@given(
    previous=st.none() | st.timedeltas(timedelta(), timedelta(hours=2)),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_backoff_stays_in_its_bounds(previous: timedelta | None, chance: float) -> None:
    """Never under the first wait, over the longest, or over three times the last one."""
    first, longest = 2 * SECOND, 300 * SECOND
    wait = backoff(previous, chance=chance, first=first, longest=longest)
    assert first <= wait <= longest
    assert wait <= 3 * max(previous if previous is not None else first, first)


def test_waits_differ() -> None:
    """Two hundred that fail together do not come back together: no second sees over a tenth."""
    dice = random.Random(2)
    waits = [
        backoff(10 * SECOND, chance=dice.random(), first=SECOND, longest=300 * SECOND)
        for _ in range(200)
    ]
    seconds = [int(wait.total_seconds()) for wait in waits]
    assert max(seconds.count(one) for one in seconds) <= 20


def test_not_before_a_time_that_has_passed() -> None:
    """Then there is nothing to wait for."""
    assert not_before(NOW - SECOND, now=NOW, chance=0.9) == timedelta()


def test_a_budget_allows_one_retry_in_ten_calls() -> None:
    """After its float is used up, ten calls earn a single retry."""
    budget = RetryBudget()
    for _ in range(5):
        budget = budget.spend() or pytest.fail("the float is five retries")
    assert budget.spend() is None
    for _ in range(11):
        budget = budget.called()
    spent = budget.spend()
    assert spent is not None
    assert spent.spend() is None


def test_a_budget_does_not_pile_up() -> None:
    """A quiet day does not earn a storm: there is never more than the float."""
    budget = RetryBudget()
    for _ in range(10_000):
        budget = budget.called()
    assert budget == RetryBudget()


def test_a_breaker_lets_one_probe_through() -> None:
    """Shut after five failures; after the pause one request goes, and its answer decides."""
    breaker = Breaker()
    for _ in range(5):
        assert breaker.ask(NOW) == breaker
        breaker = breaker.failed(NOW)
    assert breaker.ask(NOW + 14 * SECOND) is None
    probing = breaker.ask(NOW + 15 * SECOND)
    assert probing is not None
    assert probing.ask(NOW + 15 * SECOND) is None
    assert probing.failed(NOW + 16 * SECOND).ask(NOW + 30 * SECOND) is None
    assert probing.worked().ask(NOW + 16 * SECOND) == Breaker()


def test_a_lost_probe_does_not_shut_a_breaker_for_ever() -> None:
    """When nothing is heard of a probe, another may go after the pause."""
    breaker = Breaker(failures=5, shut_until=NOW)
    probing = breaker.ask(NOW)
    assert probing is not None
    assert probing.ask(NOW + 15 * SECOND) is not None


class Outage:
    """Sixteen sessions that call a forge which never answers, for ten minutes of virtual time.

    Each makes a call every few seconds and is ready to try it four times in all.
    """

    def __init__(self, *, budget: bool, breaker: bool) -> None:
        self.calls = self.requests = 0
        self.sent: list[datetime] = []
        self._budget = RetryBudget() if budget else None
        self._breaker = Breaker() if breaker else None
        self._dice = random.Random(3)

    def run(self) -> None:
        end = NOW + timedelta(minutes=10)
        waiting = [(NOW + one * SECOND, one, 0) for one in range(16)]
        heapq.heapify(waiting)
        while waiting[0][0] < end:
            now, session, tried = heapq.heappop(waiting)
            self._ask(now, is_first=tried == 0)
            tried += 1
            if tried < 4 and self._may_retry():
                pause = backoff(None, chance=self._dice.random(), first=SECOND, longest=9 * SECOND)
            else:
                tried, pause = 0, timedelta(seconds=self._dice.uniform(2, 8))
            heapq.heappush(waiting, (now + pause, session, tried))

    def _ask(self, now: datetime, *, is_first: bool) -> None:
        self.calls += is_first
        if self._budget and is_first:
            self._budget = self._budget.called()
        if self._breaker is not None:
            asked = self._breaker.ask(now)
            if asked is None:
                return
            self._breaker = asked.failed(now)
        self.requests += 1
        self.sent.append(now)

    def _may_retry(self) -> bool:
        if self._budget is None:
            return True
        spent = self._budget.spend()
        self._budget = spent or self._budget
        return spent is not None


def test_an_outage_is_not_amplified() -> None:
    """R2: with the budget alone a ten-minute outage costs at most 1.15 requests a call, where
    the same sessions without it send over three."""
    with_budget, without = Outage(budget=True, breaker=False), Outage(budget=False, breaker=False)
    with_budget.run()
    without.run()
    assert with_budget.requests <= 1.15 * with_budget.calls
    assert without.requests > 3 * without.calls


def test_a_dead_service_is_only_probed() -> None:
    """R2: with the breaker as well, after the first five only one probe goes every 15 seconds."""
    outage = Outage(budget=True, breaker=True)
    outage.run()
    probes = outage.sent[5:]
    gaps = [later - earlier for earlier, later in pairwise(probes)]
    assert min(gaps) >= 15 * SECOND
    assert outage.requests <= 0.05 * outage.calls
