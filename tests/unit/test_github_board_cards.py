"""One card of the board on GitHub: what is written, and what counts as a person's move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.issue import Priority, State
from framework.domain.trouble import Kind, Trouble
from framework.forge.github import Done, Failed, Unknown
from framework.trackers.github.board_cards import Card, Row, There, is_due, seen, shown, taken_away
from framework.trackers.github.board_fields import AGENT, PRIORITY, STATUS, Known
from framework.trackers.github.board_writes import after, filling, placing, without

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = {state: f"o-{state}" for state in STATUS.options}
STATUS_KNOWN = Known(
    id="F1",
    name="Status",
    options=COLUMNS,
    every={**{id_: state for state, id_ in COLUMNS.items()}, "o-later": "Later"},
)
LEVELS = {level: f"p-{level}" for level in PRIORITY.options}
PRIORITY_KNOWN = Known(
    id="F2", name="Priority", options=LEVELS, every={id_: level for level, id_ in LEVELS.items()}
)
FIELDS = {
    "Status": STATUS_KNOWN,
    "Priority": PRIORITY_KNOWN,
    "Agent": Known(id="F3", name="Agent", options={}, every={}),
}
WELL = Row(
    want=Card(number=1, node="I1", state=State.OPEN, priority=Priority.HIGH),
    item="X1",
    state=State.OPEN,
    priority=Priority.HIGH,
    agent="",
    option=COLUMNS[State.OPEN],
    at="2026-01-01T10:00:00Z",
)


def there(option: str, at: str = "2026-01-01T11:00:00Z", **more: object) -> There:
    plain = There(
        item="X1",
        node="I1",
        archived=False,
        option=option,
        at=at,
        closed_at="",
        priority=LEVELS[Priority.HIGH],
        agent="",
    )
    return replace(plain, **more)


def look(row: Row, one: There) -> Row:
    return seen(row, one, STATUS_KNOWN, PRIORITY_KNOWN)


def card(state: State, **more: object) -> Card:
    return replace(WELL.want, state=state, **more)


def test_a_new_card_is_added_and_then_filled() -> None:
    """First the card, then its fields: one request cannot do both."""
    row = shown(None, card(State.IN_PROGRESS, agent="ada"), told=False)
    (add,) = placing("B", {1: row})
    assert add.mutation.input == {"projectId": "B", "contentId": "I1"}
    assert filling("B", {1: row}, FIELDS) == []
    row = after(row, add, Done(data={"item": {"id": "X1", "isArchived": False}}), NOW)
    assert [one.what for one in filling("B", {1: row}, FIELDS)] == ["state", "priority", "agent"]
    assert placing("B", {1: row}) == []


def test_only_what_differs_is_written() -> None:
    """A card that shows what it should costs nothing."""
    assert not is_due(WELL)
    row = shown(WELL, card(State.BLOCKED), told=False)
    (write,) = filling("B", {1: row}, FIELDS)
    assert write.mutation.input["value"] == {"singleSelectOptionId": COLUMNS[State.BLOCKED]}
    row = after(row, write, Done(data={"projectV2Item": {"updatedAt": "T"}}), NOW)
    assert (row.option, row.at) == (COLUMNS[State.BLOCKED], "T")
    assert not is_due(row)


def test_a_move_is_told_and_not_written_over() -> None:
    """A person's word wins, and our answer that agrees with it is no write."""
    row = look(WELL, there(COLUMNS[State.BLOCKED]))
    assert row.moved is State.BLOCKED
    assert not is_due(row)
    assert look(row, there(COLUMNS[State.BLOCKED])) == row, "seen twice is one move"
    row = shown(row, card(State.BLOCKED), told=True)
    assert row.moved is None
    assert not is_due(row)


def test_a_move_stands_until_it_was_told() -> None:
    """Who did not hear of it yet does not write over it; whoever did may put the card back."""
    row = look(WELL, there(COLUMNS[State.BLOCKED]))
    assert shown(row, card(State.IN_PROGRESS), told=False).want.state is State.BLOCKED
    assert is_due(shown(row, card(State.OPEN), told=True))


