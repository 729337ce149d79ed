"""The double's time: real, or standing still until somebody moves it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Time as GitHub would see it. With a `start` it stands there until `forward` moves it; without
    one it is the machine's own time, and `forward` adds to it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._ahead = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return (self._start or datetime.now(UTC)) + self._ahead

    def second(self) -> datetime:
        """Now, in whole seconds: GitHub's times have no more."""
        return self.now().replace(microsecond=0)

    def forward(self, by: timedelta | float) -> None:
        """Move on by a time, or by seconds. Going back is refused with ValueError."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta():
            raise ValueError(f"the double's clock cannot go back by {step}")
        with self._lock:
            self._ahead += step

    def sleep(self, seconds: float) -> None:
        """What a client of this clock passes as its `sleep`: time passes, nobody waits."""
        self.forward(max(0.0, seconds))
