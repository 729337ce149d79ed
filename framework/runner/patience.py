"""What was waited for, and what was refused: so that no run waits, or asks, for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..clock import Clock
from ..domain.pull import Wait, outlasted

_TRY_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """Of what was to be done with an issue that was `as_seen`, and `when`."""

    as_seen: object
    when: datetime
    wait: Wait


class Patience:
    """Of one run, by the ids of issues. What the forge refuses is tried again after ten minutes,
    or once anything about the issue or its pull request is new."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, tuple[str, datetime]] = {}
        self._refusals: dict[str, _Refusal] = {}

    def bounded(self, issue: str, wait: Wait) -> Wait:
        """What it waits for; a person's to look at where it has been the same for too long."""
        now = self._clock()
        why, since = self._since.get(issue, ("", now))
        if why != wait.why:
            since = now
        self._since[issue] = (wait.why, since)
        return outlasted(wait, since, now)

    def over(self, issue: str) -> None:
        """It waits no longer; what it waits for next time has its own time."""
        self._since.pop(issue, None)

    def refused(self, issue: str, as_seen: object, why: str) -> Wait:
        """Remember it; a person is waited for from now on."""
        wait = Wait(why=why, person=True)
        self._refusals[issue] = _Refusal(as_seen=as_seen, when=self._clock(), wait=wait)
        return wait

    def refusal(self, issue: str, as_seen: object) -> Wait | None:
        """What was refused of it as it is still seen, not long ago."""
        match self._refusals.get(issue):
            case _Refusal(as_seen=same, when=when, wait=wait) if same == as_seen:
                return wait if self._clock() - when < _TRY_AGAIN else None
            case _:
                return None
