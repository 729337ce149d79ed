"""What has been used, and of what: a fold of the journal against the caps.

The journal holds what every session of every runner of the project has used so far, so that two
runners share their caps, and a run that was killed has not forgotten what it spent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from .event import AttemptEnded, CapRaised, Entry, IssueSettled, PlanAccepted, SessionProgress

NEAR = 0.8
"""The share of a cap at which it is told."""


class Scope(StrEnum):
    """What a cap bounds. A day is one of the machine's calendar; sessions watch their own."""

    SESSION = "session"
    ISSUE = "issue"
    RUN = "run"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Answers of the model, seconds of sessions (pauses not counted), US dollars at list
    prices."""

    turns: float = 0
    seconds: float = 0.0
    usd: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            turns=self.turns + other.turns,
            seconds=self.seconds + other.seconds,
            usd=self.usd + other.usd,
        )

    def __sub__(self, other: Amount) -> Amount:
        return self + Amount(turns=-other.turns, seconds=-other.seconds, usd=-other.usd)


UNLIMITED = Amount(turns=float("inf"), seconds=float("inf"), usd=float("inf"))


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Bounds of all sessions of one issue, of one run, and of one day."""

    issue: Amount = UNLIMITED
    run: Amount = UNLIMITED
    day: Amount = UNLIMITED

    def of(self, scope: Scope) -> Amount:
        match scope:
            case Scope.SESSION:
                return UNLIMITED
            case Scope.ISSUE:
                return self.issue
            case Scope.RUN:
                return self.run
            case Scope.DAY:
                return self.day


@dataclass(frozen=True, kw_only=True)
class Use:
    """How much of one cap is used: `what` is `turns`, `seconds` or `usd`."""

    scope: Scope
    what: str
    used: float
    cap: float

    @property
    def share(self) -> float:
        return self.used / self.cap if self.cap > 0 else float("inf")

    @property
    def is_over(self) -> bool:
        return self.used >= self.cap

    def __str__(self) -> str:
        used, cap = worded(self.what, self.used), worded(self.what, self.cap)
        return f"{used} of the {self.scope}'s {cap}"


OPTIONS: Mapping[str, str] = {"usd": "--usd N", "seconds": "--minutes N", "turns": "--turns N"}
"""How `nightshift extend` is told of each kind."""


def worded(what: str, amount: float) -> str:
    """An amount for people, such as `$4.20`, `31 min` or `120 turns`."""
    match what:
        case "usd":
            return f"${amount:,.2f}"
        case "seconds":
            return f"{amount / 60:.0f} min"
        case _:
            return f"{amount:.0f} turns"


@dataclass(kw_only=True)
class Ledger:
    """Takes entries in order. `raised` is added to a cap by a person, for one issue, run or day."""

    caps: Caps = field(default_factory=Caps)
    cursor: int = 0
    _last: dict[tuple[str, int], Amount] = field(default_factory=dict)
    _used: dict[tuple[Scope, str], Amount] = field(default_factory=dict)
    _raised: dict[tuple[Scope, str], Amount] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        self.cursor = entry.cursor
        match entry.event:
            case SessionProgress() | AttemptEnded() as event:
                self._session(entry, event)
            case PlanAccepted(usd=usd):
                self._add(entry, None, Amount(usd=usd))
            case IssueSettled(issue=issue):  # what it is reopened for begins anew
                self._used.pop((Scope.ISSUE, issue), None)
                self._raised.pop((Scope.ISSUE, issue), None)
            case CapRaised() as event:
                key = (Scope(event.scope), event.name)
                more = Amount(turns=event.turns, seconds=event.seconds, usd=event.usd)
                self._raised[key] = self._raised.get(key, Amount()) + more
            case _:
                pass

    def used(self, scope: Scope, name: str) -> Amount:
        return self._used.get((scope, name), Amount())

    def uses(self, issue: str | None, run: str, day: date) -> tuple[Use, ...]:
        """How much is used of each cap there is, the most used one first."""
        names: Mapping[Scope, str | None] = {
            Scope.ISSUE: issue,
            Scope.RUN: run,
            Scope.DAY: day.isoformat(),
        }
        every = (
            one for scope, name in names.items() if name is not None for one in self.of(scope, name)
        )
        return tuple(sorted(every, key=lambda one: -one.share))

    def of(self, scope: Scope, name: str) -> Iterator[Use]:
        """The caps of one issue, run or day."""
        used = vars(self.used(scope, name))
        raised = self._raised.get((scope, name), Amount())
        for what, cap in vars(self.caps.of(scope) + raised).items():
            if cap != float("inf"):
                yield Use(scope=scope, what=what, used=used[what], cap=cap)

    def _session(self, entry: Entry, event: SessionProgress | AttemptEnded) -> None:
        """Reports are totals of their attempt; what they add is counted where it was used."""
        seconds = event.seconds if isinstance(event, SessionProgress) else event.worked
        total = Amount(turns=event.turns, seconds=seconds, usd=event.usd)
        key = (event.issue, event.epoch)
        more = total - self._last.get(key, Amount())
        if isinstance(event, AttemptEnded):
            self._last.pop(key, None)
        else:
            self._last[key] = total
        self._add(entry, event.issue, more)

    def _add(self, entry: Entry, issue: str | None, more: Amount) -> None:
        places = [(Scope.RUN, entry.run), (Scope.DAY, day_of(entry.at).isoformat())]
        if issue is not None:
            places.append((Scope.ISSUE, issue))
        for place in places:
            self._used[place] = self._used.get(place, Amount()) + more


def day_of(at: datetime) -> date:
    """The day of a moment where this machine is."""
    return at.astimezone().date()
