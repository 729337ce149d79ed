"""What the SQLite tracker reads to answer: an index, and no more of it than the page needs.

Work is counted in steps of SQLite's machine, which are the same on every computer.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.issue import Change, Draft, Priority, State
from framework.domain.lease import Failure, Lease, Record
from framework.domain.query import (
    Field,
    Match,
    Moment,
    Order,
    Query,
    Sort,
    Within,
    Words,
)
from framework.trackers._where import number, page
from framework.trackers.sqlite import SqliteTracker

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNCLOSED = frozenset(set(State) - {State.CLOSED})
SMALL, LARGE = 400, 4_000


def match(field: Field, *values: str) -> Match:
    return Match(field=field, any_of=frozenset(values))


CLAUSES = {
    "state": (),
    "label": (match(Field.LABEL, "l1"),),
    "labels": (match(Field.LABEL, "l1", "l2"),),
    "assignee": (match(Field.ASSIGNEE, "ann"),),
    "author": (match(Field.AUTHOR, "eve"),),
    "milestone": (match(Field.MILESTONE, "Q1"),),
    "priority": (match(Field.PRIORITY, "high"),),
    "id": (match(Field.ID, "7", "9"),),
    "key": (match(Field.KEY, "k7"),),
    "depends-on": (match(Field.DEPENDS_ON, "1"),),
}
SORTS = {
    "newest": Sort(by=Order.CREATED, descending=True),
    "updated": Sort(by=Order.UPDATED, descending=True),
    "priority": Sort(by=Order.PRIORITY),
    "number": Sort(by=Order.NUMBER, descending=True),
}


class Opened:
    """A tracker, the connection that it uses, and how many steps that has made."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[sqlite3.Connection] = []
        connect = sqlite3.connect

        def kept(*args, **kwargs) -> sqlite3.Connection:
            made.append(connect(*args, **kwargs))
            return made[-1]

        monkeypatch.setattr(sqlite3, "connect", kept)
        self._steps = 0
        self.tracker = SqliteTracker(path, clock=lambda: NOW)
        self.connection = made[0]

    def steps(self, work) -> int:
        self._steps = 0
        self.connection.set_progress_handler(self._count, 1)
        work()
        self.connection.set_progress_handler(None, 0)
        return self._steps

    def _count(self) -> int:
        self._steps += 1
        return 0


