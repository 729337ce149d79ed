"""What was asked of the double: one entry per request, for tests that count the cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A request and its answer. `operation` is as faults see it. `points` are those of the primary
    limit that it took; `content` is whether it counts as content creation."""

    at: datetime
    account: str
    operation: str
    path: str
    status: int
    points: int
    content: bool
    fault: str = ""

    @property
    def conditional(self) -> bool:
        """Answered 304."""
        return self.status == 304

    @property
    def write(self) -> bool:
        return not self.operation.startswith(("GET ", "query"))


@dataclass(kw_only=True)
class Log:
    """Grows while the double serves, in the order in which requests were answered."""

    entries: list[Entry] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def clear(self) -> None:
        self.entries.clear()

    def count(self, pattern: str = "", *, status: int | None = None) -> int:
        """Requests whose operation has the regular expression, with that status if one is given."""
        wanted = re.compile(pattern)
        hits = (one for one in self if wanted.search(one.operation))
        return sum(1 for one in hits if status is None or one.status == status)

    def points(self) -> int:
        """Primary points in all."""
        return sum(one.points for one in self)

    def operations(self) -> list[str]:
        return [one.operation for one in self]
