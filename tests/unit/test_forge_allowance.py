"""The limiter's arithmetic: never more than GitHub allows, and never a wait longer than needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.forge.allowance import (
    CONTENT_A_MINUTE,
    CONTENT_AN_HOUR,
    GRAPHQL_POINTS,
    REST_POINTS,
    Allowance,
)
from framework.forge.allowances import NONE, Allowances, decode, encode
from framework.forge.cost import Ask, graphql_ask, rest_ask

BASE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
GET, PATCH, POST = (rest_ask(method, "x") for method in ("GET", "PATCH", "POST"))
QUERY, BATCH = graphql_ask(()), graphql_ask(["createIssue"] * 20)
ASKS = st.sampled_from([GET, PATCH, POST, QUERY, BATCH])
Sent = list[tuple[datetime, Ask]]


def run(asks: list[Ask], pauses: list[int]) -> Sent:
    """Sends everything as soon as it may be, and checks on the way that no wait is too long."""
    allowance, now, sent = Allowance(), BASE, []
    for ask, pause in zip(asks, pauses, strict=True):
        now += pause * TICK
        wait = allowance.before(ask, now)
        if wait:
            assert allowance.before(ask, now + wait - TICK) == TICK
        now += wait
        assert not allowance.before(ask, now)
        allowance = allowance.sent(ask, now)
        sent.append((now, ask))
    return sent


def most(sent: Sent, window: timedelta, amount: str, api: bool | None = None) -> int:
    """The largest sum in any window."""
    chosen = [
        (at, int(getattr(ask, amount)))
        for at, ask in sent
        if api is None or (ask.resource == "graphql") is api
    ]
    starts = [at for at, _ in chosen]
    return max(
        (sum(n for at, n in chosen if one <= at < one + window) for one in starts), default=0
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ASKS, st.integers(0, 3000)), max_size=120))
def test_no_window_ever_holds_too_much(plan: list[tuple[Ask, int]]) -> None:
    """Points of a minute, content of a minute and an hour, and a second between writes."""
    sent = run([ask for ask, _ in plan], [pause for _, pause in plan])
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    assert most(sent, minute, "points", api=False) <= REST_POINTS
    assert most(sent, minute, "points", api=True) <= GRAPHQL_POINTS
    assert most(sent, minute, "content") <= CONTENT_A_MINUTE
    assert most(sent, hour, "content") <= CONTENT_AN_HOUR
    writes = [at for at, ask in sent if ask.write]
    assert all(b - a >= timedelta(seconds=1) for a, b in pairwise(writes))


def test_a_thousand_reads_at_once_are_spread() -> None:
    """900 go at once, the others when the first ones are a minute old."""
    sent = run([GET] * 1000, [0] * 1000)
    assert sent[899][0] == BASE
    assert sent[900][0] == BASE + timedelta(seconds=61)
    assert most(sent, timedelta(minutes=1), "points") == REST_POINTS


def test_content_fills_the_hour_and_no_more() -> None:
    """500 things an hour; the next one waits for the first to be an hour old."""
    sent = run([POST] * 501, [0] * 501)
    assert sent[500][0] == BASE + timedelta(hours=1, seconds=1)
    assert most(sent, timedelta(minutes=1), "content") <= CONTENT_A_MINUTE


def headers(*, left: int, resets: int, limit: int = 5000, ahead: int = 0) -> dict[str, str]:
    """`resets`: in so many seconds, by a server whose clock is `ahead`."""
    theirs = BASE + timedelta(seconds=ahead)
    return {
        "date": format_datetime(theirs, usegmt=True),
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(int(theirs.timestamp()) + resets),
        "x-ratelimit-resource": "core",
    }


@pytest.mark.parametrize("ahead", [0, -7200, 7200])
def test_a_tenth_is_left_for_people(ahead: int) -> None:
    """At a tenth of the primary limit we wait for its reset, by the server's clock; GraphQL, a
    limit of its own, goes on."""
    heard = headers(left=501, resets=300, ahead=ahead)
    allowance = Allowance().heard(GET, heard, BASE, limited=False)
    assert not allowance.before(GET, BASE)
    allowance = allowance.sent(GET, BASE)
    wait = allowance.before(GET, BASE)
    assert timedelta(seconds=300) <= wait <= timedelta(seconds=301)
    assert not allowance.before(QUERY, BASE)
    assert not allowance.before(GET, BASE + wait)


def test_a_304_costs_nothing() -> None:
    """The header says what is left; our own guess gives way to it."""
    allowance = Allowance().heard(GET, headers(left=501, resets=300), BASE, limited=False)
    allowance = allowance.sent(GET, BASE)
    allowance = allowance.heard(GET, headers(left=501, resets=300), BASE, limited=False)
    assert not allowance.before(GET, BASE)


def test_retry_after_stops_everything() -> None:
    """A secondary limit is the account's: REST and GraphQL wait as long as is said."""
    allowance = Allowance().heard(POST, {"retry-after": "30"}, BASE, limited=True)
    for ask in (GET, QUERY):
        assert timedelta(seconds=30) <= allowance.before(ask, BASE) <= timedelta(seconds=31)


