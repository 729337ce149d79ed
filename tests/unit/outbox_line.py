"""A line to a tracker that a test can cut, and the outbox in front of it.

`python -m tests.unit.outbox_line DIRECTORY [POINT]` tells everything that waits in DIRECTORY, and
kills itself at the crash point POINT.
"""

from __future__ import annotations

import random
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Any

from framework.domain.errors import TrackerUnavailable
from framework.effect import arm
from framework.leases.process import is_alive, this_process
from framework.trackers.base import Tracker
from framework.trackers.outbox import Outbox
from framework.trackers.sqlite import SqliteTracker


class State(Enum):
    UP = "up"
    DOWN = "down"
    CUT = "cut"  # the request arrives, the answer does not


class Line:
    """Passes calls on to `tracker` as its `state` says, and counts those that were tried."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.state = State.UP
        self.tried = 0
        self.latencies = (0.0,)

    def __getattr__(self, name: str) -> Any:
        behind = getattr(self.tracker, name)
        if name in ("name", "close"):
            return behind

        def call(*words: Any, **named: Any) -> Any:
            self.tried += 1
            time.sleep(random.choice(self.latencies))
            if self.state is State.DOWN:
                raise TrackerUnavailable("The line is dead. Wait.")
            answer = behind(*words, **named)
            if self.state is State.CUT:
                raise TrackerUnavailable("The line went dead in the middle. Wait.")
            return answer

        return call


def before(tracker: Tracker, directory: Path, **named: Any) -> tuple[Outbox, Line]:
    line = Line(tracker)
    usual: dict[str, Any] = {"process": this_process(), "is_alive": is_alive, **named}
    return Outbox(line, directory / "outbox.db", **usual), line


def opened(directory: Path) -> tuple[Outbox, Line]:
    return before(SqliteTracker(directory / "issues.db"), directory)


def tell_all(directory: str, point: str = "") -> None:
    outbox, line = opened(Path(directory))
    line.latencies = (0.0, 0.0, 0.02)  # so that the processes do not keep pace
    if point:
        arm(point)
    while outbox.backlog().count:
        outbox.flush(1)
    outbox.close()


if __name__ == "__main__":
    tell_all(*sys.argv[1:])
