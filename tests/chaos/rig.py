"""Chaos: workers on one project, of which one after the other is killed or stopped for a while.

`python -m tests.chaos.rig ROOT [--issues 400] [--workers 8] [--seconds 60] …` prints one JSON
object with what it did and every complaint about what came of it. Workers are forked from this
process, so that a new one is there within milliseconds; it takes no part in pytest, has one
thread, and opens nothing that must not be on both sides of a fork.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import anyio._backends._asyncio  # noqa: F401 - what every worker needs, loaded once

import framework.journals.sqlite
import framework.leases.file
import framework.leases.sqlite
import framework.trackers.sqlite  # noqa: F401

from .forks import fork
from .verdict import complaints
from .world import World

_TICK = 0.15
_PAUSE = 1.5
"""How long a worker stays stopped, in lifetimes of a lease."""
_PATIENCE = 120.0
"""How long the workers may take to finish, once nobody disturbs them any more."""
_SESSION = 0.2
"""The longest a session waits before it does its work, in seconds."""


@dataclass(kw_only=True)
class Rig:
    """Holds `workers` processes at work on `world` and disturbs one of them at each tick."""

    world: World
    workers: int
    chance: random.Random
    did: Counter[str] = field(default_factory=Counter)
    alive: dict[int, int] = field(default_factory=dict)
    stopped: dict[int, float] = field(default_factory=dict)
    """When each stopped worker is to go on."""

    def disturb(self, seconds: float) -> float:
        """Until all is landed, or for `seconds`. How long that was."""
        began = time.monotonic()
        while time.monotonic() < began + seconds and self.world.left():
            self._fill()
            time.sleep(_TICK)
            self._reap()
            self._wake(time.monotonic())
            self._strike()
        return time.monotonic() - began

    def settle(self) -> bool:
        """Let the workers finish undisturbed. Whether they all ended by themselves in time."""
        self._wake(float("inf"))
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and (self.alive or self.world.left()):
            if self.world.left():
                self._fill()
            time.sleep(_TICK)
            self._reap()
        ended = not self.alive
        for worker in self.alive:
            os.kill(worker, signal.SIGKILL)
        return ended

    def _fill(self) -> None:
        while len(self.alive) < self.workers:
            number = next(n for n in range(self.workers) if n not in self.alive.values())
            self.alive[_worker(self.world, number, self.chance.random())] = number

    def _strike(self) -> None:
        victims = [one for one in self.alive if one not in self.stopped]
        if not victims:
            return
        victim = self.chance.choice(victims)
        if self.chance.random() < 0.5:
            os.kill(victim, signal.SIGKILL)
            self.did["kills"] += 1
        else:
            os.kill(victim, signal.SIGSTOP)
            self.did["pauses"] += 1
            self.stopped[victim] = time.monotonic() + _PAUSE * self.world.ttl

    def _wake(self, now: float) -> None:
        for worker in [one for one, until in self.stopped.items() if until <= now]:
            del self.stopped[worker]
            os.kill(worker, signal.SIGCONT)

    def _reap(self) -> None:
        for worker in list(self.alive):
            ended, status = os.waitpid(worker, os.WNOHANG)
            if ended:
                del self.alive[worker]
                self.stopped.pop(worker, None)
                code = os.waitstatus_to_exitcode(status)
                if code != -signal.SIGKILL:
                    self.did[f"ended with {code}"] += 1


def _worker(world: World, number: int, seed: float) -> int:
    def work() -> int:
        random.seed(seed)
        ended = world.work(most_seconds=_SESSION)
        if ended.code:
            sys.stderr.write(f"{ended.why}\n")
        return ended.code

    return fork(world.root / f"worker-{number}.log", work)


def main() -> int:
    options = _options()
    world = World(root=options.root, ttl=options.ttl)
    world.make(options.issues, options.leases)
    rig = Rig(world=world, workers=options.workers, chance=random.Random(options.seed))
    disturbed = rig.disturb(options.seconds)
    left = world.left()
    ended = rig.settle()
    final = world.work()
    wrong = [*([] if ended else ["a worker did not end"]), *complaints(world, options.issues)]
    if final.code:
        wrong.append(f"the last run: {final.why}")
    told = {
        "seed": options.seed,
        "issues": options.issues,
        "workers": options.workers,
        "leases": options.leases,
        "disturbed_seconds": round(disturbed, 1),
        "left_when_calm": left,
        "commits": len(world.commits.read_text().split()),
        **rig.did,
        "complaints": wrong,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return int(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--issues", type=int, default=400)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to disturb at most")
    parser.add_argument("--ttl", type=float, default=2.0, help="seconds that a lease lasts")
    parser.add_argument("--leases", choices=("file", "sqlite"), default="file")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
