"""What to change after a session in poor health: the one table from why to the next step. Pure.

It decides how an issue is tried again, never whether: that is `retry.decide`, and a poor score
alone ends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .health import Health, Reason
from .outcome import (
    Blocked,
    Conflicted,
    Deferred,
    Failed,
    Landed,
    LeaseLost,
    Outcome,
    OutOfBudget,
    PullRequested,
    Rejected,
    Stalled,
    Unfinished,
)


class Way(StrEnum):
    """How the issue is tried again.

    `same`: as before, from the work that was kept. `fresh`: a new session that starts from the
    target and is told what failed. `model`: that, with another model. `split`: the planner is
    asked for smaller issues, for which it waits before it is tried like `fresh`. `ask`: the issue
    is blocked with a question to a person.
    """

    SAME = "same"
    FRESH = "fresh"
    MODEL = "model"
    SPLIT = "split"
    ASK = "ask"


@dataclass(frozen=True, kw_only=True)
class Step:
    """The way, and why it is this one: a sentence for people, empty for `same`."""

    way: Way
    why: str = ""


POLICY: Mapping[Reason, tuple[Way, ...]] = {
    Reason.COMMITS: (Way.FRESH, Way.MODEL, Way.ASK),
    Reason.SPRAWL: (Way.FRESH, Way.SPLIT, Way.ASK),
    Reason.RED: (Way.SAME, Way.MODEL, Way.SPLIT, Way.ASK),
    Reason.REPEATS: (Way.FRESH, Way.MODEL, Way.ASK),
    Reason.REVERTS: (Way.FRESH, Way.MODEL, Way.SPLIT, Way.ASK),
    Reason.REFUSALS: (Way.FRESH, Way.ASK),
    Reason.FAILURES: (Way.FRESH, Way.MODEL, Way.ASK),
    Reason.CONTEXT: (Way.FRESH, Way.SPLIT, Way.ASK),
    Reason.COST: (Way.MODEL, Way.SPLIT, Way.ASK),
    Reason.GROWTH: (Way.FRESH, Way.SPLIT, Way.ASK),
    Reason.SILENCE: (Way.FRESH, Way.MODEL, Way.ASK),
}
"""By what takes most from the score; the nth failure of the issue in a row takes the nth way,
and those after the last one the last. What only adds to a score is not in it."""


def next_step(health: Health, outcome: Outcome, failures: int) -> Step:
    """How to try again after `outcome`, with `failures` counted failures of the issue before it.

    Only for an outcome that is the work's fault and a score that is poor; anything else goes on
    as before.
    """
    worst = health.worst
    if not health.is_poor or worst is None or not _is_the_works_fault(outcome):
        return Step(way=Way.SAME)
    ways = POLICY[worst.reason]
    way = ways[min(failures, len(ways) - 1)]
    if way is Way.SAME:
        return Step(way=way)
    told = f"health {health.score} of 100, most of all {worst.reason.value}: {worst.fact}"
    return Step(way=way, why=f"{_WORDS[way]} ({told}).")


_WORDS: Mapping[Way, str] = {
    Way.FRESH: "The next session starts afresh from the target",
    Way.MODEL: "The next session starts afresh with another model",
    Way.SPLIT: "The planner is asked for smaller issues",
    Way.ASK: "Several ways were tried: should this issue be changed, split or dropped",
}


def _is_the_works_fault(outcome: Outcome) -> bool:
    match outcome:
        case Rejected() | Conflicted() | Unfinished() | Stalled():
            return True
        case Failed(ours=ours):
            return not ours
        case OutOfBudget(scope=scope):
            return scope == "session"
        case Landed() | PullRequested() | Blocked() | Deferred() | LeaseLost():
            return False