def filled(opened: Opened, size: int) -> Opened:
    """Half of the issues are closed, and those came first."""
    drafts = [
        Draft(
            title=f"issue {number}",
            priority=list(Priority)[number % 4],
            labels=frozenset({f"l{number % 4}", f"m{number % 7}"}),
            assignees=frozenset({("ann", "bob")[number % 2]}),
            milestone=("Q1", "Q2")[number % 2],
            key=f"k{number}",
            depends_on=("key:k0",) if 0 < number < 9 else (),
        )
        for number in range(size)
    ]
    opened.tracker.create_many(drafts, author="eve")
    with closing(sqlite3.connect(opened.tracker._database.path)) as other:
        other.execute(
            "UPDATE issues SET state = 'closed', closed_at = updated_at WHERE id <= ?", (size // 2,)
        )
        other.commit()
    return opened


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        small, large = (Opened(tmp_path_factory.mktemp("b") / "i.db", patch) for _ in range(2))
        yield filled(small, SMALL), filled(large, LARGE)
        small.tracker.close()
        large.tracker.close()


def plan(opened: Opened, query: Query) -> list[str]:
    sql, values = page(opened.connection, query)
    return [row[3] for row in opened.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("name", CLAUSES)
@pytest.mark.parametrize("states", [None, UNCLOSED, frozenset({State.CLOSED})])
def test_a_page_in_the_default_order_is_read_from_an_index(boards, name: str, states) -> None:
    """No table is scanned and nothing is sorted, but for the few issues of a key or an id."""
    query = Query(states=states, where=CLAUSES[name], limit=20)
    steps = plan(boards[1], query)
    if states is not None or CLAUSES[name]:
        assert not [one for one in steps if one.startswith("SCAN")], steps
    if name not in ("id", "key", "depends-on"):
        assert not [one for one in steps if "TEMP B-TREE" in one], steps


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("states", [UNCLOSED, frozenset({State.CLOSED})])
def test_the_usual_orders_are_those_of_an_index(boards, name: str, states) -> None:
    """Nothing is sorted, however many issues there are."""
    steps = plan(boards[1], Query(states=states, sort=(SORTS[name],), limit=20))
    assert not [one for one in steps if one.startswith("SCAN") or "TEMP B-TREE" in one], steps


@pytest.mark.parametrize("which", [Moment.CREATED, Moment.UPDATED, Moment.CLOSED])
def test_a_span_is_read_from_its_index(boards, which: Moment) -> None:
    """The issues outside it are not looked at."""
    span = Within(moment=which, since=NOW + timedelta(days=1))
    query = Query(where=(span,), limit=20)
    assert all("SCAN" not in one for one in plan(boards[1], query))
    large = boards[1]
    assert large.steps(lambda: large.tracker.list(query)) < 2_000


@pytest.mark.parametrize("name", CLAUSES)
def test_a_page_costs_the_same_on_a_board_of_ten_times_the_size(boards, name: str) -> None:
    """Also where the first half of the board is closed, and so many have the label."""
    query = Query(states=UNCLOSED, where=CLAUSES[name], limit=20)
    small, large = (one.steps(lambda one=one: one.tracker.list(query)) for one in boards)
    assert large < small + 500


@pytest.mark.parametrize("name", CLAUSES)
@pytest.mark.parametrize("sort", SORTS)
def test_a_sorted_page_reads_no_more_than_a_few_thousand_issues(boards, name: str, sort) -> None:
    """Few are sorted; where there are many, the order's own index is read."""
    query = Query(states=UNCLOSED, where=CLAUSES[name], sort=(SORTS[sort],), limit=20)
    assert boards[1].steps(lambda: boards[1].tracker.list(query)) < 40_000


def test_no_page_needs_what_it_does_not_show(boards) -> None:
    """The bodies of issues are read for the page alone."""
    _, large = boards
    assert large.steps(lambda: large.tracker.list(Query(limit=20))) < 8_000
    assert large.steps(lambda: large.tracker.list(Query(limit=20, offset=20))) < 8_000


def test_counts_by_state_are_kept_and_not_made(boards) -> None:
    """Of all, of some states, and of none."""
    small, large = boards
    for states in (None, UNCLOSED, frozenset({State.OPEN}), frozenset()):
        query = Query(states=states)
        assert large.steps(lambda query=query: large.tracker.count(query)) < 120
    assert large.tracker.count() == LARGE
    assert small.tracker.count(Query(states=UNCLOSED)) == SMALL // 2


@pytest.mark.parametrize("name", ["label", "labels", "assignee", "author", "milestone", "priority"])
def test_other_counts_read_nothing_but_an_index(boards, name: str) -> None:
    """The issues themselves are not looked at."""
    sql, values = number(boards[1].connection, Query(states=UNCLOSED, where=CLAUSES[name]))
    rows = boards[1].connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    looked_up = [row[3] for row in rows if row[3].startswith(("SEARCH", "SCAN"))]
    assert all("COVERING INDEX" in one or "subquery" in one for one in looked_up), looked_up


def test_of_two_clauses_the_one_with_fewer_issues_leads(boards) -> None:
    """Whichever is named first, the rare label is read and the common one tested."""
    _, large = boards
    rare = large.tracker.create(Draft(title="rare", labels=frozenset({"rare", "l1"})))
    for labels in ({"rare", "l1"}, {"l1", "rare"}):
        query = Query(states=UNCLOSED, labels=frozenset(labels), limit=20)
        assert [one.id for one in large.tracker.list(query)] == [rare.id]
        assert large.steps(lambda query=query: large.tracker.list(query)) < 20_000
    author = Query(where=(match(Field.AUTHOR, "eve"),), sort=(SORTS["updated"],), limit=20)
    assert large.steps(lambda: large.tracker.list(author)) < 25_000


def test_words_are_found_through_the_text_index(boards) -> None:
    """A rare word costs the same on any board, in the usual orders as by relevance."""
    for sort in ((), (SORTS["number"],), (SORTS["updated"],)):
        query = Query(where=(Words(text="issue 77"),), sort=sort, limit=20)
        assert all("SCAN i" not in one for one in plan(boards[1], query))
        works = [lambda one=one, query=query: one.tracker.list(query) for one in boards]
        small, large = (one.steps(work) for one, work in zip(boards, works, strict=True))
        assert large < small + 500


def test_ready_reads_the_first_and_not_the_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where almost all issues wait, and where some are held, delayed or have failed."""
    opened = Opened(tmp_path / "issues.db", monkeypatch)
    with closing(opened.tracker):
        first = Draft(title="first", priority=Priority.LOW, key="first")
        waiting = [Draft(title=f"{n}", depends_on=("key:first",)) for n in range(3_000)]
        free = [Draft(title=f"free {n}", priority=Priority.LOW) for n in range(40)]
        opened.tracker.create_many([first, *waiting, *free])
        records = {
            str(3_001 + n): Record(
                key=str(3_001 + n),
                epoch=1,
                failures=(Failure(at=NOW, epoch=1, reason="x"),) * (n % 5),
                lease=Lease(key="k", holder="h", epoch=1, expires_at=NOW + timedelta(days=n % 2)),
            )
            for n in range(1, 20)
        }
        for known in ({}, records):
            work = lambda known=known: opened.tracker.ready(known, NOW, 20)  # noqa: E731
            assert opened.steps(work) < 12_000
            assert len(opened.tracker.ready(known, NOW, 20)) == 20


def test_a_change_does_not_touch_those_that_have_nothing_to_do_with_it(boards) -> None:
    """To create, change, comment on and close an issue costs the same on any board."""
    works = {
        "create": lambda tracker: tracker.create(Draft(title="x", depends_on=("399",))),
        "update": lambda tracker: tracker.update("398", Change(title="y", priority=Priority.LOW)),
        "label": lambda tracker: tracker.update("397", Change(add_labels=frozenset({"new"}))),
        "comment": lambda tracker: tracker.comment("396", "text", author="ann"),
        "close": lambda tracker: tracker.update("395", Change(state=State.CLOSED)),
        "depend": lambda tracker: tracker.update("394", Change(add_depends_on=frozenset({"2"}))),
        "get": lambda tracker: tracker.get("393"),
        "activity": lambda tracker: tracker.activity(limit=20),
        "history": lambda tracker: tracker.activity(issue="395"),
        "recent": lambda tracker: tracker.activity(since=NOW + timedelta(days=1)),
    }
    for name, work in works.items():
        small, large = (one.steps(lambda one=one, work=work: work(one.tracker)) for one in boards)
        assert large < small + 1_000, name
