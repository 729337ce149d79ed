"""How many claims a second a lease store gives to processes that race, and how fairly.

16 processes go through the same 10,000 issues, each in an order of its own, and claim whatever
they can get; three runs for each store. Nobody thinks between two claims, so all of them wait for
the store, and towards the end for the same issues.
Bounds: no issue goes twice, `sqlite` gives 1,000 a second and `file` 100, and the slowest process
gets a quarter of the mean. The baseline is a tracker without a transaction around its claim: look
whether the issue is free, then write one's name. It gives issues twice.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from benchmarks.world import Bounds, headline, row
from framework.leases.base import LeaseStore
from framework.leases.file import FileLeases
from framework.leases.process import this_process
from framework.leases.sqlite import SqliteLeases

PROCESSES = 16
ISSUES = 10_000
RUNS = 3
QUARTER = 0.25
BOUNDS = {"sqlite": 1_000, "file": 100}
STORES: dict[str, Callable[[Path], LeaseStore]] = {"sqlite": SqliteLeases, "file": FileLeases}

Claim = Callable[[str], bool]
"""Whether the caller got the issue of this number."""


@dataclass(frozen=True, kw_only=True)
class Race:
    """What came of one run."""

    seconds: float
    grants: list[list[str]]

    @property
    def rate(self) -> float:
        return sum(map(len, self.grants)) / self.seconds

    @property
    def doubles(self) -> int:
        return sum(map(len, self.grants)) - len({key for keys in self.grants for key in keys})

    @property
    def slowest(self) -> float:
        """The least that a process got, as a share of the mean."""
        return min(map(len, self.grants)) / statistics.mean(map(len, self.grants))


def ours(name: str, directory: Path) -> Claim:
    """A claim as a runner makes it, from a store opened by the calling process."""
    store, me = STORES[name](directory), this_process()
    ttl = timedelta(hours=1)
    return lambda key: store.acquire(key, str(me.pid), ttl, process=me) is not None


def naive(_: str, directory: Path) -> Claim:
    """SELECT, then UPDATE, each on its own."""
    connection = sqlite3.connect(directory / "naive.db", timeout=60, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")

    def claim(key: str) -> bool:
        ask = "SELECT 1 FROM issues WHERE id = ? AND holder IS NULL"
        if connection.execute(ask, (key,)).fetchone() is None:
            return False
        connection.execute("UPDATE issues SET holder = 'me' WHERE id = ?", (key,))
        return True

    return claim


def prepare_naive(directory: Path) -> None:
    with sqlite3.connect(directory / "naive.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE issues (id TEXT PRIMARY KEY, holder TEXT)")
        keys = [(str(number),) for number in range(ISSUES)]
        connection.executemany("INSERT INTO issues (id) VALUES (?)", keys)
    connection.close()


def prepare_ours(name: str, directory: Path) -> None:
    store = STORES[name](directory)
    store.establish()
    store.close()


def race(opened: Callable[[str, Path], Claim], name: str, directory: Path) -> Race:
    """Everybody starts at once; the time ends when the last has been through all issues."""
    processes = get_context("fork")
    barrier, answers = processes.Barrier(PROCESSES + 1), processes.SimpleQueue()

    def run(number: int) -> None:
        claim, keys = opened(name, directory), [str(key) for key in range(ISSUES)]
        random.Random(number).shuffle(keys)
        barrier.wait()
        answers.put([key for key in keys if claim(key)])
        barrier.wait()  # the leases of a process that has ended are free at once

    racers = [processes.Process(target=run, args=(number,)) for number in range(PROCESSES)]
    for racer in racers:
        racer.start()
    barrier.wait()
    began = time.perf_counter()
    grants = [answers.get() for _ in racers]
    seconds = time.perf_counter() - began
    barrier.wait()
    for racer in racers:
        racer.join()
    return Race(seconds=seconds, grants=grants)


def told(bounds: Bounds, name: str, one: Race) -> str:
    met = bounds.told(one.doubles == 0 and one.rate >= BOUNDS[name] and one.slowest >= QUARTER)
    return f"{shape(one)}; bounds {BOUNDS[name]:,}/s, 0, {QUARTER:.0%} {met}"


def shape(one: Race) -> str:
    return f"{one.doubles} doubles, slowest {one.slowest:.0%} of the mean"


def main() -> int:
    bounds = Bounds()
    print(headline(f"{PROCESSES} processes claim {ISSUES:,} issues"))
    with tempfile.TemporaryDirectory() as root:
        prepare_naive(Path(root))
        one = race(naive, "naive", Path(root))
        row("SELECT, then UPDATE (baseline)", f"{one.rate:,.0f}/s", shape(one))
    for name in STORES:
        for number in range(1, RUNS + 1):
            with tempfile.TemporaryDirectory() as root:
                prepare_ours(name, Path(root))
                one = race(ours, name, Path(root))
            row(f"{name}, run {number}", f"{one.rate:,.0f}/s", told(bounds, name, one))
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(main())
