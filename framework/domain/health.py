"""Health: a score of a session from 0 to 100 with its reasons. Pure.

The score says how likely what the session did is to land, from facts alone; it knows neither the
landing nor what the agent says. It ends nothing: `remedy.next_step` reads it to choose how to go
on. How well it foretells landings is what `benchmarks/bench_health.py` measures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .event import SessionScored
from .facts import Facts

EVEN = 50
"""The score of a session of which nothing is known."""

POOR = 40
"""Below this, the next attempt is made another way."""


class Reason(StrEnum):
    """What a contribution is about."""

    COMMITS = "commits"
    SIZE = "size"
    SPRAWL = "sprawl"
    GREENED = "gone green"
    RED = "still red"
    REPEATS = "repeats"
    REVERTS = "reverts"
    REFUSALS = "refusals"
    FAILURES = "failed tools"
    CONTEXT = "context"
    COST = "cost"
    GROWTH = "growth"
    SILENCE = "silence"


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one fact adds to the score, or takes from it."""

    reason: Reason
    points: int
    fact: str

    @property
    def line(self) -> str:
        """`-12 repeats: …`, as the journal keeps it."""
        return f"{self.points:+d} {self.reason.value}: {self.fact}"


@dataclass(frozen=True, kw_only=True)
class Health:
    """`productivity` is the classic (files changed × 2 + issues closed × 5) / tool calls."""

    score: int
    contributions: tuple[Contribution, ...]
    facts: Facts
    productivity: float = 0.0

    @property
    def is_poor(self) -> bool:
        return self.score < POOR

    @property
    def worst(self) -> Contribution | None:
        """What takes most from the score; None when nothing does."""
        bad = [one for one in self.contributions if one.points < 0]
        return min(bad, key=lambda one: one.points, default=None)


def assess(facts: Facts, *, closed: int = 0) -> Health:
    """The health that `facts` speak of. `closed` issues (0 or 1) count for the productivity
    only, so that the score stays a forecast."""
    found = [one for gauge in _GAUGES if (one := gauge(facts)) is not None]
    told = tuple(sorted((one for one in found if one.points), key=lambda one: one.points))
    score = EVEN + sum(one.points for one in told)
    return Health(
        score=min(100, max(0, score)),
        contributions=told,
        facts=facts,
        productivity=productivity(facts, closed=closed),
    )


def productivity(facts: Facts, *, closed: int) -> float:
    """The classic figure; a session without a tool call counts as one with a single call."""
    return round((2 * facts.files + 5 * closed) / max(1, facts.tools), 3)


def scored(health: Health, *, issue: str, epoch: int, session: str) -> SessionScored:
    """The event that keeps it."""
    return SessionScored(
        issue=issue,
        epoch=epoch,
        session=session,
        score=health.score,
        reasons=tuple(one.line for one in health.contributions),
        productivity=health.productivity,
        **vars(health.facts),
    )


def recalled(event: SessionScored) -> Health:
    """The health as it was scored then, whatever the weights are today. A reason that this
    version does not know is left out."""
    names = Facts.__dataclass_fields__
    told = (_contribution(line) for line in event.reasons)
    return Health(
        score=event.score,
        contributions=tuple(one for one in told if one is not None),
        facts=Facts(**{name: getattr(event, name) for name in names}),
        productivity=event.productivity,
    )


_LINE = re.compile(r"([+-]\d+) ([a-z ]+): (.*)", re.DOTALL)
_KNOWN = {reason.value: reason for reason in Reason}


def _contribution(line: str) -> Contribution | None:
    found = _LINE.fullmatch(line)
    if found is None or found[2] not in _KNOWN:
        return None
    return Contribution(reason=_KNOWN[found[2]], points=int(found[1]), fact=found[3])


# One function for each contribution: the fact in words, and what it weighs.


def _commits(facts: Facts) -> Contribution:
    if not facts.commits:
        return _weigh(Reason.COMMITS, -25, "nothing is committed")
    return _weigh(Reason.COMMITS, 20, f"{_count(facts.commits, 'commit')}")


