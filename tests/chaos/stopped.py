"""Runners that are stopped for longer than their lease lasts: `python -m tests.chaos.stopped ROOT
[--trials 10] [--ttl 3]`.

In each trial one runner is stopped by SIGSTOP where its work is done and only the landing is left
("before"), or where the landing is decided and only git has to write it ("inside"). A second
runner on the same project takes the issue over and lands it; then the first one goes on. Prints
one JSON object with every complaint about what came of it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio._backends._asyncio  # noqa: F401 - what every runner needs, loaded once

import framework.leases.file
import framework.trackers.sqlite  # noqa: F401
from framework.runner.run import Ending

from .forks import ended, fork, gone, stopped
from .verdict import complaints
from .world import World

_SHIM = """\
#!/bin/bash
case "$*" in *"update-ref --stdin"*) ;; *) exec {git} "$@" ;; esac
exec 3<&0
exec {git} "$@" < <(
    while IFS= read -r line <&3; do
        case "$line" in "verify refs/nightshift/epochs/"*)
            kill -STOP $PPID
            while [ ! -e {go} ]; do sleep 0.02; done ;;
        esac
        printf '%s\\n' "$line"
    done 2>/dev/null
)
"""
"""A git that stops its runner at the runner's first landing, and then waits until it may go on."""


_PATIENCE, _LONGER = 20.0, 60.0
"""How long the first runners stay stopped, in seconds; and where a busy machine has let no more
than half of the second ones through by then."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One project with one issue, and where its first runner is stopped."""

    world: World
    where: str

    @property
    def _go(self) -> Path:
        return self.world.root / "go"

    def first(self) -> int:
        work = self._stop_inside if self.where == "inside" else self._stop_before
        return fork(self.world.root / "first.log", work)

    def second(self) -> int:
        """A runner that nobody stops; never in this process, which would remember its git."""
        return fork(self.world.root / "second.log", lambda: _told(self.world.work()))

    def go_on(self, first: int) -> None:
        self._go.touch()
        os.kill(first, signal.SIGCONT)

    def _stop_before(self) -> int:
        return _told(self.world.work(then=partial(os.kill, os.getpid(), signal.SIGSTOP)))

    def _stop_inside(self) -> int:
        git, own = shutil.which("git"), self.world.root / "bin"
        own.mkdir()
        (own / "git").write_text(_SHIM.format(git=git, go=self._go))
        (own / "git").chmod(0o755)
        os.environ["PATH"] = f"{own}:{os.environ['PATH']}"
        return _told(self.world.work())


def _told(ending: Ending) -> int:
    """Its code, and in the log why it is not 0."""
    if ending.code:
        sys.stderr.write(f"{ending.why}\n")
    return ending.code


def prepare(root: Path, where: str, ttl: float) -> Trial:
    root.mkdir()
    world = World(root=root, ttl=ttl)
    world.make(1)
    return Trial(world=world, where=where)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How many issues the second runner had landed before the first one went on, and complaints.

    It is not always all: where the stop came while the first runner renewed its lease, it holds
    that record's lock, and nobody gets the lease before it goes on.
    """

    taken_over: int
    wrong: list[str]


def judge(trials: Sequence[Trial]) -> Verdict:
    """All trials side by side, as they mostly wait."""
    firsts = [trial.first() for trial in trials]
    if [stopped(one) for one in firsts].count(False):
        return Verdict(taken_over=0, wrong=["a runner ended before it was to be stopped"])
    waiting = [trial.second() for trial in trials]
    codes: list[int] = []
    began = time.monotonic()
    while waiting and time.monotonic() < began + (
        _LONGER if 2 * len(codes) <= len(trials) else _PATIENCE
    ):
        time.sleep(0.05)
        codes += _collect(waiting)
    taken_over = len(codes)
    for trial, one in zip(trials, firsts, strict=True):
        trial.go_on(one)
    codes += [ended(one) for one in [*firsts, *waiting]]
    codes += [ended(one) for one in [trial.second() for trial in trials]]
    wrong = [one for trial in trials for one in complaints(trial.world, 1)]
    wrong += [f"a runner ended with {code}" for code in codes if code]
    return Verdict(taken_over=taken_over, wrong=wrong)


def _collect(waiting: list[int]) -> list[int]:
    """The codes of those that have ended, which are no longer waited for."""
    found = {one: gone(one) for one in waiting}
    waiting[:] = [one for one, code in found.items() if code is None]
    return [code for code in found.values() if code is not None]


def main() -> int:
    options = _options()
    began, wrong = time.monotonic(), []
    told: dict[str, object] = {"trials": options.trials}
    for where in ("before", "inside"):
        folders = [options.root / f"{where}-{number}" for number in range(options.trials)]
        verdict = judge([prepare(one, where, options.ttl) for one in folders])
        told[f"taken_over_{where}"] = verdict.taken_over
        wrong += verdict.wrong
    told |= {"seconds": round(time.monotonic() - began, 1), "complaints": wrong}
    sys.stdout.write(json.dumps(told) + "\n")
    return int(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--ttl", type=float, default=3.0, help="seconds that a lease lasts")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
