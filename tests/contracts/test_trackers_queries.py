"""Every tracker lists and counts what a query says, in the order it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import product

import pytest

from framework.domain.issue import Change, Draft, Issue, Priority, State
from framework.domain.query import (
    Field,
    Match,
    Moment,
    Order,
    Query,
    Sort,
    Within,
    Words,
    moment,
)
from framework.trackers.base import Tracker
from tests.contracts.tracker_github import github
from tests.contracts.tracker_stores import STORES, Clock, ids, make

VALUES = {
    Field.ID: ["1", "7", "99", "01", "x"],
    Field.STATE: ["open", "closed", "nonsense"],
    Field.PRIORITY: ["urgent", "low", "nonsense"],
    Field.LABEL: ["a", "it's", "b", "never"],
    Field.ASSIGNEE: ["ann", "bob", "nobody"],
    Field.AUTHOR: ["ann", "eve", "", "nobody"],
    Field.MILESTONE: ["Q1", "Q2 Release", "", "never"],
    Field.DEPENDS_ON: ["1", "2", "x"],
    Field.KEY: ["k3", "k/4", "", "never"],
}
UNCLOSED = frozenset(set(State) - {State.CLOSED})


STANDING = STORES | {"github": partial(github, fresh=timedelta(minutes=1))}
"""For thousands of questions at one moment: GitHub is asked what changed before the first."""


@pytest.fixture(scope="module", params=STANDING)
def board(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tracker]:
    """Made once for each kind of tracker: what is asked of it here changes nothing."""
    clock = Clock()
    tracker = STANDING[request.param](tmp_path_factory.mktemp("board"), clock)
    fill(tracker, clock)
    clock.forward(timedelta(hours=1))
    yield tracker
    tracker.close()


def fill(tracker: Tracker, clock: Clock) -> None:
    """Thirty issues in which every value comes beside every other, made out of order in time."""
    people = ("ann", "bob", None)
    for number in range(30):
        clock.forward(timedelta(minutes=7 if number % 4 else -13))
        names = {name for place, name in enumerate(("a", "it's", "b")) if number >> place & 1}
        issue = tracker.create(
            Draft(
                title=f"{('Zeta', 'alpha', 'Beta', 'alpha')[number % 4]} {number % 3}",
                body=f"number {number} alpha" if number % 5 else "",
                priority=list(Priority)[number % 4],
                labels=frozenset(names),
                depends_on=("1", "2")[: number % 3] if number > 1 else (),
                assignees=frozenset({people[number % 3], people[number % 2]} - {None}),
                milestone=(None, "Q1", "Q2 Release")[number % 3],
                key=f"k{number}" if number % 2 else f"k/{number}" if number % 4 else None,
            ),
            author=("ann", "eve", "")[number % 3],
        )
        clock.forward()
        tracker.update(issue.id, Change(state=list(State)[number % 5]))


def answers(tracker: Tracker, query: Query, expected: list[Issue]) -> None:
    assert ids(tracker.list(query)) == ids(expected), query
    assert tracker.count(query) == len(expected), query


@pytest.mark.parametrize("field", Field)
@pytest.mark.parametrize("negated", [False, True])
def test_each_field_matches_as_the_query_says(board: Tracker, field: Field, negated: bool) -> None:
    """One value, several of which an issue may have more than one, values nobody has, and none."""
    every = list(board.list())
    values = VALUES[field]
    several = [{one, other} for one, other in product(values, values)]
    for any_of in [set(), *several, set(values)]:
        match = Match(field=field, any_of=frozenset(any_of), negated=negated)
        for states in (None, UNCLOSED, frozenset({State.CLOSED})):
            query = Query(states=states, where=(match,))
            answers(board, query, [one for one in every if query.matches(one)])


def test_clauses_labels_states_and_prefix_must_all_hold(board: Tracker) -> None:
    """Whichever of them an index could serve."""
    every = list(board.list())
    clauses = (
        Match(field=Field.LABEL, any_of=frozenset({"a", "b"})),
        Match(field=Field.AUTHOR, any_of=frozenset({"ann"}), negated=True),
        Match(field=Field.DEPENDS_ON, any_of=frozenset({"2"})),
        Words(text="alpha"),
        Words(text="number", negated=True),
        Match(field=Field.STATE, any_of=frozenset({"open", "blocked", "closed"})),
    )
    for first, second in product(clauses, clauses):
        for labels, prefix in product((frozenset(), frozenset({"it's"})), (None, "", "k/", "k1")):
            query = Query(
                labels=labels,
                key_prefix=prefix,
                where=(first, second),
                sort=(Sort(by=Order.NUMBER),),
            )
            answers(board, query, [one for one in every if query.matches(one)])


@pytest.mark.parametrize("last", ["\ud7ff", "\U0010ffff", "\x00", "%", "_"])
def test_a_prefix_may_end_with_any_character(tracker: Tracker, last: str) -> None:
    """Also with one behind which there is a gap, or nothing at all."""
    prefix = f"k{last}"
    inside = [make(tracker, key=prefix), make(tracker, key=f"{prefix}{last}z")]
    for outside in ("k", "l", "j\U0010ffff", f"K{last}", "k\ue000"):
        make(tracker, key=outside)
    assert ids(tracker.list(Query(key_prefix=prefix))) == ids(inside)
    assert tracker.count(Query(key_prefix=prefix)) == 2


@pytest.mark.parametrize("which", Moment)
@pytest.mark.parametrize("negated", [False, True])
def test_a_span_takes_its_beginning_and_not_its_end(
    board: Tracker, which: Moment, negated: bool
) -> None:
    """At the very moments of issues; what never happened lies in no span."""
    every = list(board.list())
    known = sorted({at for one in every if (at := moment(which, one)) is not None})
    edges: list[datetime | None] = [None, *known[::7], known[-1] + timedelta(days=1)]
    for since, until in product(edges, edges):
        span = Within(moment=which, since=since, until=until, negated=negated)
        for states in (None, UNCLOSED):
            query = Query(states=states, where=(span,))
            answers(board, query, [one for one in every if query.matches(one)])


def test_moments_of_other_time_zones_are_the_same_moments(board: Tracker) -> None:
    """Two hours east is not two hours later."""
    at = board.get("9").created_at.astimezone(timezone(timedelta(hours=2)))
    span = Within(moment=Moment.CREATED, since=at, until=at + timedelta(microseconds=1))
    assert "9" in ids(board.list(Query(where=(span,))))


def lowest_first(issues: list[Issue], sort: Sort) -> list[Issue]:
    """By one key; equals stay in their order, and what has no value is last."""
    keys = {
        Order.NUMBER: lambda one: int(one.id),
        Order.CREATED: lambda one: one.created_at.timestamp(),
        Order.UPDATED: lambda one: one.updated_at.timestamp(),
        Order.CLOSED: lambda one: one.closed_at and one.closed_at.timestamp(),
        Order.PRIORITY: lambda one: ["urgent", "high", "medium", "low"].index(one.priority),
        Order.TITLE: lambda one: one.title,
        Order.RELEVANCE: lambda one: 0,
    }
    key = keys[sort.by]
    valued = [one for one in issues if key(one) is not None]
    groups = sorted({key(one) for one in valued}, reverse=sort.descending)
    return [one for value in groups for one in valued if key(one) == value] + [
        one for one in issues if key(one) is None
    ]


@pytest.mark.parametrize("first", Order)
@pytest.mark.parametrize("descending", [False, True])
def test_results_are_sorted_by_each_key_and_then_by_creation(
    board: Tracker, first: Order, descending: bool
) -> None:
    """Alone and before another key, over all issues and where a clause narrows them."""
    every = list(board.list())
    label = Match(field=Field.LABEL, any_of=frozenset({"a", "b"}))
    for second, states, where in product(
        (None, Order.PRIORITY, Order.TITLE, Order.CREATED, Order.NUMBER),
        (None, UNCLOSED, frozenset({State.CLOSED})),
        ((), (label,)),
    ):
        sorts = [Sort(by=first, descending=descending)]
        sorts += [Sort(by=second, descending=not descending)] if second else []
        query = Query(states=states, where=where, sort=tuple(sorts))
        expected = [one for one in every if query.matches(one)]
        for sort in reversed(sorts):
            expected = lowest_first(expected, sort)
        answers(board, query, expected)


def test_a_page_is_cut_from_the_sorted_whole(board: Tracker) -> None:
    """`offset` passes over, `limit` ends, and the count heeds neither."""
    sorts = ((), (Sort(by=Order.UPDATED, descending=True),), (Sort(by=Order.TITLE),))
    wheres = ((), (Match(field=Field.LABEL, any_of=frozenset({"a", "it's"})),))
    for sort, where in product(sorts, wheres):
        whole = ids(board.list(Query(sort=sort, where=where)))
        for offset, limit in product((0, 1, 7, 29, 30, 99), (None, 0, 1, 5, 99)):
            query = Query(sort=sort, where=where, offset=offset, limit=limit)
            end = None if limit is None else offset + limit
            assert ids(board.list(query)) == whole[offset:end]
            assert board.count(query) == len(whole)


def test_words_are_whole_follow_each_other_and_know_no_case(tracker: Tracker) -> None:
    """In the title or in the body, but not from one into the other."""
    issue = make(tracker, "The Quick brown-fox", body="jumps over_the LAZY Straße; don't")
    found = ("quick", "QUICK brown", "brown fox", "over the", "strasse", "don t", "the lazy")
    lost = ("qui", "brown quick", "fox jumps", "quick fox", "stras", "", "?!", "lazy dog")
    for text in found:
        assert ids(tracker.list(Query(where=(Words(text=text),)))) == [issue.id], text
        assert tracker.count(Query(where=(Words(text=text, negated=True),))) == 0
    for text in lost:
        assert tracker.count(Query(where=(Words(text=text),))) == 0, text
        assert ids(tracker.list(Query(where=(Words(text=text, negated=True),)))) == [issue.id]


def test_words_are_found_as_the_texts_are_now(tracker: Tracker) -> None:
    """After a change of either text and after a deletion."""
    issue, other = make(tracker, "old title", body="body"), make(tracker, "old", body="x")
    tracker.update(issue.id, Change(title="new title"))
    assert ids(tracker.list(Query(where=(Words(text="old"),)))) == [other.id]
    tracker.update(issue.id, Change(body="another"))
    assert tracker.count(Query(where=(Words(text="body"),))) == 0
    assert ids(tracker.list(Query(where=(Words(text="new title"),)))) == [issue.id]
    tracker.delete(issue.id)
    assert tracker.count(Query(where=(Words(text="title"),))) == 0


def test_without_a_sort_words_bring_the_best_match_first(tracker: Tracker) -> None:
    """More of the words in less text is better; another sort overrules that."""
    for body in ("alpha " + "filler " * 30, "beta", "alpha alpha", "alpha " * 2 + "filler " * 9):
        make(tracker, "x", body=body)
    for _ in range(9):
        make(tracker, "other", body="text")
    query = Query(where=(Words(text="Alpha"),))
    assert ids(tracker.list(query)) == ["3", "4", "1"]
    relevance = Sort(by=Order.RELEVANCE)
    assert ids(tracker.list(Query(where=query.where, sort=(relevance,)))) == ["3", "4", "1"]
    backwards = Sort(by=Order.RELEVANCE, descending=True)
    assert ids(tracker.list(Query(where=query.where, sort=(backwards,)))) == ["1", "4", "3"]
    by_number = Sort(by=Order.NUMBER)
    assert ids(tracker.list(Query(where=query.where, sort=(by_number,)))) == ["1", "3", "4"]
    assert ids(tracker.list(Query(where=query.where, limit=1, offset=1))) == ["4"]
