"""A journal that keeps secrets out of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..domain.event import Entry, Event
from .base import Journal


class RedactedJournal:
    """All that `Journal` promises, over `journal`; every text of an event, also inside a tuple,
    goes through `clean` before it is written. What is read is as it was written."""

    def __init__(self, journal: Journal, clean: Callable[[str], str]) -> None:
        self._journal = journal
        self._clean = clean

    def append(self, event: Event) -> Entry:
        fields = {name: self._cleaned(value) for name, value in vars(event).items()}
        return self._journal.append(type(event)(**fields))

    def since(self, cursor: int = 0) -> list[Entry]:
        return self._journal.since(cursor)

    def close(self) -> None:
        self._journal.close()

    def _cleaned(self, value: Any) -> Any:
        match value:
            case str():
                return self._clean(value)
            case tuple():
                return tuple(self._cleaned(one) for one in value)
            case _:
                return value
