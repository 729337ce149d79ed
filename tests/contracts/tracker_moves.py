"""Random boards: drawn steps on a tracker, queries about it, and lease records beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from hypothesis import strategies as st

from framework.domain.entry import Label, Milestone, User
from framework.domain.errors import TrackerError
from framework.domain.frozen import replace
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
from framework.trackers.base import Tracker
from tests.contracts.tracker_stores import Clock

NAMES = ["a", "b", "meta", "it's", "Ünï", ""]
PEOPLE = ["ann", "bob", "nightshift"]
QUARTERS = ["Q1", "Q2 Release"]
KEYS = ["p/1", "p/2", "p%", "q", "\U0010ffff", "p/\U0010ffffz"]
TEXTS = [
    *("alpha beta", "Beta alpha. ALPHA", "beta_alpha", "alpha-beta gamma alpha beta"),
    *("straße", "STRASSE", "ﬁn de siècle", "fin", "naïve", "nai\u0308ve", "İstanbul ΣΑΣ σας"),
    *(
        "日本語 テキスト",
        "日本 語",
        "🤖 alpha \U0001f916 beta",
        "\U0001e900b alpha",
        "\x00nul",
        "²",
    ),
    *("ǂ616c706861", "", "don't", "x" * 9_000 + " alpha", "x" * 9_001 + " alpha"),
]

Step = Callable[[Tracker, Clock], object]


def _some(of: list[str], most: int = 2) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(of), max_size=most)


numbers = st.integers(1, 10).map(str)
first = st.integers(1, 8).map(str)
"""Of the issues that the first step makes. Which ids a step is about to make is not promised."""
texts = st.sampled_from(TEXTS)
states = st.sampled_from([State.OPEN, State.CLOSED, *State])


@st.composite
def _drafts(draw, ids: st.SearchStrategy[str] = numbers) -> Draft:
    return Draft(
        title=draw(texts),
        body=draw(texts),
        priority=draw(st.sampled_from(Priority)),
        labels=draw(_some(NAMES)),
        depends_on=tuple(draw(st.lists(ids, max_size=1))),
        assignees=draw(_some(PEOPLE)),
        milestone=draw(st.none() | st.sampled_from(QUARTERS)),
        key=draw(st.none() | st.sampled_from(KEYS)),
    )


@st.composite
def _changes(draw) -> Change:
    return Change(
        title=draw(st.none() | texts),
        body=draw(st.none() | texts),
        state=draw(st.none() | states),
        priority=draw(st.none() | st.sampled_from(Priority)),
        assignees=draw(st.none() | _some(PEOPLE)),
        milestone=draw(st.none() | st.sampled_from([*QUARTERS, ""])),
        add_labels=draw(_some(NAMES)),
        remove_labels=draw(_some(NAMES)),
        add_depends_on=draw(st.frozensets(numbers, max_size=1)),
        remove_depends_on=draw(st.frozensets(numbers, max_size=2)),
    )


@st.composite
def _updates(draw) -> Step:
    id, change, forced = draw(numbers), draw(_changes()), draw(st.booleans())
    by = draw(st.sampled_from(PEOPLE))
    return lambda tracker, _: tracker.update(id, change, actor=by, forced=forced)


@st.composite
def _state_changes(draw) -> Step:
    """Alone, as most are: drawn beside all else a change is too often refused."""
    id, state = draw(numbers), draw(states)
    return lambda tracker, _: tracker.update(id, Change(state=state))


@st.composite
def _creations(draw) -> Step:
    draft, by = draw(_drafts()), draw(st.sampled_from([*PEOPLE, ""]))
    return lambda tracker, _: tracker.create(draft, author=by)


@st.composite
def boards(draw) -> Step:
    """The first step: eight issues that wait for some of those before them."""
    drafts = []
    for number in range(8):
        draft, picks = draw(_drafts()), draw(st.frozensets(st.integers(0, 7), max_size=2))
        needs = tuple(f"key:b{one}" for one in sorted(picks) if one < number)
        drafts.append(replace(draft, key=f"b{number}", depends_on=needs))
    return lambda tracker, _: tracker.create_many(drafts)


@st.composite
def _batches(draw) -> Step:
    drafts = draw(st.lists(_drafts(first), max_size=3))
    linked = [
        Draft(title=f"linked {place}", key=f"l{place}", depends_on=(f"key:l{place - 1}",))
        for place in range(1, 3)
    ]
    chain = [Draft(title="linked 0", key="l0"), *linked] if draw(st.booleans()) else []
    return lambda tracker, _: tracker.create_many([*chain, *drafts])


@st.composite
def _others(draw) -> Step:
    id, text = draw(numbers), draw(texts)
    key = draw(st.none() | st.sampled_from(["k"]))
    return draw(
        st.sampled_from(
            [
                lambda tracker, _: tracker.delete(id, actor="ann"),
                lambda tracker, _: tracker.comment(id, text, author="bob", key=key),
                lambda _, clock: clock.forward(),
                lambda _, clock: clock.forward(timedelta(hours=-1)),
            ]
        )
    )


@st.composite
def _catalogue(draw) -> Step:
    name, was = draw(st.sampled_from(NAMES + PEOPLE)), draw(st.sampled_from(NAMES + PEOPLE))
    quarter, old = draw(st.sampled_from(QUARTERS)), draw(st.sampled_from(QUARTERS))
    kind = draw(st.sampled_from([Label, User]))
    return draw(
        st.sampled_from(
            [
                lambda tracker, _: tracker.save(Label(name=name, color="ff0000"), was=was),
                lambda tracker, _: tracker.save(User(name=name, kind="coder"), was=was),
                lambda tracker, _: tracker.save(Label(name=name, description="new")),
                lambda tracker, _: tracker.save(
                    Milestone(name=quarter, due=date(2026, 3, 31), is_closed=True), was=old
                ),
                lambda tracker, _: tracker.remove(kind, was),
                lambda tracker, _: tracker.remove(Milestone, old),
            ]
        )
    )


_on_issues = [
    *(_state_changes(), _state_changes(), _updates(), _updates()),
    *(_creations(), _batches(), _others()),
]
issue_steps: st.SearchStrategy[Step] = st.one_of(*_on_issues)
steps: st.SearchStrategy[Step] = st.one_of(*_on_issues, _catalogue())


def taken(step: Step, tracker: Tracker, clock: Clock) -> str | None:
    """Take the step; the name of the error with which it was refused."""
    try:
        step(tracker, clock)
    except TrackerError as error:
        return type(error).__name__
    return None


@st.composite
def _matches(draw) -> Match:
    field = draw(st.sampled_from(Field))
    values = {
        Field.ID: [*map(str, range(1, 6)), "01", "x"],
        Field.STATE: [*State, "nonsense"],
        Field.PRIORITY: [*Priority, "nonsense"],
        Field.LABEL: NAMES,
        Field.ASSIGNEE: PEOPLE,
        Field.AUTHOR: [*PEOPLE, ""],
        Field.MILESTONE: [*QUARTERS, ""],
        Field.DEPENDS_ON: [*map(str, range(1, 6)), "x"],
        Field.KEY: [*KEYS, ""],
    }[field]
    return Match(field=field, any_of=draw(_some(values, 3)), negated=draw(st.booleans()))


@st.composite
def _spans(draw) -> Within:
    moments = st.none() | st.integers(-3, 3).map(
        lambda minutes: Clock().now + timedelta(minutes=minutes)
    )
    return Within(
        moment=draw(st.sampled_from(Moment)),
        since=draw(moments),
        until=draw(moments),
        negated=draw(st.booleans()),
    )


_words = st.builds(
    lambda text, negated: Words(text=text, negated=negated),
    st.sampled_from([*TEXTS, "alpha", "beta", "fin", "日本", "strasse", "b", "nul", "2"]),
    st.booleans(),
)


@st.composite
def queries(draw) -> Query:
    return Query(
        states=draw(st.none() | st.frozensets(states)),
        labels=draw(_some(NAMES, 1)),
        key_prefix=draw(st.none() | st.sampled_from(["", "p", "p/", "p%", "P", "\U0010ffff"])),
        where=tuple(draw(st.lists(st.one_of(_matches(), _spans(), _words), max_size=3))),
        sort=tuple(
            draw(
                st.lists(
                    st.builds(
                        lambda by, down: Sort(by=by, descending=down),
                        st.sampled_from(Order),
                        st.booleans(),
                    ),
                    max_size=2,
                )
            )
        ),
        limit=draw(st.none() | st.integers(0, 5)),
        offset=draw(st.integers(0, 3)),
    )


@st.composite
def records(draw) -> dict[str, Record]:
    """Of some issues: held or not, failed or not, to wait or not, as of the clock's beginning."""
    now = Clock().now
    times = st.none() | st.integers(-1, 1).map(lambda seconds: now + timedelta(seconds=seconds))
    made = {}
    for key in draw(st.frozensets(numbers, max_size=6)):
        held, failures = draw(times), draw(st.integers(0, 4))
        made[key] = Record(
            key=key,
            epoch=1,
            lease=held and Lease(key=key, holder="h", epoch=1, expires_at=held),
            failures=tuple(Failure(at=now, epoch=1, reason="x") for _ in range(failures)),
            not_before=draw(times),
        )
    return made
