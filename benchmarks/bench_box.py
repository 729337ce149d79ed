"""What a box costs: `true` boxed, with the door's porter before it, and bare; and the probe.

Started as sessions and checks are, one after the other, fifty of each in turns, so that what else
the machine does falls on all alike. Bounds: 20 ms more than bare in the median for the box, 200 ms
in all for the probe.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.world import Bounds, headline, row
from framework.box import Bubblewrap, Cell, is_available, programs
from framework.box.probe import probe

ROUNDS = 50
BOX_BOUND = 0.020
PROBE_BOUND = 0.200


def timed(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def starts(root: Path) -> dict[str, Callable[[], object]]:
    box = Bubblewrap(root / "accounts", programs(os.environ["PATH"]))
    cell = Cell(directory=root, writable=(root,))
    door = root / "door"
    door.touch()
    boxed = box.wrap(["/bin/true"], cell)
    doored = box.wrap(["/bin/true"], replace(cell, door=door))
    return {
        "bare": lambda: subprocess.run(["/bin/true"], check=True),
        "boxed": lambda: subprocess.run(boxed, check=True),
        "boxed, with a door": lambda: subprocess.run(doored, check=True),
        "the probe": lambda: probe(box, root / "state" / "probe"),
    }


def told(seconds: list[float]) -> str:
    late = sorted(seconds)[int(len(seconds) * 0.95) - 1]
    return f"{statistics.median(seconds) * 1e3:.1f} / {late * 1e3:.1f} ms"


def main() -> int:
    if not is_available():
        print("bubblewrap is not installed here: there is nothing to measure.")
        return 0
    print(headline("Start of a box, median / 95th percentile"))
    with tempfile.TemporaryDirectory(prefix="ns-") as place:
        every = starts(Path(place))
        times: dict[str, list[float]] = {name: [] for name in every}
        for run in every.values():
            run()  # from a cold disk
        for _ in range(ROUNDS):
            for name, run in every.items():
                times[name].append(timed(run))
    bounds = Bounds()
    cost = statistics.median(times["boxed"]) - statistics.median(times["bare"])
    met = {
        "boxed": f"bound: +20 ms, {bounds.told(cost < BOX_BOUND)} (+{cost * 1e3:.1f})",
        "the probe": "bound: 200 ms, "
        + bounds.told(statistics.median(times["the probe"]) < PROBE_BOUND),
    }
    for name, seconds in times.items():
        row(name, told(seconds), met.get(name, ""))
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(main())
