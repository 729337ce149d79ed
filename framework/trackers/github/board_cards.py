"""One card: what it should show, what it shows, and what people did to it. No input or output.

What people do on the board wins: a card that stands elsewhere than where we last put it was moved
by a person, is told as a move once, and stays there until the issue's state changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ...domain.frozen import dataclass, replace
from ...domain.issue import Issue, Priority, State
from .board_fields import Known

_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the board should show of an issue. `node` is its GraphQL id; `agent` is who works on
    it, empty for nobody."""

    number: int
    node: str
    state: State
    priority: Priority
    agent: str = ""


def card_of(issue: Issue, node: str, agent: str) -> Card:
    """`agent` is who worked on it last."""
    return Card(
        number=int(issue.id),
        node=node,
        state=issue.state,
        priority=issue.priority,
        agent=agent if issue.state is State.IN_PROGRESS else "",
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is known of a card: `want` as it should be, and as it is.

    `item` is the card's own id, empty before there is one. `state`, `priority` and `agent` are
    what was last written, or found to be right; None where that is not known. `option` is the
    column in which the card was last, and `at` GitHub's time of that. `moved` is where a person
    put it, until we were told what became of that. `away`: a person took the card off the board.
    `unsure`: look before the next write. `tries` failed in a row; not before `after` again.
    """

    want: Card
    item: str = ""
    archived: bool = False
    state: State | None = None
    priority: Priority | None = None
    agent: str | None = None
    option: str = ""
    at: str = ""
    moved: State | None = None
    away: bool = False
    unsure: bool = False
    tries: int = 0
    after: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class There:
    """A card as GitHub has it. `at` is when it came into its column, `closed_at` when its issue
    was closed; times are GitHub's text, empty for never. `priority` is the id of an option."""

    item: str
    node: str
    archived: bool
    option: str
    at: str
    closed_at: str
    priority: str
    agent: str


def there_of(data: Mapping[str, Any]) -> There:
    """From GitHub's answer. A card without an issue that we may see has an empty `node`."""
    status, content = data.get("status") or {}, data.get("content") or {}
    return There(
        item=data["id"],
        node=content.get("id") or "",
        archived=bool(data["isArchived"]),
        option=status.get("optionId") or "",
        at=status.get("updatedAt") or data["updatedAt"],
        closed_at=content.get("closedAt") or "",
        priority=(data.get("priority") or {}).get("optionId") or "",
        agent=(data.get("agent") or {}).get("text") or "",
    )


def shown(row: Row | None, card: Card, *, told: bool) -> Row:
    """After somebody asked for `card`. A person's move that was not `told` yet stands against the
    state in it; once told, `card` is the answer to the move."""
    if row is None:
        return Row(want=card)
    if row.moved is not None and not told:
        return replace(row, want=replace(card, state=row.moved))
    if card.node != row.want.node:
        return Row(want=card)
    if card.state is not row.want.state:
        row = replace(row, tries=0, after=None)
        row = replace(row, away=False, state=None) if row.away else row
    return replace(row, want=card, moved=None)


def is_due(row: Row) -> bool:
    """Whether anything is left to write, now or later."""
    if row.away:
        return False
    want = row.want
    right = (row.state, row.priority, row.agent or "") == (want.state, want.priority, want.agent)
    return not (right and row.item and not row.archived)


def taken_away(row: Row) -> Row:
    """The card is not on the board any more: a person deleted it. One that we have only just
    added may be too new to be found: it is added again, which changes nothing if it is there."""
    away = row.state is not None
    return replace(row, item="", archived=False, away=away, unsure=False, option="", at="")


def seen(row: Row, there: There, status: Known, priority: Known | None) -> Row:
    """After a look at the card on the board."""
    is_coming_back, was_unsure = row.archived and not row.away, row.unsure
    row = replace(row, item=there.item, archived=there.archived, unsure=False)
    if there.archived:
        return replace(row, away=not is_coming_back)
    if row.priority is None and priority is not None:
        found = priority.meaning(there.priority)
        row = replace(row, priority=Priority(found) if found else None)
    row = replace(row, agent=there.agent if row.agent is None else row.agent)
    meaning = status.meaning(there.option)
    state = State(meaning) if meaning else None
    if row.state is None:
        return _first_seen(row, there, state)
    if there.at < row.at:
        return row  # GitHub's copy of the time before our last write
    came_back = was_unsure and bool(there.option) and there.at > row.at  # after our lost write
    if there.option == row.option and not came_back:
        return row
    return _moved(row, there, state, status)


def _first_seen(row: Row, there: There, state: State | None) -> Row:
    """Nobody knows who put it there: the issue decides, but people's own columns are a place
    like Todo."""
    own_column = state is None and bool(there.option)
    if own_column and row.want.state is State.OPEN:
        state = State.OPEN
    return replace(row, state=state, option=there.option, at=there.at)


def _moved(row: Row, there: There, state: State | None, status: Known) -> Row:
    column_is_gone = row.option not in status.every and not there.option
    row = replace(row, option=there.option, at=there.at)
    if column_is_gone:
        return replace(row, state=None)
    if state is None or state is row.want.state:
        return replace(row, state=row.want.state)
    if there.closed_at >= there.at and state is not State.CLOSED:
        return replace(row, state=state)  # closing the issue afterwards is the later word
    row = replace(row, state=state, want=replace(row.want, state=state))
    is_told = state is State.CLOSED and there.closed_at  # the issue itself says so
    return row if is_told else replace(row, moved=state)


def added(row: Row, data: Mapping[str, Any]) -> Row:
    """After the card was put on the board. A new one shows nothing yet; an archived one is told
    by this to have been there before, and stays away."""
    item, archived = data["item"]["id"], bool(data["item"]["isArchived"])
    return replace(_well(row), item=item, archived=archived, away=archived)


def unarchived(row: Row) -> Row:
    return replace(_well(row), archived=False)


def wrote_state(row: Row, state: State, option: str, data: Mapping[str, Any]) -> Row:
    at = (data.get("projectV2Item") or {}).get("updatedAt") or ""
    return replace(_well(row), state=state, option=option, at=at)


def wrote_priority(row: Row, priority: Priority) -> Row:
    return replace(_well(row), priority=priority)


def wrote_agent(row: Row, agent: str) -> Row:
    return replace(_well(row), agent=agent)


def _well(row: Row) -> Row:
    return replace(row, tries=0, after=None)


def failed(row: Row, now: datetime) -> Row:
    """GitHub refused a write of the card: look first, and later each time."""
    wait = min(_FIRST * 2 ** min(row.tries, 20), _LONGEST)
    return replace(row, unsure=bool(row.item), tries=row.tries + 1, after=now + wait)


def unknown(row: Row) -> Row:
    """No answer to a write: it may have been done."""
    return replace(row, unsure=bool(row.item))
