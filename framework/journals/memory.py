"""The journal in this process: for rehearsals and tests, gone with it."""

from __future__ import annotations

from threading import Lock

from ..clock import Clock, utcnow
from ..domain.event import Entry, Event


class MemoryJournal:
    """All that `Journal` promises, for the threads of one process.

    Not promised: anything after the process has ended, or readers in other processes.
    """

    def __init__(self, run: str, clock: Clock = utcnow) -> None:
        self._run = run
        self._clock = clock
        self._lock = Lock()
        self._entries: list[Entry] = []

    def append(self, event: Event) -> Entry:
        with self._lock:
            cursor = len(self._entries) + 1
            entry = Entry(cursor=cursor, at=self._clock(), run=self._run, event=event)
            self._entries.append(entry)
            return entry

    def since(self, cursor: int = 0) -> list[Entry]:
        with self._lock:
            return self._entries[max(cursor, 0) :]

    def close(self) -> None:
        """Nothing is open."""