def test_a_move_wins_over_what_is_queued() -> None:
    """What we wanted before we saw the move is dropped."""
    row = shown(WELL, card(State.IN_PROGRESS), told=False)
    row = look(row, there(COLUMNS[State.NEEDS_REVIEW]))
    assert row.moved is State.NEEDS_REVIEW
    assert not is_due(row)


def test_a_move_to_where_we_want_it_is_none() -> None:
    """Also when GitHub's own workflow did it, as when an issue is closed."""
    row = look(shown(WELL, card(State.CLOSED), told=False), there(COLUMNS[State.CLOSED]))
    assert row.moved is None
    assert not is_due(row)


def test_a_closed_issue_in_done_is_no_move() -> None:
    """A person closed it, and GitHub's workflow moved the card: the issue tells of that itself."""
    closed = there(COLUMNS[State.CLOSED], closed_at="2026-01-01T10:59:59Z")
    row = look(WELL, closed)
    assert row.moved is None
    assert not is_due(row)
    assert not is_due(shown(row, card(State.CLOSED), told=False))


def test_an_old_copy_is_no_move() -> None:
    """GitHub may answer with how it was before our last write."""
    assert look(WELL, there(COLUMNS[State.BLOCKED], at="2026-01-01T09:59:59Z")).moved is None


def test_closing_after_the_move_is_the_later_word() -> None:
    """Another machine that closed the issue has not come to its card yet: we write it."""
    row = look(
        shown(WELL, card(State.CLOSED), told=False),
        there(COLUMNS[State.IN_PROGRESS], closed_at="2026-01-01T11:00:01Z"),
    )
    assert row.moved is None
    assert is_due(row)


@pytest.mark.parametrize("option", ["o-later", ""], ids=["own column", "no column"])
def test_people_have_columns_of_their_own(option: str) -> None:
    """A card that a person puts there is left there until the issue's state changes."""
    row = look(WELL, there(option))
    assert row.moved is None
    assert not is_due(row)
    assert is_due(shown(row, card(State.IN_PROGRESS), told=False))


def test_a_deleted_column_is_no_move() -> None:
    """Cards that lost their column get the one that was put back."""
    row = look(replace(WELL, option="o-deleted"), there(""))
    assert row.moved is None
    assert is_due(row)


def test_what_is_not_known_is_decided_by_the_issue() -> None:
    """After the loss of our file a look is enough, and nobody's move is invented."""
    fresh = Row(want=WELL.want)
    assert not is_due(look(fresh, there(COLUMNS[State.OPEN])))
    row = look(fresh, there(COLUMNS[State.BLOCKED]))
    assert row.moved is None
    assert is_due(row)
    assert not is_due(look(fresh, there("o-later"))), "a column of people's own is like Todo"


def test_a_card_that_people_took_away_stays_away() -> None:
    """Until the issue's state changes; an archived one is then taken out of the archive."""
    row = taken_away(WELL)
    assert not is_due(row)
    assert not is_due(shown(row, card(State.OPEN, priority=Priority.LOW), told=False))
    (write,) = placing("B", {1: shown(row, card(State.CLOSED), told=False)})
    assert write.what == "add"
    row = look(WELL, there(COLUMNS[State.OPEN], archived=True))
    assert not is_due(row)
    row = shown(row, card(State.CLOSED), told=False)
    assert look(row, there(COLUMNS[State.OPEN], archived=True)).away is False
    (write,) = placing("B", {1: row})
    assert write.what == "unarchive"


def test_a_card_too_new_to_be_found_is_added_again() -> None:
    """Nothing was written to it yet, so nobody can have taken it away."""
    row = replace(Row(want=WELL.want), item="X1", unsure=True)
    (write,) = placing("B", {1: taken_away(row)})
    assert write.what == "add"


def test_an_archived_card_is_not_dug_out_by_adding_it() -> None:
    """Adding answers with the card of an archive that we had forgotten."""
    row = shown(None, card(State.CLOSED), told=False)
    (add,) = placing("B", {1: row})
    assert not is_due(after(row, add, Done(data={"item": {"id": "X", "isArchived": True}}), NOW))


