"""How soon another process gets an issue whose holder was killed, or stopped and not woken.

A process claims an issue and renews it, as a run does, and is killed with SIGKILL, or stopped
with SIGSTOP; another one asks for it every POLL. The baseline is what a store does that knows only
the time: it waits for the lease to run out. Bound: a killed holder's within one poll and a tenth
of a second, a stopped one's within the lease, one poll and a tenth of a second, at p99.
"""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from benchmarks.world import Bounds, headline, row
from framework.leases.base import LeaseStore
from framework.leases.file import FileLeases
from framework.leases.process import this_process
from framework.leases.sqlite import SqliteLeases

KILLS, STOPS = 50, 10
TTL = timedelta(seconds=1)
POLL = 0.05
SLACK = 0.1
STORES: dict[str, Callable[[Path], LeaseStore]] = {"file": FileLeases, "sqlite": SqliteLeases}


def main() -> int:
    bounds = Bounds()
    print(headline(f"Takeover: lease {TTL.total_seconds():g} s, asked for every {POLL:g} s"))
    for name, make in STORES.items():
        killed = sorted(trial(make, signal.SIGKILL) for _ in range(KILLS))
        stopped = sorted(trial(make, signal.SIGSTOP) for _ in range(STOPS))
        _tell(bounds, f"{name}, killed, {KILLS} times", killed, POLL + SLACK)
        limit = TTL.total_seconds() + POLL + SLACK
        _tell(bounds, f"{name}, stopped, {STOPS} times", stopped, limit)
    row("by time alone", f"{TTL.total_seconds() * 2 / 3:.2f} to {TTL.total_seconds():.2f} s")
    return bounds.verdict


def _tell(bounds: Bounds, what: str, seconds: list[float], limit: float) -> None:
    last = seconds[int(0.99 * (len(seconds) - 1))]
    met = bounds.told(last <= limit)
    told = f"p50 {statistics.median(seconds):.3f} s"
    row(what, told, f"p99 {last:.3f} s, bound {limit:.2f} s {met}")


def trial(make: Callable[[Path], LeaseStore], how: int) -> float:
    """Seconds from the signal to the grant."""
    with tempfile.TemporaryDirectory() as place:
        store = make(Path(place) / "leases")
        store.establish()
        context = get_context("fork")
        mine, theirs = context.Pipe()
        holder = context.Process(target=_hold, args=(make, Path(place) / "leases", theirs))
        holder.start()
        mine.recv()
        try:
            os.kill(holder.pid or 0, how)
            began = time.monotonic()
            while store.acquire("1", uuid.uuid4().hex, TTL, process=this_process()) is None:
                time.sleep(POLL)
            return time.monotonic() - began
        finally:
            holder.kill()
            holder.join()
            store.close()


def _hold(make: Callable[[Path], LeaseStore], place: Path, ready: object) -> None:
    """Claims, says so, and renews every third of the lease, as a run's keeper does."""
    store = make(place)
    lease = store.acquire("1", uuid.uuid4().hex, TTL, process=this_process())
    assert lease is not None
    ready.send(True)  # type: ignore[attr-defined]
    while True:
        time.sleep(TTL.total_seconds() / 3)
        lease = store.renew(lease, TTL)


if __name__ == "__main__":
    raise SystemExit(main())
