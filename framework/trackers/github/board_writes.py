"""What must be written so that a card shows what it should, and what follows from each answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from ...domain.frozen import dataclass
from ...domain.issue import Priority, State
from ...domain.trouble import Kind
from ...forge.github import Done, Failed, Mutation, Result, Unknown
from .board_cards import (
    Row,
    added,
    failed,
    unarchived,
    unknown,
    wrote_agent,
    wrote_priority,
    wrote_state,
)
from .board_fields import AGENT, PRIORITY, STATUS, Known
from .board_texts import add_item, clear_value, set_value, unarchive_item

What = Literal["add", "unarchive", "state", "priority", "agent"]


@dataclass(frozen=True, kw_only=True)
class Write:
    """One mutation for the card of one issue: `value` is what the card shows afterwards, `option`
    its id on the board where it has one."""

    number: int
    what: What
    mutation: Mutation
    value: str = ""
    option: str = ""


def placing(board: str, rows: Mapping[int, Row]) -> list[Write]:
    """Brings onto the board what is not there: their fields cannot be set in the same request."""
    return [_placed(board, number, row) for number, row in rows.items() if not _is_there(row)]


def _is_there(row: Row) -> bool:
    return bool(row.item) and not row.archived


def _placed(board: str, number: int, row: Row) -> Write:
    if row.item:
        return Write(number=number, what="unarchive", mutation=unarchive_item(board, row.item))
    return Write(number=number, what="add", mutation=add_item(board, row.want.node))


def filling(board: str, rows: Mapping[int, Row], fields: Mapping[str, Known]) -> list[Write]:
    """Sets the fields of the cards that are on the board. All states come first: those are what
    people look for."""
    there = {number: row for number, row in rows.items() if _is_there(row)}
    return [
        *_states(board, there, fields[STATUS.name]),
        *_priorities(board, there, fields.get(PRIORITY.name)),
        *_agents(board, there, fields.get(AGENT.name)),
    ]


def without(row: Row, fields: Mapping[str, Known]) -> Row:
    """What cannot be shown on this board counts as shown."""
    row = row if PRIORITY.name in fields else wrote_priority(row, row.want.priority)
    return row if AGENT.name in fields else wrote_agent(row, row.want.agent)


def _states(board: str, rows: Mapping[int, Row], field: Known) -> Iterator[Write]:
    for number, row in rows.items():
        state = row.want.state
        if row.state is not state and state in field.options:
            option = field.options[state]
            mutation = set_value(board, row.item, field.id, {"singleSelectOptionId": option})
            yield Write(number=number, what="state", mutation=mutation, value=state, option=option)


def _priorities(board: str, rows: Mapping[int, Row], field: Known | None) -> Iterator[Write]:
    for number, row in rows.items():
        priority = row.want.priority
        if field and row.priority is not priority and priority in field.options:
            option = {"singleSelectOptionId": field.options[priority]}
            mutation = set_value(board, row.item, field.id, option)
            yield Write(number=number, what="priority", mutation=mutation, value=priority)


def _agents(board: str, rows: Mapping[int, Row], field: Known | None) -> Iterator[Write]:
    for number, row in rows.items():
        agent = row.want.agent
        if field and (row.agent or "") != agent:
            mutation = (
                set_value(board, row.item, field.id, {"text": agent})
                if agent
                else clear_value(board, row.item, field.id)
            )
            yield Write(number=number, what="agent", mutation=mutation, value=agent)


def is_of_card(result: Result) -> bool:
    """Whether it is the one card that GitHub refused, and not us or now."""
    return isinstance(result, Failed) and result.trouble.kind in _OF_CARD


_OF_CARD = {Kind.NOT_FOUND, Kind.UNPROCESSABLE, Kind.CONFLICT, Kind.INVALID_REQUEST}


def after(row: Row, write: Write, result: Result, now: datetime) -> Row:
    """What is known of the card once the write was answered, or not."""
    match result:
        case Done(data=data):
            return _done(row, write, data or {})
        case Failed():
            return failed(row, now) if is_of_card(result) else row
        case Unknown():
            return unknown(row)


def _done(row: Row, write: Write, data: Mapping[str, Any]) -> Row:
    match write.what:
        case "add":
            return added(row, data)
        case "unarchive":
            return unarchived(row)
        case "state":
            return wrote_state(row, State(write.value), write.option, data)
        case "priority":
            return wrote_priority(row, Priority(write.value))
        case "agent":
            return wrote_agent(row, write.value)
