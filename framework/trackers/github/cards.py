"""The board beside the issues: told of every change, asked for what people moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from ...domain.errors import TrackerError
from ...domain.issue import Issue, State
from ..base import Clock
from .board_cards import Card

_EVERY = timedelta(seconds=15)
"""From the first change to the write to the board in which it goes with others."""


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
        self._waiting: datetime | None = None

    @property
    def is_there(self) -> bool:
        return self._board is not None

    def show(self, issues: Iterable[tuple[Issue, str, str]]) -> None:
        """Each with its node id and who works on it."""
        if self._board is not None:
            board, cards = self._board, [_card(*one) for one in issues]
            if cards and self._waiting is None:
                self._waiting = self._clock()
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
        """Write to the board what waits for some seconds, so that what comes with it shares its
        request: an issue that is done, and the next one that is begun."""
        if self._board is None:
            return
        since = self._waiting or self._flushed
        if now or since is None or self._clock() - since >= _EVERY:
            self._flushed, self._waiting = self._clock(), None
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
