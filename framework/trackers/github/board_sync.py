"""Brings a board and what we know of it together: looks, compares, writes in batches.

Every method is for the one whose turn it is (`BoardStore.turn`). Raises TrackerUnavailable and
ForgeRefused; what was done until then is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ...clock import Clock
from ...domain.frozen import dataclass, replace
from ...domain.issue import State
from ...effect import effect
from ...forge.batch import MOST
from ...forge.github import Failed, GitHub, Result, sure
from .board_cards import Row, There, seen, taken_away
from .board_fields import PRIORITY, STATUS, Known
from .board_furnish import Furnisher
from .board_look import hiding, look, look_at, takes_filters
from .board_setup import NONE_YET, Finder, Missing, closed
from .board_store import BoardStore
from .board_texts import PAGE
from .board_writes import Write, after, filling, is_of_card, placing, without

_TRUSTED = timedelta(minutes=10)
"""How long the board's fields are taken to be as they were, while no write is refused."""
_PER_PAGE = timedelta(seconds=10)
"""Between two looks at the board, for each hundred cards on it: at most 360 points an hour."""
_LEAST = timedelta(seconds=25)
_LARGE = 300
"""Of more cards than these mostly those that are not done are looked at."""
_WHOLE = timedelta(hours=1)
"""Between two looks at all cards of a large board."""
_LOOKS = ("looked", "looked_at_all")
_WORTH_SAYING = 3
"""Refusals of one card in a row: the first ones pass, as GitHub is late to know new issues."""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """The board's id and the fields that we use."""

    board: str
    fields: Mapping[str, Known]


