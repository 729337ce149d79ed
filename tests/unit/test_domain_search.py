"""The query language: what each text asks for, and how mistakes are told."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.domain.errors import QueryError
from framework.domain.issue import Issue, Priority, State
from framework.domain.part import cut
from framework.domain.query import Field, Match, Moment, Order, Query, Search, Sort, Within, Words
from framework.domain.search import parse

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TICK = datetime.resolution
ISSUE = Issue(
    id="12",
    uid="local:0/12",
    title="Memory leak in the parser",
    body='It says "std::vector" and more.',
    author="ada",
    created_at=NOW - timedelta(days=10),
    updated_at=NOW - timedelta(hours=2),
)


def read(text: str) -> Search:
    return parse(text, now=NOW, me="ada")


def clauses(text: str) -> tuple[object, ...]:
    return read(text).query.where


def finds(text: str, **fields: object) -> bool:
    return read(text).query.matches(replace(ISSUE, **fields))


def labels(*names: str) -> dict[str, object]:
    return {"labels": frozenset(names)}


def assigned(*names: str) -> dict[str, object]:
    return {"assignees": frozenset(names)}


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_q01_is_looks_at_the_state() -> None:
    """Q01: `is:` names each state, in both spellings; a comma is either."""
    for state in State:
        for text in (state.value, state.value.replace("_", "-"), state.value.upper()):
            assert read(f"is:{text}").query == Query(states=frozenset({state}))
            assert read(f"state:{text}").query == Query(states=frozenset({state}))
    both = frozenset({State.OPEN, State.BLOCKED})
    assert read("is:open,blocked").query.states == both
    assert read("-is:open,blocked").query.states == frozenset(State) - both
    assert read("is:open,blocked -is:open").query.states == {State.BLOCKED}


def test_q01_all_states_is_not_the_same_as_none_said() -> None:
    """Who names every state has spoken of states."""
    every = ",".join(State)
    assert read(f"is:{every}").query.states == frozenset(State)
    assert read("").query.states is None


def test_q01_is_claimed_is_apart_from_the_query() -> None:
    """`is:claimed` asks for leases, which the query itself does not know."""
    assert read("is:claimed") == Search(
        query=Query(), claimed=True, readings=("is:claimed — somebody holds a claim on it",)
    )
    assert read("-is:claimed is:open").claimed is False
    assert read("is:open").claimed is None


def test_q02_assignee_is_me_or_a_name_or_nobody() -> None:
    """Q02: `me` is the caller, a name is that user, `none` is nobody and `*` anybody."""
    assert finds("assignee:me", **assigned("ada", "bob"))
    assert finds("assignee:@me", **assigned("ada"))
    assert not finds("assignee:me", **assigned("bob"))
    assert finds("assignee:agent-coder", **assigned("agent-coder"))
    assert finds("assignee:bob,me", **assigned("ada"))
    assert finds("assignee:none")
    assert not finds("assignee:none", **assigned("bob"))
    assert finds("assignee:*", **assigned("bob"))
    assert finds("-assignee:none", **assigned("bob"))
    assert finds("-assignee:me", **assigned("bob"))
    assert finds('assignee:"me"', **assigned("me"))
    assert finds('assignee:"none"', **assigned("none"))


def test_q03_a_comma_is_or_and_values_hold_colons() -> None:
    """Q03: `label:bug,priority:high` is either of two labels, one of them with a colon."""
    either = "label:bug,priority:high"
    assert finds(either, **labels("bug"))
    assert finds(either, **labels("priority:high"))
    assert not finds(either, **labels("high", "priority"))
    assert finds("label:priority:high", **labels("priority:high"))


def test_q03_a_repeated_qualifier_is_and() -> None:
    """`label:a label:b` is only where both are, as it is for old filters."""
    assert finds("label:a label:b", **labels("a", "b", "c"))
    assert not finds("label:a label:b", **labels("a"))
    assert read("label:a label:b").query == Query(labels=frozenset({"a", "b"}))
    assert finds("label:a,b label:b,c", **labels("b"))
    assert not finds("label:a,b label:c,d", **labels("a"))


def test_q04_a_minus_negates_any_part() -> None:
    """Q04: `-label:blocked` is where it is not, and every qualifier and word can be negated."""
    assert finds("-label:blocked", **labels("bug"))
    assert not finds("-label:blocked", **labels("blocked", "bug"))
    assert not finds("-label:a,b", **labels("b"))
    assert finds("-label:a,b", **labels("c"))
    for text in (
        "author:ada",
        "priority:medium",
        "no:milestone",
        "created:>7d",
        "leak",
        '"in the"',
    ):
        assert finds(text)
        assert not finds(f"-{text}")


def test_q05_a_duration_is_an_age() -> None:
    """Q05: `created:>7d` is older than seven days, `updated:<24h` younger than a day."""
    assert finds("created:>7d", created_at=ago(days=7) - TICK)
    assert not finds("created:>7d", created_at=ago(days=7))
    assert finds("created:>=7d", created_at=ago(days=7))
    assert not finds("created:>=7d", created_at=ago(days=7) + TICK)
    assert finds("updated:<24h", updated_at=ago(hours=24) + TICK)
    assert not finds("updated:<24h", updated_at=ago(hours=24))
    assert finds("updated:<=24h", updated_at=ago(hours=24))
    assert not finds("updated:<=24h", updated_at=ago(hours=24) - TICK)
    assert not finds("created:>30d")


def test_q05_two_durations_are_a_span_of_ages() -> None:
    """`1d..7d` is at least a day and at most seven days old, both included."""
    for at in (ago(days=1), ago(days=7)):
        assert finds("created:1d..7d", created_at=at)
    for at in (ago(days=1) + TICK, ago(days=7) - TICK):
        assert not finds("created:1d..7d", created_at=at)
    assert clauses("created:7d..*") == clauses("created:>=7d")
    assert clauses("created:*..7d") == clauses("created:<=7d")


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("created:2026-01-31", day("2026-01-31"), day("2026-02-01")),
        ("created:>2026-01-31", day("2026-02-01"), None),
        ("created:>=2026-01-31", day("2026-01-31"), None),
        ("created:<2026-01-31", None, day("2026-01-31")),
        ("created:<=2026-01-31", None, day("2026-02-01")),
        ("created:2026-01-01..2026-02-01", day("2026-01-01"), day("2026-02-02")),
        ("created:2026-01-01..2026-01-01", day("2026-01-01"), day("2026-01-02")),
        ("created:2026-01-01..*", day("2026-01-01"), None),
        ("created:*..2026-01-01", None, day("2026-01-02")),
        ("created:>2026-01-31T10:00", day("2026-01-31T10:00") + TICK, None),
        ("created:>=2026-01-31T10:00:00Z", day("2026-01-31T10:00"), None),
        ("created:<2026-01-31T10:00+02:00", None, day("2026-01-31T08:00")),
        ('created:<="2026-01-31 10:00"', None, day("2026-01-31T10:00") + TICK),
        ("created:2026-01-01..1d", day("2026-01-01"), ago(days=1) + TICK),
    ],
)
def test_dates_are_timestamps_in_utc(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    """A date is a whole day, a timestamp a moment, and both ends of a span belong to it."""
    assert clauses(text) == (Within(moment=Moment.CREATED, since=since, until=until),)


@pytest.mark.parametrize("moment", list(Moment))
def test_every_moment_has_its_qualifier(moment: Moment) -> None:
    """`created:`, `updated:` and `closed:` look at their own times."""
    assert clauses(f"-{moment}:<1h") == (
        Within(moment=moment, since=ago(hours=1) + TICK, negated=True),
    )


def test_q06_quotes_hold_a_value_together() -> None:
    """Q06: `milestone:"Q1 Release"` is one value; quotes, commas and backslashes can be in it."""
    assert finds('milestone:"Q1 Release"', milestone="Q1 Release")
    assert not finds('milestone:"Q1 Release"', milestone="Q1")
    assert finds(r'milestone:"a \"b\", \\c\d"', milestone=r'a "b", \c\d')
    assert finds('label:ok,"needs love"', **labels("needs love"))
    assert finds("milestone:none")
    assert finds("milestone:*", milestone="Q1")


def test_q07_sorting() -> None:
    """Q07: each order has the documented direction, and several apply in turn."""
    assert read("sort:created-desc sort:priority sort:closed-desc").query.sort == (
        Sort(by=Order.CREATED, descending=True),
        Sort(by=Order.PRIORITY),
        Sort(by=Order.CLOSED, descending=True),
    )
    assert read("sort:title,created-asc").query.sort == (
        Sort(by=Order.TITLE),
        Sort(by=Order.CREATED),
    )


@pytest.mark.parametrize("order", [one for one in Order if one is not Order.RELEVANCE])
def test_q07_without_a_direction_the_habit_counts(order: Order) -> None:
    """Times and urgency begin with the highest, numbers and titles with the lowest."""
    alone = read(f"sort:{order}").query.sort
    habit = "asc" if order in (Order.NUMBER, Order.TITLE) else "desc"
    assert alone == read(f"sort:{order}-{habit}").query.sort
    up, down = read(f"sort:{order}-asc").query.sort[0], read(f"sort:{order}-desc").query.sort[0]
    assert up.descending is (order is Order.PRIORITY)
    assert down.descending is not up.descending


def test_q07_relevance_begins_with_the_best_match() -> None:
    """`sort:relevance` is for queries that look for words."""
    assert read("sort:relevance leak").query.sort == (Sort(by=Order.RELEVANCE),)


def test_q08_everything_the_old_filters_could() -> None:
    """Q08: state, labels, assignee and a time before which it was changed, in one text."""
    assert read("is:open label:bug label:urgent assignee:bob updated:<2026-01-31").query == Query(
        states=frozenset({State.OPEN}),
        labels=frozenset({"bug", "urgent"}),
        where=(
            Match(field=Field.ASSIGNEE, any_of=frozenset({"bob"})),
            Within(moment=Moment.UPDATED, until=day("2026-01-31")),
        ),
    )


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("author:me", Field.AUTHOR, "ada"),
        ("author:bob", Field.AUTHOR, "bob"),
        ("priority:High", Field.PRIORITY, "high"),
        ("depends-on:#12", Field.DEPENDS_ON, "12"),
        ("depends_on:12", Field.DEPENDS_ON, "12"),
        ("key:plan/a:b", Field.KEY, "plan/a:b"),
        ("id:ABC-12", Field.ID, "ABC-12"),
        ("number:12", Field.ID, "12"),
        ("MILESTONE:Q1", Field.MILESTONE, "Q1"),
    ],
)
def test_each_qualifier_looks_at_its_field(text: str, field: Field, value: str) -> None:
    """The other qualifiers are one field each, their names in any case."""
    assert clauses(text) == (Match(field=field, any_of=frozenset({value})),)
    assert clauses(f"-{text}") == (Match(field=field, any_of=frozenset({value}), negated=True),)


@pytest.mark.parametrize("name", ["assignee", "author", "label", "milestone", "depends-on", "key"])
def test_no_is_where_there_is_none(name: str) -> None:
    """`no:` is for every field that can be empty."""
    assert clauses(f"no:{name}") == (Match(field=Field(name)),)
    assert clauses(f"-no:{name}") == (Match(field=Field(name), negated=True),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("memory  leak\n", (Words(text="memory"), Words(text="leak"))),
        ('"memory leak"', (Words(text="memory leak"),)),
        (
            '-"memory leak" -x',
            (Words(text="memory leak", negated=True), Words(text="x", negated=True)),
        ),
        ('"std::vector"', (Words(text="std::vector"),)),
        ('"is:open"', (Words(text="is:open"),)),
        ("foo,bar", (Words(text="foo,bar"),)),
        ("12:30", (Words(text="12:30"),)),
        ('"OR" or', (Words(text="OR"), Words(text="or"))),
        ("x>3 a=b", (Words(text="x>3"), Words(text="a=b"))),
        ("(maybe)", (Words(text="(maybe)"),)),
        ('a" "b', (Words(text="a b"),)),
        ("Größe", (Words(text="Größe"),)),
    ],
)
def test_all_else_is_words(text: str, expected: tuple[Words, ...]) -> None:
    """Free words must each be there; quoted ones one after another."""
    assert clauses(text) == expected


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("created:>7d", "created before 2026-11-14 10:00 UTC (older than 7 days)"),
        ("updated:<=1h", "last changed since 2026-11-21 09:00 UTC (1 hour old or younger)"),
        ("created:>=1h30m", "created until 2026-11-21 08:30 UTC (1 hour 30 minutes old or older)"),
        ("created:0s..1m",
         "created from 2026-11-21 09:59 UTC to 2026-11-21 10:00 UTC (0 seconds to 1 minute old)"),
        ("closed:2026-01-01..2026-02-01", "closed from 2026-01-01 to 2026-02-01"),
        ("-closed:2026-01-01", "not closed on 2026-01-01"),
        ("created:>2026-01-01T10:00:30Z", "created after 2026-01-01 10:00:30 UTC"),
        ("is:in-progress,open", "is in progress or open"),
        ("-is:open", "is not open"),
        ("-is:claimed", "nobody holds a claim on it"),
        ("assignee:me,bob", "is assigned to ada (you) or bob"),
        ("-label:a,b", "does not have the label a or b"),
        ("no:assignee", "is assigned to nobody"),
        ("-milestone:none", "is in a milestone"),
        ("depends-on:12", "depends on #12"),
        ("sort:priority,title",
         "sorted by priority, most urgent first, then by title, from A to Z"),
        ('"memory leak"', "title or body has the words memory leak"),
        ("-leak", "neither title nor body has the word leak"),
    ],
)  # fmt: skip
def test_every_part_says_how_it_was_read(text: str, reading: str) -> None:
    """`--explain` has one line for each part, in plain words."""
    assert read(text).readings == (f"{text} — {reading}",)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("is:open lable:bug", 9, "no qualifier lable. Did you mean label?"),
        ("-lable:bug", 2, "Did you mean label?"),
        ("is:open parent:100", 9, "write label:parent:100"),
        ("https://example.com", 1, "put it in quotes"),
        ("foo::bar", 1, "There is no qualifier foo. Known are is, state,"),
        ("is:open,opn", 9, "is:opn is not known. Did you mean open?"),
        ("is:ready", 4, "Known are open, in-progress,"),
        ("is:claimed,open", 12, "Write is:claimed as a part of its own"),
        ("priority:critical", 10, "Known are urgent, high, medium, low"),
        ("sort:prioritty", 6, "Did you mean priority?"),
        ("sort:created-down", 6, "sort:created-down is not known"),
        ("no:prio", 4, "Known are assignee,"),
        ("no:label,key", 10, "Repeat no: for several"),
        ("assignee:none,ada", 15, "as parts of their own"),
        ("label:", 7, "empty value"),
        ("label: bug", 7, "directly behind the colon"),
        ("label:a,,b", 9, "no:label for what has none"),
        ('is:""', 4, "is: has an empty value"),
        ('milestone:" "', 11, "empty value"),
        ('x ""', 3, "nothing between the quotes"),
        ('is:open "memory leak', 9, "not closed"),
        ('label:a,"b\\"', 9, "not closed"),
        ("a - b", 3, "says nothing"),
        ("is:open --state", 9, "options outside of the query"),
        ("!!! x", 1, "no letter and no digit"),
        ("a -...", 3, "no letter and no digit"),
        ("created:7d", 9, "needs a direction"),
        ("created:>7", 10, "'7' is no time"),
        ("created:> 7d", 10, "'' is no time"),
        ("created:=>7d", 9, "is no time"),
        ("created:2026-02-30", 9, "'2026-02-30' is no time"),
        ("created:20260101", 9, "is no time"),
        ("created:2026-W01-1", 9, "is no time"),
        ("created:2026-01-01,2026-01-02", 20, "Write a span as"),
        ("created:2026-01-01..2026-01-32", 21, "'2026-01-32' is no time"),
        ("created:2026-02-01..2026-01-01", 9, "ends before it begins"),
        ("created:7d..1d", 9, "ends before it begins"),
        ("created:*..*", 9, "is no time"),
        ("created:>999999w", 10, "is no time"),
        ("created:9999-12-31", 9, "is no time"),
        ("number:abc", 8, "abc is no number"),
        ("id:#", 4, "is no number"),
        ("sort:created x sort:created-asc", 16, "sorted by created already"),
        ("sort:created,created", 1, "sorted by created already"),
        ("-sort:created", 1, "cannot be negated"),
        ("sort:relevance -leak", 1, "Relevance is about words"),
        ("is:open is:closed", 9, "This leaves no state"),
        ("is:claimed -is:claimed", 12, "claimed and unclaimed at once"),
        ("is:open OR is:closed", 9, "comma as in label:a,b is OR"),
        ("(is:open label:a)", 1, "Parentheses group nothing"),
        ("created>7d", 1, "A colon belongs after created"),
        ("state=open", 1, "Write state:"),
    ],
)
def test_a_mistake_is_told_with_its_column(text: str, column: int, says: str) -> None:
    """Every mistake has a message with what to do, and points at the part that is wrong."""
    with pytest.raises(QueryError, match=re.escape(says)) as caught:
        read(text)
    assert caught.value.column == column
    assert re.search(r"\. \S.*[.?]$", str(caught.value)), "what happened, then what to do"


PIECES = (
    'is: label: - " \\ , : > < = .. * 7d sort: created: 2026-01-01 T10:00 open me # no: number:'
)
ODD = st.lists(
    st.sampled_from([*PIECES.split(), " ", "²", "\x00", "\ud800"]) | st.text(max_size=4),
    max_size=25,
).map("".join)


@settings(max_examples=500)
@given(st.text() | ODD)
def test_any_text_is_a_search_or_a_query_error(text: str) -> None:
    """No text raises anything else, every column is in the text, and every part is explained."""
    try:
        found = read(text)
    except QueryError as wrong:
        column, told = wrong.column, str(wrong)
        assert 1 <= column <= len(text) + 1
        assert len(told) < 600
        return
    for part, reading in zip(cut(text), found.readings, strict=True):
        assert reading.startswith(f"{part.source} — ")
    found.query.matches(ISSUE)


NAMES = st.text(min_size=1).filter(str.strip)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_any_name_can_be_quoted(names: list[str]) -> None:
    """Whatever a label is called, there is a text that asks for it."""
    text = f"-label:{','.join(map(quoted, names))}"
    assert clauses(text) == (Match(field=Field.LABEL, any_of=frozenset(names), negated=True),)


PARTS = ["is:open", "label:a", "-label:b,c", "author:me", "created:>7d", "leak", '"a b"', "id:12"]


@given(
    st.lists(
        st.sampled_from(PARTS),
        max_size=6,
    )
)
def test_parts_are_independent_of_each_other(parts: list[str]) -> None:
    """The meaning of a text is the conjunction of its parts' meanings."""
    whole = read(" ".join(parts))
    assert whole.query.matches(ISSUE) == all(read(one).query.matches(ISSUE) for one in parts)
    assert whole.readings == tuple(reading for one in parts for reading in read(one).readings)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from([*"dhmw"]), st.integers(0, 10**6))
def test_older_and_younger_exclude_each_other(at: datetime, unit: str, count: int) -> None:
    """Of `>` and `<=`, and of `<` and `>=`, exactly one holds for any age."""
    with contextlib.suppress(QueryError):
        for one, other in ((">", "<="), ("<", ">=")):
            first = finds(f"created:{one}{count}{unit}", created_at=at)
            assert first is not finds(f"created:{other}{count}{unit}", created_at=at)


PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL)
    for line in block.split("\n")
]
CELLS = [
    code
    for row in re.findall(r"^\| (`[^|]*`) \|", PAGE, re.MULTILINE)
    for code in re.findall(r"`([^`]+)`", row)
]


@pytest.mark.parametrize("example", [line for line in LINES if line] + CELLS)
def test_every_documented_query_is_understood(example: str) -> None:
    """What docs/queries.md shows, works."""
    assert read(example).readings


def test_the_page_shows_examples_of_everything() -> None:
    """The examples are found at all, and every priority and state is named."""
    assert len(LINES) > 5
    assert len(CELLS) > 50
    for one in (*Priority, *(state.value.replace("_", "-") for state in State), *Order, *Field):
        assert one in PAGE