def test_a_refused_write_waits_longer_each_time() -> None:
    """5 seconds, 10, 20 … up to an hour, and the card is looked at before the next one."""
    row = shown(WELL, card(State.BLOCKED), told=False)
    (write,) = filling("B", {1: row}, FIELDS)
    refused = Failed(trouble=Trouble(kind=Kind.NOT_FOUND), code="NOT_FOUND", why="no")
    waits = []
    for _ in range(12):
        row = after(row, write, refused, NOW)
        assert row.after is not None
        waits.append(row.after - NOW)
    assert waits[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert waits[-1] == timedelta(hours=1)
    assert row.unsure
    assert shown(row, card(State.CLOSED), told=False).after is None, "a new state is tried at once"


def test_a_lost_answer_is_looked_after() -> None:
    """It may have been done: the look decides."""
    row = shown(WELL, card(State.BLOCKED), told=False)
    (write,) = filling("B", {1: row}, FIELDS)
    row = after(row, write, Unknown(why="gone"), NOW)
    assert row.unsure
    assert not is_due(look(row, there(COLUMNS[State.BLOCKED])))
    assert is_due(look(row, there(COLUMNS[State.OPEN], at=WELL.at)))
    came_back = look(row, there(COLUMNS[State.OPEN]))
    assert came_back.moved is State.OPEN, "it was done, and a person took it back"


def test_a_limit_says_nothing_of_the_card() -> None:
    """It stays as it was, to be written later."""
    row = shown(WELL, card(State.BLOCKED), told=False)
    (write,) = filling("B", {1: row}, FIELDS)
    limited = Failed(trouble=Trouble(kind=Kind.RATE_LIMIT), code="RATE_LIMITED", why="slow")
    assert after(row, write, limited, NOW) == row


def test_a_board_without_a_field_does_without() -> None:
    """What cannot be shown is not due for ever."""
    only = {STATUS.name: STATUS_KNOWN}
    row = shown(WELL, card(State.OPEN, priority=Priority.LOW, agent="ada"), told=False)
    assert filling("B", {1: row}, only) == []
    assert not is_due(without(row, only))
    assert {one.what for one in filling("B", {1: row}, FIELDS)} == {"priority", "agent"}


def test_an_agent_that_leaves_is_cleared() -> None:
    """GitHub refuses an empty text as a value."""
    row = replace(WELL, agent="ada")
    (write,) = filling("B", {1: row}, FIELDS)
    assert write.mutation.name == "clearProjectV2ItemFieldValue"
    assert write.mutation.input["fieldId"] == FIELDS[AGENT.name].id


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.sampled_from(State)),
        st.tuples(st.just("move"), st.sampled_from(State)),
        st.tuples(st.just("flush"), st.none()),
        st.tuples(st.just("lost"), st.none()),
    )
)


@given(STEPS)
def test_whatever_happens_board_and_issue_agree_in_the_end(
    steps: list[tuple[str, State | None]],
) -> None:
    """Any order of changes, moves, writes and lost answers ends with the card in the column of
    the state that we hold, and no move is lost that was the last word."""
    row, column, tick, last_move = WELL, COLUMNS[State.OPEN], 10, None
    for what, state in [*steps, ("look", None), ("flush", None)]:
        tick += 1
        at = f"2026-01-02T{tick:09d}Z"
        match what:
            case "show":
                row, last_move = shown(row, card(state), told=True), None
            case "move" if column == COLUMNS[state]:
                pass
            case "move":
                column, last_move = COLUMNS[state], state
                row = look(row, there(column, at=at))
            case "look":
                row = look(row, there(column, at=at))
            case _:
                for write in filling("B", {1: row}, {STATUS.name: STATUS_KNOWN}):
                    column = write.option
                    lost = Unknown(why="lost") if what == "lost" else None
                    done = Done(data={"projectV2Item": {"updatedAt": at}})
                    row = after(row, write, lost or done, NOW)
    assert column == COLUMNS[row.want.state]
    assert last_move in (None, row.want.state)
