"""Caps: what the journal says is used, of an issue, a run and a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from framework.domain.event import (
    AttemptEnded,
    CapRaised,
    Entry,
    Event,
    IssueSettled,
    PlanAccepted,
    SessionProgress,
)
from framework.domain.ledger import Amount, Caps, Ledger, Scope, day_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = day_of(NOON)


class Book:
    """A ledger, and entries written into it in order."""

    def __init__(self, **caps: Amount) -> None:
        self.ledger = Ledger(caps=Caps(**caps))
        self._cursor = 0

    def write(self, *events: Event, run: str = "r1", at: datetime = NOON) -> None:
        for event in events:
            self._cursor += 1
            self.ledger.take(Entry(cursor=self._cursor, at=at, run=run, event=event))

    def used(self, scope: Scope, name: str) -> float:
        return self.ledger.used(scope, name).usd


def usd(amount: float) -> Amount:
    inf = float("inf")
    return Amount(turns=inf, seconds=inf, usd=amount)


def caps_of(book: Book, issue: str = "1", run: str = "r1", day: date = DAY) -> list[float]:
    return [one.cap for one in book.ledger.uses(issue, run, day)]


def report(issue: str, amount: float, epoch: int = 1, turns: int = 0) -> SessionProgress:
    return SessionProgress(issue=issue, epoch=epoch, note="", tools=0, usd=amount, turns=turns)


def ended(issue: str, amount: float, epoch: int = 1) -> AttemptEnded:
    return AttemptEnded(
        issue=issue, epoch=epoch, slot=1, outcome="Landed", why="", counted=False,
        seconds=9, usd=amount, turns=3, tools=2, worked=5,
    )  # fmt: skip


def test_reports_are_totals_and_count_once() -> None:
    """However often a session reports, and with its end or without, as when it was killed."""
    book = Book()
    book.write(report("1", 1), report("1", 3), ended("1", 4), report("1", 2, epoch=2))
    assert book.used(Scope.ISSUE, "1") == 6
    assert book.used(Scope.RUN, "r1") == 6
    assert book.used(Scope.DAY, DAY.isoformat()) == 6


def test_a_day_counts_what_was_used_in_it_by_every_run() -> None:
    """A session that goes on over midnight is counted in both days, each its part."""
    book = Book()
    book.write(report("1", 1))
    book.write(PlanAccepted(plan="p", issues=1, usd=0.5), run="r2")
    book.write(report("1", 4), at=NOON + timedelta(days=1))
    assert book.used(Scope.DAY, DAY.isoformat()) == 1.5
    assert book.used(Scope.DAY, (DAY + timedelta(days=1)).isoformat()) == 3
    assert (book.used(Scope.RUN, "r1"), book.used(Scope.RUN, "r2")) == (4, 0.5)


def test_the_most_used_cap_comes_first_and_says_so() -> None:
    book = Book(issue=usd(10), run=usd(100))
    book.write(report("1", 10))
    first, second = book.ledger.uses("1", "r1", DAY)
    assert (first.scope, first.is_over, str(first)) == (
        Scope.ISSUE,
        True,
        "$10.00 of the issue's $10.00",
    )
    assert (second.scope, second.share) == (Scope.RUN, 0.1)
    assert book.ledger.uses(None, "r1", DAY) == (second,)


@pytest.mark.parametrize(
    ("scope", "name"), [("issue", "1"), ("run", "r1"), ("day", DAY.isoformat())]
)
def test_a_person_can_raise_each_cap(scope: str, name: str) -> None:
    book = Book(**{scope: usd(10)})
    book.write(report("1", 10))
    assert caps_of(book) == [10]
    book.write(CapRaised(scope=scope, name=name, usd=5))
    assert caps_of(book) == [15]
    assert caps_of(book, "2", "other", date(2020, 1, 1)) == [10]


def test_an_issue_that_landed_begins_anew_when_it_is_reopened() -> None:
    book = Book(issue=usd(10))
    book.write(report("1", 9), ended("1", 9))
    book.write(IssueSettled(issue="1", reopened=0, state="closed", commit="c"))
    (use,) = book.ledger.uses("1", "r1", DAY)
    assert (use.used, use.cap) == (0, 10)


def test_no_cap_no_use() -> None:
    book = Book()
    book.write(report("1", 1e6, turns=10**6))
    assert book.ledger.uses("1", "r1", DAY) == ()