def _size(facts: Facts) -> Contribution | None:
    if not facts.files:
        return None
    told = f"{_count(facts.files, 'file')}, {_count(facts.lines, 'line')} changed"
    return _weigh(Reason.SIZE, min(10, 3 + 2 * facts.files), told)


def _sprawl(facts: Facts) -> Contribution | None:
    """A change that nobody asked to be so large seldom fits what others do meanwhile."""
    if facts.lines <= 1500 and facts.files <= 40:
        return None
    told = f"{_count(facts.lines, 'line')} in {_count(facts.files, 'file')}"
    over = max(facts.lines / 1500, facts.files / 40)
    return _weigh(Reason.SPRAWL, -min(20, 10 * math.log2(over) + 3), told)


def _greened(facts: Facts) -> Contribution | None:
    if not facts.greened:
        return None
    told = f"{_count(facts.greened, 'command')} failed first and succeeded later"
    return _weigh(Reason.GREENED, min(20, 10 + 5 * facts.greened), told)


def _red(facts: Facts) -> Contribution | None:
    if not facts.red:
        return None
    told = f"{_count(facts.red, 'command')} run again and again and failed at last"
    return _weigh(Reason.RED, -min(30, 8 + 10 * facts.red), told)


def _repeats(facts: Facts) -> Contribution | None:
    """Two looks at the same are nothing."""
    if facts.repeated <= 2:
        return None
    told = f"{_count(facts.repeated, 'call')} the same as before with no edit in between"
    return _weigh(Reason.REPEATS, -min(35, 3 * (facts.repeated - 2)), told)


def _reverts(facts: Facts) -> Contribution | None:
    if not facts.reverted:
        return None
    told = f"{_count(facts.reverted, 'edit')} put back what an earlier one had changed"
    return _weigh(Reason.REVERTS, -min(35, 6 * facts.reverted), told)


def _refusals(facts: Facts) -> Contribution | None:
    if not facts.refused:
        return None
    told = f"{_count(facts.refused, 'call')} refused by permissions or rules"
    return _weigh(Reason.REFUSALS, -min(25, 4 * facts.refused), told)


def _failures(facts: Facts) -> Contribution | None:
    """Some tools fail in every session."""
    share = facts.failed / max(1, facts.tools)
    if facts.failed < 3 or share <= 0.2:
        return None
    told = f"{facts.failed} of {_count(facts.tools, 'tool call')} failed"
    return _weigh(Reason.FAILURES, -min(25, 35 * (share - 0.2) + 2), told)


def _context(facts: Facts) -> Contribution | None:
    if facts.context <= 0.6:
        return None
    told = f"{facts.context:.0%} of the model's window is used"
    return _weigh(Reason.CONTEXT, -min(25, 50 * (facts.context - 0.6) + 2), told)


def _cost(facts: Facts) -> Contribution | None:
    each = facts.usd / max(1, facts.files)
    if each <= 1:
        return None
    told = f"${each:.2f} for each file changed" if facts.files else f"${each:.2f} and no change"
    return _weigh(Reason.COST, -min(20, 6 * math.log2(each) + 2), told)


def _growth(facts: Facts) -> Contribution | None:
    if facts.growth <= 1.5:
        return None
    told = f"a turn costs {facts.growth:.1f} times the average by now"
    return _weigh(Reason.GROWTH, -min(15, 8 * (facts.growth - 1.5) + 2), told)


def _silence(facts: Facts) -> Contribution | None:
    if facts.silence <= 120:
        return None
    told = f"silent for {facts.silence:.0f} s"
    return _weigh(Reason.SILENCE, -min(25, (facts.silence - 120) / 12 + 3), told)


_GAUGES: tuple[Callable[[Facts], Contribution | None], ...] = (
    _commits,
    _size,
    _sprawl,
    _greened,
    _red,
    _repeats,
    _reverts,
    _refusals,
    _failures,
    _context,
    _cost,
    _growth,
    _silence,
)


def _weigh(reason: Reason, points: float, fact: str) -> Contribution:
    return Contribution(reason=reason, points=round(points), fact=fact)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
