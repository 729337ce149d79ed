"""Runs that are killed while they make a plan's issues: `python -m tests.chaos.planned ROOT
[--trials 20] [--kills 4]`. Prints how many issues are there twice, and how many are missing."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import anyio

import framework.leases.file
import framework.trackers.sqlite  # noqa: F401 - loaded once, for all children
from framework import attach, bootstrap
from framework.agents.base import Conversation, Report
from framework.agents.scripted import ScriptedAgent
from framework.domain import plan as plans
from framework.domain.query import Query
from framework.domain.session import Completed, SessionEnd, Spending
from framework.runner.planner import create_issues
from tests.theatre import planned

from .forks import ended, fork
from .world import World

ISSUES = 30
_LONGEST = 0.02
"""Seconds. Making all the issues takes longer, so that one kill after the other finds work."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    world: World
    plan: plans.Plan

    def run(self, ready: int) -> int:
        """Make the plan's issues, and tell `ready` just before."""
        anyio.run(self._create, ready)
        return 0

    async def _create(self, ready: int) -> None:
        agent = ScriptedAgent(_idle)
        async with bootstrap.open_parts(self.world.settings, agent=agent) as parts:
            os.write(ready, b".")
            create_issues(parts, self.plan)

    def killed(self) -> bool:
        """Start a run and kill it at a random moment; whether it was still at work."""
        listening, ready = os.pipe()
        child = fork(self.world.root / "log", lambda: self.run(ready))
        os.close(ready)
        os.read(listening, 1)  # nothing, should it die before
        time.sleep(random.uniform(0, _LONGEST))  # the moment of death
        os.kill(child, signal.SIGKILL)
        os.close(listening)
        return ended(child) == -signal.SIGKILL

    def made(self) -> Counter[str]:
        """How often each key is on the board."""
        with closing(attach.open_tracker(self.world.project)) as tracker:
            found = tracker.list(Query())
        return Counter((one.key or one.title).partition("/")[2] for one in found)


async def _idle(conversation: Conversation, report: Report) -> SessionEnd:
    return Completed(spending=Spending())


def main() -> int:
    options = _options()
    issues = [planned(f"part-{number}") for number in range(ISSUES)]
    plan = plans.build({"summary": "Many files.", "issues": issues}, "chaos")
    wanted = {plans.META_KEY, *(one["key"] for one in issues)}
    told: Counter[str] = Counter()
    for number in range(options.trials):
        trial = Trial(world=World(root=options.root / str(number)), plan=plan)
        trial.world.make(0)
        told["in time"] += sum(trial.killed() for _ in range(options.kills))
        assert ended(fork(trial.world.root / "log", lambda trial=trial: trial.run(2))) == 0
        made = trial.made()
        told["doubled"] += sum(times - 1 for times in made.values())
        told["missing"] += len(wanted - set(made))
        told["strange"] += len(set(made) - wanted)
    sys.stdout.write(
        json.dumps({"trials": options.trials, "kills": options.kills * options.trials, **told})
        + "\n"
    )
    return int(bool(told["doubled"] or told["missing"] or told["strange"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--kills", type=int, default=4)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
