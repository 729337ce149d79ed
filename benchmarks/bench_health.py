"""How well a session's health foretells whether its work lands.

Over scripted sessions, good and bad (`benchmarks/sessions.py`), of which is known whether their
work lands: the AUC (how often one that landed has a better score than one that did not; 0.5 is a
coin), and how often the policy's bound is right. Beside it the classic productivity,
(files changed × 2 + issues closed × 5) / tool calls, with no issue closed, as nothing has landed
when it is asked, at the bound that suits it best here. The weights were set before the scripts
were written and not changed for them since; but whoever wrote the scripts knew the weights, and
scripted sessions are not real ones: these figures do not say how well it foretells those.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.sessions import Scripted, Tape, scripted, thorough
from benchmarks.world import Bounds, headline, row
from framework.domain.facts import Work
from framework.domain.health import POOR, assess
from framework.domain.vitals import Vitals

SEEDS = range(1, 6)
BOUND = 0.85
EVENT = 20e-6
"""Seconds: what taking one event may cost a session that goes on."""


def main() -> int:
    bounds = Bounds()
    sessions = [one for seed in SEEDS for one in scripted(seed)]
    landed = [one.landed for one in sessions]
    scores = [float(assess(one.facts).score) for one in sessions]
    classic = [assess(one.facts).productivity for one in sessions]
    print(headline(f"health of {len(sessions)} scripted sessions, {sum(landed)} of which landed"))
    ours, theirs = area(scores, landed), area(classic, landed)
    row("AUC of the health score", f"{ours:.3f}", f"at least {BOUND}: {bounds.told(ours >= BOUND)}")
    row("AUC of the classic productivity", f"{theirs:.3f}", "the score must be above")
    row("  the score is better by", f"{ours - theirs:.3f}", bounds.told(ours > theirs))
    row(f"accuracy of the score at {POOR}", f"{accuracy(scores, landed, POOR):.1%}")
    best = max(set(classic), key=lambda bound: accuracy(classic, landed, bound))
    row(f"accuracy of productivity at its best, {best}", f"{accuracy(classic, landed, best):.1%}")
    row(
        "always saying the more frequent",
        f"{max(landed.count(x) for x in (True, False)) / len(landed):.1%}",
    )
    poor = [did for score, did in zip(scores, landed, strict=True) if score < POOR]
    row("poor sessions that landed nevertheless", f"{sum(poor)} of {len(poor)}")
    _by_kind(sessions)
    each = _cost()
    row("taking one event", f"{each * 1e6:.1f} µs", f"at most 20 µs: {bounds.told(each <= EVENT)}")
    return bounds.verdict


def area(values: Sequence[float], truths: Sequence[bool]) -> float:
    """The area under the ROC curve: ties count as half."""
    good = [value for value, truth in zip(values, truths, strict=True) if truth]
    bad = [value for value, truth in zip(values, truths, strict=True) if not truth]
    wins = sum((one > other) + (one == other) / 2 for one in good for other in bad)
    return wins / (len(good) * len(bad))


def accuracy(values: Sequence[float], truths: Sequence[bool], bound: float) -> float:
    """How often `at least the bound` is what happened."""
    right = [(value >= bound) == truth for value, truth in zip(values, truths, strict=True)]
    return sum(right) / len(right)


def _by_kind(sessions: Sequence[Scripted]) -> None:
    kinds: dict[str, list[Scripted]] = defaultdict(list)
    for one in sessions:
        kinds[one.kind].append(one)
    for kind, found in kinds.items():
        scores = [assess(one.facts).score for one in found]
        told = f"{min(scores)} to {max(scores)}, landed {sum(one.landed for one in found)}"
        row(f"  {kind}", f"{statistics.median(scores):.0f}", f"{told} of {len(found)}")


def _cost() -> float:
    """Processor seconds for one event, at the best of five."""
    tape = Tape(dice=random.Random(0))
    for _ in range(20):
        thorough(tape)
    return min(_taken(tape) for _ in range(5)) / len(tape.events)


def _taken(tape: Tape) -> float:
    vitals, begun = Vitals(), time.process_time()
    for at, event in tape.events:
        vitals.take(event, at)
    vitals.facts(Work())
    return time.process_time() - begun


if __name__ == "__main__":
    raise SystemExit(main())
