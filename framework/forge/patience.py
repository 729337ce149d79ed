"""How long one call may wait in all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta


class Patience:
    """How many seconds of waiting are left in one call."""

    def __init__(self, seconds: float, sleep: Callable[[float], None]) -> None:
        self._left = seconds
        self._sleep = sleep

    def wait(self, pause: timedelta) -> bool:
        """Waits, and says True; False, without waiting, when that is more than is left."""
        seconds = pause.total_seconds()
        if seconds > self._left:
            return False
        self._left -= seconds
        self._sleep(seconds)
        return True