class Sync:
    """The board that `finder` finds; `say` hears what was mended, and what cannot be."""

    def __init__(
        self,
        api: GitHub,
        store: BoardStore,
        finder: Finder,
        *,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._api = api
        self._store = store
        self._finder = finder
        self._furnisher = Furnisher(api, store, say)
        self._clock = clock
        self._say = say

    def due(self) -> dict[int, Row]:
        """The cards of which something may be written now."""
        now = self._clock()
        due = self._store.due().items()
        return {number: row for number, row in due if row.after is None or row.after <= now}

    def is_look_due(self) -> bool:
        """Whether the last look is long enough ago; never before there is a board."""
        pages = -(-(self._store.fact("size") or 0) // PAGE)
        known = self._store.fact("board") is not None
        return known and self._is_past("looked", max(_LEAST, pages * _PER_PAGE))

    def look(self) -> bool | Missing:
        """Read all cards, and note where people moved them."""
        stand = self._stand()
        found = stand if isinstance(stand, Missing) else self._looked(stand)
        return found if isinstance(found, Missing) else True

    def round(self) -> bool | Missing:
        """One pass over what is due; False when nothing can be done about it."""
        stand = self._stand()
        if not isinstance(stand, Missing) and self._store.fact("looked") is None:
            stand = self._looked(stand)
        if isinstance(stand, Missing):
            return stand
        self._make_sure(stand)
        placed = self._send(placing(stand.board, self.due()))
        filled = self._send(filling(stand.board, self.due(), stand.fields))
        return placed or filled

    def _stand(self) -> Stand | Missing:
        """The board and its fields: remembered, or asked for, or made."""
        board, fields = self._store.fact("board"), self._furnisher.known()
        if not (board or self._finder.may_make or self._is_past("absent", _TRUSTED)):
            return NONE_YET
        is_trusted = STATUS.name in fields and not self._is_past("checked", _TRUSTED)
        if board and is_trusted and self._finder.is_meant(board["number"]):
            return Stand(board=board["id"], fields=fields)
        with effect("board"):
            layout = self._finder.layout()
            if layout is NONE_YET:
                self._store.keep(absent=self._clock().isoformat())
            if isinstance(layout, Missing):
                return layout
            fields = self._furnisher.fields(layout)
        now = self._clock().isoformat()
        self._store.keep(checked=now, **(dict.fromkeys(_LOOKS, now) if layout.blank else {}))
        return Stand(board=layout.id, fields=fields)

    def _looked(self, stand: Stand) -> Stand | Missing:
        hidden = self._hidden(stand)
        filter_ = hiding(hidden, stand.fields[STATUS.name])
        found = look(self._api, stand.board, stand.fields, filter_)
        if found.layout is None:
            self._store.keep(checked=None)
            return self._stand()
        if found.layout.closed:
            return closed(found.layout)
        fields = self._furnisher.fields(found.layout)
        if {one.name for one in fields.values()} != {one.name for one in stand.fields.values()}:
            filter_ = ""
            found = look(self._api, stand.board, fields)  # asked for by names that are no more
        stand = replace(stand, fields=fields)
        self._compare(found.cards, stand, hidden if filter_ else "")
        now = self._clock().isoformat()
        self._store.keep(looked=now, checked=now, size=len(found.cards))
        if not filter_:
            self._store.keep(looked_at_all=now)
        return stand

    def _hidden(self, stand: Stand) -> str:
        """The column that need not be looked at this time: that of the done, which is the largest
        and the one where least happens. Who leaves it, and who comes into it, is seen all the
        same. Empty for a look at all."""
        small = self._store.count() <= _LARGE
        if small or self._is_past("looked_at_all", _WHOLE):
            return ""
        if self._store.fact("filters") is None:
            self._store.keep(filters=takes_filters(self._api))
        done = stand.fields[STATUS.name].options.get(State.CLOSED, "")
        return done if self._store.fact("filters") else ""

    def _compare(self, cards: Iterable[There], stand: Stand, hidden: str) -> None:
        """Fold in what was seen. A card that we miss is looked for by its id, unless it was in
        the `hidden` column: it may have come there, or be too new for the list."""
        by_node = {one.node: one for one in cards}
        rows = self._store.rows()
        found = {number: by_node.get(row.want.node) for number, row in rows.items()}
        lost = {
            number: row.item
            for number, row in rows.items()
            if found[number] is None
            and row.item
            and not row.away
            and not (hidden and row.option == hidden)
        }
        self._fold({number: one for number, one in found.items() if one}, stand)
        self._look_for(lost, stand)

    def _make_sure(self, stand: Stand) -> None:
        """Read the cards again before they are written to: those of which nobody knows whether the
        last write was done, and, when the last look was a while ago, all: people may have moved
        them."""
        due, stale = self.due(), self.is_look_due()
        doubtful = {number: row.item for number, row in due.items() if row.unsure or stale}
        self._look_for({number: item for number, item in doubtful.items() if item}, stand)
        self._store.change(due, lambda _, row: without(row, stand.fields) if row else None)

    def _look_for(self, items: Mapping[int, str], stand: Stand) -> None:
        found = look_at(self._api, list(items.values()), stand.fields)
        self._fold({number: found.get(item) for number, item in items.items()}, stand)

    def _fold(self, found: Mapping[int, There | None], stand: Stand) -> None:
        status, priority = stand.fields[STATUS.name], stand.fields.get(PRIORITY.name)

        def fold(number: int, row: Row | None) -> Row | None:
            if row is None:
                return None
            there = found[number]
            return seen(row, there, status, priority) if there else taken_away(row)

        self._store.change(found, fold)

    def _send(self, writes: Sequence[Write]) -> bool:
        """Write, and note after each request what came of it. False if there was nothing to do."""
        for at in range(0, len(writes), MOST):
            batch = writes[at : at + MOST]
            with effect("board"):
                results = self._api.mutate([one.mutation for one in batch])
                self._note(list(zip(batch, results, strict=True)))
        return bool(writes)

    def _note(self, answered: Sequence[tuple[Write, Result]]) -> None:
        now = self._clock()

        def note(number: int, row: Row | None) -> Row | None:
            for write, result in answered:
                if row and write.number == number:
                    row = after(row, write, result, now)
                    self._mention(row, result)
            return row

        self._store.change({write.number for write, _ in answered}, note)
        for _, result in answered:
            if is_of_card(result):
                self._store.keep(checked=None)  # the field or the board may be gone
            else:
                sure(result)

    def _mention(self, row: Row, result: Result) -> None:
        if isinstance(result, Failed) and row.tries >= _WORTH_SAYING:
            self._say(f"The card of #{row.want.number} is behind: {result.why} It is tried again.")

    def _is_past(self, fact: str, wait: timedelta) -> bool:
        """Whether what `fact` dates was longer ago than `wait`, or never."""
        at = self._store.fact(fact)
        return at is None or self._clock() - datetime.fromisoformat(at) >= wait
