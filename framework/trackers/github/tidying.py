"""What is left on issues that people closed: our words for state and claim."""

from __future__ import annotations

from ...domain.errors import TrackerError, TrackerUnavailable
from . import words
from .changing import Changing
from .mirror import Row
from .repository import Repository

_TIDIED = "looked for leftovers"


class Tidying:
    """Takes off only what we put on: an issue that was closed before we came stays as it is."""

    def __init__(self, at: Repository, changing: Changing) -> None:
        self._at = at
        self._changing = changing

    def look(self) -> None:
        """At all that changed since the last look. What GitHub refuses is said, and left."""
        rows = self._at.mirror.rows(int(self._at.mirror.fact(_TIDIED) or 0))
        try:
            for number in [row.seen.number for row in rows if self._is_left(row)]:
                self._tidy(number)
        except TrackerUnavailable:
            return  # the next look is at these again
        if rows:
            self._at.mirror.keep_fact(_TIDIED, str(max(row.version for row in rows)))

    def _is_left(self, row: Row) -> bool:
        seen = row.seen
        if row.is_gone or not seen.is_closed:
            return False
        if words.claim_words(seen.labels, self._at.house.store):
            return True
        was_ours = self._at.mirror.fact(f"agent {seen.number}") is not None
        return was_ours and bool(words.state_words(seen.labels))

    def _tidy(self, number: int) -> None:
        try:
            with self._at.mirror.turn():
                row = self._at.mirror.row(number)
                if row is not None and self._is_left(row):
                    self._changing.let_go(number)
        except TrackerUnavailable:
            raise
        except TrackerError as error:
            self._at.say(f"Issue {number} is closed, and keeps labels of work in progress: {error}")
