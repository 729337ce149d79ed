"""What the SQLite tracker takes in process, at 10,000 and at 100,000 issues.

Half of the issues are closed; each has two of 20 labels, waits for one earlier issue, and holds 60
words of a language in which, as in all, few words are common. Bounds: the first 20 ready issues
within 0.5 ms, also where almost all open issues wait; 20 with a label and a state within 5 ms; the
20 best matches of a text within 15 ms; 10,000 issues in one step, with text index and
dependencies, within 2 s. Baselines, on the same file: ready issues by a plain join, texts by LIKE,
and issues made one by one.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate
from pathlib import Path

from benchmarks.world import Bounds, headline, row
from framework.domain.issue import Draft, Priority, State
from framework.domain.query import Order, Query, Sort, Words
from framework.trackers.sqlite import SqliteTracker

SIZES = (10_000, 100_000)
BATCH = 10_000
PAGE = 20
RUNS = 15
READY, LABEL, TEXT, IMPORT = 0.0005, 0.005, 0.015, 2.0

UNCLOSED = frozenset(set(State) - {State.CLOSED})
WORDS = [f"word{number}" for number in range(20_000)]
ZIPF = list(accumulate(1 / (number + 1) for number in range(len(WORDS))))
TEXTS = {"a rare word": "word4000", "a usual word": "word400", "a common word": "word100"}
EVERYWHERE = "word0"

JOIN = """
    SELECT id FROM issues i WHERE state IN ('open', 'in_progress') AND NOT EXISTS (
        SELECT 1 FROM dependencies d JOIN issues o ON o.id = d.needs
        WHERE d.issue = i.id AND o.state <> 'closed'
    ) ORDER BY priority, id LIMIT 20
"""
LIKE = (
    "SELECT id FROM texts WHERE title LIKE :word OR body LIKE :word ORDER BY length(body) LIMIT 20"
)

CLOSE_HALF = "UPDATE issues SET state = 'closed', closed_at = updated_at WHERE id % 2 = 1"
REOPEN_ALL = "UPDATE issues SET state = 'open', closed_at = NULL WHERE state = 'closed'"
WAIT_FOR_THE_FIRST = "UPDATE dependencies SET needs = 1"


def drafts(first: int, count: int, chance: random.Random) -> Iterator[Draft]:
    for number in range(first, first + count):
        yield Draft(
            title=f"Issue {number} {chance.choice(WORDS)}",
            body=" ".join(chance.choices(WORDS, cum_weights=ZIPF, k=60)),
            priority=chance.choice(list(Priority)),
            labels=frozenset(f"label{one}" for one in chance.sample(range(20), 2)),
            depends_on=(str(chance.randint(1, number - 1)),) if number > 1 else (),
            key=f"bench/{number}",
        )


def fill(tracker: SqliteTracker, size: int) -> float:
    """Seconds for the first batch; then every second issue is closed."""
    chance, seconds = random.Random(1), []
    for first in range(1, size, BATCH):
        batch = list(drafts(first, BATCH, chance))
        began = time.perf_counter()
        tracker.create_many(batch)
        seconds.append(time.perf_counter() - began)
    return seconds[0]


def set_states(tracker: SqliteTracker, path: Path, *statements: str) -> None:
    """By statements instead of so many calls; what that leaves wrong is put right."""
    with closing(sqlite3.connect(path)) as connection:
        for sql in statements:
            connection.execute(sql)
        connection.commit()
    tracker.check(repair=True)


def timed(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median of some runs, in seconds."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def told(name: str, seconds: float, bound: float, bounds: Bounds, note: str = "") -> None:
    met = bounds.told(seconds <= bound)
    row(name, f"{seconds * 1000:.3f} ms", f"bound {bound * 1000:g} ms {met}{note}")


def beside(name: str, seconds: float) -> None:
    row(f"  {name} (baseline)", f"{seconds * 1000:.3f} ms")


def ready(tracker: SqliteTracker, path: Path, what: str, bounds: Bounds) -> None:
    now = datetime.now(UTC)
    assert len(tracker.ready({}, now, PAGE)) == PAGE
    told(f"ready, {what}", timed(lambda: tracker.ready({}, now, PAGE)), READY, bounds)
    with closing(sqlite3.connect(path)) as connection:
        beside("NOT EXISTS join, ids only", timed(lambda: connection.execute(JOIN).fetchall()))


def lists(tracker: SqliteTracker, bounds: Bounds) -> None:
    newest = (Sort(by=Order.UPDATED, descending=True),)
    label = frozenset({"label3"})
    for name, query in {
        "label and state": Query(states=UNCLOSED, labels=label, limit=PAGE),
        "label and state, last updated first": Query(
            states=UNCLOSED, labels=label, sort=newest, limit=PAGE
        ),
        "unclosed, last updated first": Query(states=UNCLOSED, sort=newest, limit=PAGE),
    }.items():
        told(name, timed(partial(tracker.list, query)), LABEL, bounds)
    row("count of all", f"{timed(tracker.count) * 1000:.3f} ms")


def texts(tracker: SqliteTracker, path: Path, bounds: Bounds) -> None:
    for name, word in TEXTS.items():
        query = Query(where=(Words(text=word),), limit=PAGE)
        hits = f", {tracker.count(query):,} hits"
        told(f"{name}, by relevance", timed(partial(tracker.list, query)), TEXT, bounds, hits)
    query = Query(where=(Words(text=EVERYWHERE),), limit=PAGE)
    note = f"no bound, {tracker.count(query):,} hits"
    row("the commonest word", f"{timed(partial(tracker.list, query), 3) * 1000:.3f} ms", note)
    with closing(sqlite3.connect(path)) as connection:
        like = {"word": f"%{TEXTS['a usual word']}%"}
        beside("LIKE", timed(lambda: connection.execute(LIKE, like).fetchall(), 3))


def writes(tracker: SqliteTracker) -> None:
    chance = random.Random(2)
    batch = list(drafts(3, 200, chance))
    unkeyed = iter([Draft(title=one.title, body=one.body, labels=one.labels) for one in batch])
    seconds = timed(lambda: tracker.create(next(unkeyed)), 100)
    row("create, one by one", f"{seconds * 1000:.3f} ms", f"10,000 so: {seconds * 1e4:.1f} s")


def measure(size: int, bounds: Bounds) -> None:
    print(f"\n {size:,} issues")
    with tempfile.TemporaryDirectory(prefix="ns-") as root:
        path = Path(root, "issues.db")
        with closing(SqliteTracker(path)) as tracker:
            told("10,000 issues in one step", fill(tracker, size), IMPORT, bounds)
            set_states(tracker, path, CLOSE_HALF)
            ready(tracker, path, "half of the board closed", bounds)
            lists(tracker, bounds)
            texts(tracker, path, bounds)
            tracker.create_many([Draft(title="last", priority=Priority.LOW)] * PAGE)
            set_states(tracker, path, REOPEN_ALL, WAIT_FOR_THE_FIRST)
            ready(tracker, path, "all but 21 wait", bounds)
            writes(tracker)


def main() -> int:
    bounds = Bounds()
    print(headline("The SQLite tracker in process, pages of 20, medians"))
    for size in SIZES:
        measure(size, bounds)
    return bounds.verdict


if __name__ == "__main__":
    raise SystemExit(main())
