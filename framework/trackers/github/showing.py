"""The board is told what changed here, and the issues what people moved on the board."""

from __future__ import annotations

from typing import Protocol

from ...domain.errors import TrackerError, TrackerUnavailable
from ...domain.issue import Change, Issue, State
from ...domain.transition import FOLLOWS
from .board import ProjectsBoard
from .board_cards import Card, card_of
from .rooms import Rooms

_SHOWN = "shown on the board"
_BOARD = "board"
"""Who moves a card, where GitHub does not say."""


class Update(Protocol):
    """`Tracker.update`, as far as it is needed here."""

    def __call__(self, id: str, change: Change, *, actor: str) -> Issue: ...


class Showing:
    """For one repository and its board; `update` changes an issue."""

    def __init__(self, rooms: Rooms, board: ProjectsBoard, update: Update) -> None:
        self.board = board
        self._rooms = rooms
        self._mirror = rooms.at.mirror
        self._update = update
        self._moves: dict[int, State] = {}

    def tell(self) -> None:
        """The board, of all that changed since it was last told, by anybody here."""
        after = int(self._mirror.fact(_SHOWN) or 0)
        rows = self._mirror.rows(after)
        if rows:
            living = [row.seen for row in rows if not row.is_gone]
            self.board.show(self._card(one.number, one.node) for one in living)
            self._mirror.keep_fact(_SHOWN, str(max(row.version for row in rows)))

    def heed_moves(self) -> None:
        """Each issue whose card a person moved follows it. What GitHub refuses is said, and the
        card goes back."""
        self._moves |= self.board.moves()
        if self._moves:
            self._rooms.listing.refresh()  # the person may have acted on the issue, too
        for number, state in list(self._moves.items()):
            try:
                self._move(str(number), state)
            except TrackerUnavailable:
                continue  # the card stays where the person put it, until GitHub can be told
            except TrackerError as error:
                self._rooms.at.say(
                    f"A card was moved on the board, and issue {number} was not: {error}"
                )
            self._moves.pop(number, None)
            row = self._mirror.row(number)
            if row is not None and not row.is_gone:  # it hears so also where nothing changed
                self.board.show([self._card(number, row.seen.node)])

    def _move(self, id: str, state: State) -> None:
        issue = self._rooms.issue(id)
        if state is issue.state:
            return
        if state not in FOLLOWS[issue.state]:
            self._update(id, Change(state=State.OPEN), actor=_BOARD)
        self._update(id, Change(state=state), actor=_BOARD)

    def _card(self, number: int, node: str) -> Card:
        agent = self._mirror.fact(f"agent {number}") or ""
        return card_of(self._rooms.issue(str(number)), node, agent)
