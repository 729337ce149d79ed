"""The door to the journal: the facts, in order."""

from __future__ import annotations

from typing import Protocol

from ..domain.event import Entry, Event


class Journal(Protocol):
    """Append-only. Safe for threads, and for readers in other processes while it is written.

    Promised: what `append` returned from survives the death of the process, and cursors follow
    the order of the appends. Not promised: survival of the last entries at a power cut.
    """

    def append(self, event: Event) -> Entry:
        """Write one event under this run's id and the current time."""

    def since(self, cursor: int = 0) -> list[Entry]:
        """All entries after `cursor` (0 for the beginning), oldest first. Events of kinds that
        this version does not know are left out."""

    def close(self) -> None:
        """Give back what is open."""
