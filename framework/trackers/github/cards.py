"""The board beside the issues: told of every change, asked for what people moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from ...domain.errors import TrackerError
from ...domain.issue import Issue, State
from ..base import Clock
from .board_cards import Card

_EVERY = timedelta(seconds=10)
"""Between two writes to the board, so that many changes share one request."""


class Cards(Protocol):
    """What a board offers."""

    def show(self, cards: Iterable[Card]) -> None: ...

    def flush(self) -> None: ...

    def moves(self) -> Mapping[int, State]: ...

    def close(self) -> None: ...


class Shown:
    """Keeps trouble with the board away from the issues: it is said once, and they go on."""

    def __init__(self, board: Cards | None, clock: Clock, say: Callable[[str], None]) -> None:
        self._board = board
        self._clock = clock
        self._say = say
        self._said: set[str] = set()
        self._flushed: datetime | None = None
        self._is_waiting = False

    @property
    def is_there(self) -> bool:
        return self._board is not None

    def show(self, issues: Iterable[tuple[Issue, str, str]]) -> None:
        """Each with its node id and who works on it."""
        if self._board is not None:
            board, cards = self._board, [_card(*one) for one in issues]
            self._is_waiting = self._is_waiting or bool(cards)
            self._calmly(lambda: board.show(cards))

    def moves(self) -> Mapping[int, State]:
        """Where people put cards, by the numbers of their issues."""
        if self._board is None:
            return {}
        found: dict[int, State] = {}
        board = self._board
        self._calmly(lambda: found.update(board.moves()))
        return found

    def flush(self, *, now: bool = False) -> None:
        """Write to the board, if that was not done in the last seconds."""
        if self._board is None:
            return
        is_due = self._flushed is None or self._clock() - self._flushed >= _EVERY
        if now or is_due:
            if self._is_waiting:
                self._flushed, self._is_waiting = self._clock(), False
            self._calmly(self._board.flush)

    def close(self) -> None:
        if self._board is not None:
            self.flush(now=True)
            self._board.close()

    def _calmly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except TrackerError as error:
            text = f"The board is not up to date: {error}"
            if text not in self._said:
                self._said.add(text)
                self._say(text)


def _card(issue: Issue, node: str, agent: str) -> Card:
    working = issue.state is State.IN_PROGRESS
    return Card(
        number=int(issue.id),
        node=node,
        state=issue.state,
        priority=issue.priority,
        agent=agent if working else "",
    )
