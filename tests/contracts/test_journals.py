"""What every journal must do. A new backend adds one row to `OPEN`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.event import AttemptStarted, PlanRefused, RunEnded, Warned
from framework.domain.redaction import Redactor
from framework.journals import BACKENDS
from framework.journals.base import Journal
from framework.journals.memory import MemoryJournal
from framework.journals.redacted import RedactedJournal
from framework.journals.sqlite import SqliteJournal


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 22, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        time.sleep(0)  # another thread gets its turn in the middle of whatever asks the time
        return self.now


Opener = Callable[[Path, Clock], Journal]

OPEN: dict[str, Opener] = {
    "memory": lambda directory, clock: MemoryJournal("run-1", clock=clock),
    "sqlite": lambda directory, clock: SqliteJournal(directory / "j.db", "run-1", clock=clock),
    "redacted": lambda directory, clock: RedactedJournal(
        SqliteJournal(directory / "j.db", "run-1", clock=clock), Redactor(["a-secret-word"]).clean
    ),
}
WRAPPERS = {"redacted"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=OPEN)
def journal(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    journal = OPEN[request.param](tmp_path, clock)
    yield journal
    journal.close()


def test_every_backend_in_the_table_runs_through_this_suite() -> None:
    assert set(OPEN) - WRAPPERS == set(BACKENDS)


def test_a_redacted_journal_holds_no_secret(tmp_path: Path, clock: Clock) -> None:
    """Texts are cleaned before they reach the file, also inside tuples; the rest is as it was."""
    journal = OPEN["redacted"](tmp_path, clock)
    journal.append(Warned(text="found a-secret-word"))
    journal.append(PlanRefused(problems=("fine", "a-secret-word")))
    kept = AttemptStarted(issue="1", title="naïve", epoch=2, slot=0, session="s")
    journal.append(kept)
    assert [one.event for one in journal.since()] == [
        Warned(text="found [redacted]"),
        PlanRefused(problems=("fine", "[redacted]")),
        kept,
    ]
    files = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    journal.close()
    assert b"[redacted]" in files
    assert b"a-secret" not in files


def test_a_new_journal_is_empty(journal: Journal) -> None:
    assert journal.since() == []


def test_an_entry_carries_the_event_the_run_and_the_time(journal: Journal, clock: Clock) -> None:
    event = AttemptStarted(issue="1", title="naïve \n\x1b[0m", epoch=2, slot=0, session="s")
    first = journal.append(event)
    clock.now += timedelta(seconds=1)
    second = journal.append(PlanRefused(problems=("a", "b")))
    assert (first.event, first.run) == (event, "run-1")
    assert second.at - first.at == timedelta(seconds=1)
    assert first.cursor > 0
    assert journal.since() == [first, second]


def test_since_gives_what_came_after_a_cursor(journal: Journal) -> None:
    entries = [journal.append(Warned(text=str(n))) for n in range(12)]
    for n, entry in enumerate(entries):
        assert journal.since(entry.cursor) == entries[n + 1 :]
    assert journal.since(0) == entries
    assert journal.since(entries[-1].cursor + 100) == []


def test_what_since_returned_does_not_grow(journal: Journal) -> None:
    journal.append(Warned(text="one"))
    before = journal.since()
    before.clear()
    journal.append(RunEnded(code=0, why="done"))
    assert before == []
    assert len(journal.since()) == 2


def test_text_that_is_no_text_survives_as_well(journal: Journal) -> None:
    entry = journal.append(Warned(text="cut \ud83d and \x00"))
    assert journal.since() == [entry]


def test_threads_appending_at_once_lose_nothing_and_each_keeps_its_order(journal: Journal) -> None:
    def work(thread: int) -> list[int]:
        return [journal.append(Warned(text=f"{thread} {n}")).cursor for n in range(100)]

    with ThreadPoolExecutor(8) as pool:
        returned = list(pool.map(work, range(8)))
    entries = journal.since()
    cursors = [entry.cursor for entry in entries]
    assert cursors == sorted(set(cursors))
    assert len(entries) == 800
    where = {entry.cursor: entry.event for entry in entries}
    for thread, own in enumerate(returned):
        assert own == sorted(own)
        assert [where[cursor] for cursor in own] == [
            Warned(text=f"{thread} {n}") for n in range(100)
        ]


def test_a_reader_that_polls_while_others_append_misses_nothing(journal: Journal) -> None:
    def write(thread: int) -> None:
        for n in range(100):
            journal.append(Warned(text=f"{thread} {n}"))

    seen, cursor = [], 0
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, thread) for thread in range(4)]
        while not all(writer.done() for writer in writers):
            new = journal.since(cursor)
            seen += new
            cursor = new[-1].cursor if new else cursor
    seen += journal.since(cursor)
    assert seen == journal.since()
    assert len(seen) == 400
