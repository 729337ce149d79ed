"""GitHub's limits, counted per account: the primary hour, and the secondary minute.

The numbers may be set lower by a test, so that it need not send 5,000 requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Resource = Literal["core", "graphql", "search"]
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class Window:
    """An account's primary limit of one resource. `reset` is when `used` goes back to 0."""

    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(kw_only=True)
class Limits:
    """What each account has used. `signal` says how a secondary limit is answered: its status, and
    the seconds in Retry-After (None: the header is missing)."""

    now: Callable[[], datetime]
    primary: dict[str, int] = field(
        default_factory=lambda: {"core": 5000, "graphql": 5000, "search": 30}
    )
    points: dict[str, int] = field(default_factory=lambda: {"core": 900, "graphql": 2000})
    content_minute: int = 80
    content_hour: int = 500
    concurrent: int = 100
    signal: tuple[int, int | None] = (403, 60)
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    _spent: dict[tuple[str, str], deque[tuple[datetime, int]]] = field(default_factory=dict)

    def window(self, login: str, resource: Resource) -> Window:
        """The account's hour as it stands now (search: its minute)."""
        now, key = self.now(), (login.lower(), resource)
        window = self._windows.get(key)
        if window is None or window.reset <= now:
            span = _MINUTE if resource == "search" else _HOUR
            reset = (now + span).replace(microsecond=0)
            window = Window(limit=self.primary[resource], used=0, reset=reset)
            self._windows[key] = window
        return window

    def spend(self, login: str, resource: Resource, points: int) -> bool:
        """Take primary points; False, and nothing taken, where they are used up."""
        window = self.window(login, resource)
        if window.remaining <= 0:
            return False
        window.used += points
        return True

    def secondary(self, login: str, resource: Resource, points: int, *, content: bool) -> bool:
        """Count a request against the limits of the last minute and hour; False where it is over
        one of them, and then it counts all the same, as it does at GitHub."""
        within = self._add(login, resource, points, _MINUTE) <= self.points[resource]
        if not content:
            return within
        minute = self._add(login, "content:minute", 1, _MINUTE)
        hour = self._add(login, "content:hour", 1, _HOUR)
        return within and minute <= self.content_minute and hour <= self.content_hour

    def _add(self, login: str, kind: str, points: int, span: timedelta) -> int:
        now = self.now()
        spent = self._spent.setdefault((login.lower(), kind), deque())
        while spent and spent[0][0] <= now - span:
            spent.popleft()
        spent.append((now, points))
        return sum(each for _, each in spent)