def test_a_limit_without_a_time_doubles() -> None:
    """A minute, two, four, at most a quarter of an hour, and a minute again after a good write."""
    allowance, now, waits = Allowance(), BASE, []
    for _ in range(6):
        allowance = allowance.heard(POST, {}, now, limited=True)
        waits.append(allowance.before(GET, now).total_seconds())
        now += allowance.before(GET, now)
    assert waits == [60, 120, 240, 480, 900, 900]
    allowance = allowance.heard(GET, {}, now, limited=False)
    assert allowance.heard(POST, {}, now, limited=True).before(GET, now).total_seconds() == 900
    allowance = allowance.heard(PATCH, {}, now, limited=False)
    assert allowance.heard(POST, {}, now, limited=True).before(GET, now).total_seconds() == 60


def test_several_refusals_at_once_are_one_strike() -> None:
    """What was on its way when the limit was said does not make the wait longer."""
    allowance = Allowance()
    for _ in range(10):
        allowance = allowance.heard(POST, {}, BASE, limited=True)
    assert allowance.before(GET, BASE) == timedelta(seconds=60)


NAMES = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
VALUES = st.sampled_from(["0", "1", "5000", "x", "", "-1", "1795262400", "1795269999"])


@settings(max_examples=200, deadline=None)
@given(ASKS, st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from(["core", "graphql"]))
def test_after_a_limit_there_is_always_a_wait(
    ask: Ask, told: dict[str, str], resource: str
) -> None:
    """Whatever the headers are: asking at once again would get an integration banned."""
    heard = {**told, "x-ratelimit-resource": resource}
    assert Allowance().heard(ask, heard, BASE, limited=True).before(ask, BASE)


def test_a_primary_limit_stops_only_its_own() -> None:
    """Nothing left of REST: GraphQL goes on."""
    allowance = Allowance().heard(GET, headers(left=0, resets=600), BASE, limited=True)
    assert allowance.before(GET, BASE) >= timedelta(seconds=600)
    assert not allowance.before(QUERY, BASE)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ASKS, st.integers(0, 3000)), max_size=60), st.integers(1, 10**9))
def test_a_clock_set_back_costs_one_window(plan: list[tuple[Ask, int]], back: int) -> None:
    """Nobody waits for the time that will never have been."""
    allowance, now = Allowance(), BASE
    for ask, pause in plan:
        now += pause * TICK
        allowance = allowance.sent(ask, now)
    allowance = allowance.heard(POST, headers(left=0, resets=600), BASE, limited=True)
    allowance = allowance.heard(POST, {"retry-after": "90"}, BASE, limited=True)
    earlier = BASE - timedelta(seconds=back)
    assert allowance.before(QUERY, earlier) <= timedelta(seconds=91)
    assert allowance.before(GET, earlier) <= timedelta(seconds=602)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ASKS, st.integers(0, 3000)), max_size=60))
def test_what_is_written_is_read(plan: list[tuple[Ask, int]]) -> None:
    """The document gives back the same value."""
    allowance = Allowance().heard(POST, headers(left=7, resets=60), BASE, limited=True)
    now = BASE
    for ask, pause in plan:
        now += pause * TICK
        allowance = allowance.sent(ask, now)
    every = NONE.with_one("t", allowance).linked("t", "a")
    assert decode(encode(every)) == every


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | st.sampled_from([b"{}", b"[]", b'{"version":2}', b"null"]))
def test_what_was_not_written_is_refused(text: bytes) -> None:
    """Nonsense is a ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_tokens_of_one_account_share_it() -> None:
    """Once it is known whose they are; what is not used for a day is forgotten."""
    spent = Allowance().sent(POST, BASE)
    every = NONE.with_one("t1", spent).linked("t1", "ann").linked("t2", "ann")
    assert every.of("t2") == spent
    later = int((BASE + timedelta(days=2)).timestamp() * 1000)
    assert every.recent(later) == Allowances(accounts={}, tokens={})
