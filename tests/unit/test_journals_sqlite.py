"""What the SQLite journal promises beyond the contract: other processes, crashes, bad files."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from framework.domain.errors import JournalError
from framework.domain.event import Warned
from framework.journals.sqlite import SqliteJournal

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from framework.domain.event import Warned
from framework.journals.sqlite import SqliteJournal
journal = SqliteJournal(Path(sys.argv[1]), sys.argv[2])
n = 0
for line in sys.stdin:
    for _ in range(int(line)):
        journal.append(Warned(text=f"{sys.argv[2]} {n}"))
        n += 1
    print(n, flush=True)
"""


class Writer:
    """A journal in another process, that appends as many events as it is told."""

    def __init__(self, path: Path, run: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), run],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, count: int) -> None:
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()

    def answer(self) -> int:
        return int(self._process.stdout.readline())

    def kill(self) -> None:
        with self._process:
            self._process.send_signal(signal.SIGKILL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def texts(journal: SqliteJournal, cursor: int = 0) -> list[str]:
    return [entry.event.text for entry in journal.since(cursor)]


def test_a_reader_sees_what_another_process_appends_while_it_lives_and_after_kill_minus_nine(
    path: Path,
) -> None:
    writer = Writer(path, "a")
    writer.tell(3)
    writer.answer()
    with contextlib.closing(SqliteJournal(path, "m", readonly=True)) as reader:
        assert texts(reader) == ["a 0", "a 1", "a 2"]
        writer.tell(2)
        writer.answer()
        assert texts(reader, cursor=3) == ["a 3", "a 4"]
        writer.tell(10_000_000)
        while not reader.since(100):
            pass
        writer.kill()
        seen = texts(reader)
    with contextlib.closing(SqliteJournal(path, "m", readonly=True)) as reader:
        found = texts(reader)
        # An append that was killed before it returned may be there as well.
        assert found[: len(seen)] == seen
        assert found == [f"a {n}" for n in range(len(found))]
    with contextlib.closing(SqliteJournal(path, "b")) as again:
        again.append(Warned(text="next run"))
        assert texts(again) == [*found, "next run"]


def test_two_processes_append_to_a_new_journal_and_nothing_is_lost(path: Path) -> None:
    writers = [Writer(path, run) for run in ("a", "b")]
    for writer in writers:
        writer.tell(300)
    assert [writer.answer() for writer in writers] == [300, 300]
    for writer in writers:
        writer.kill()
    with contextlib.closing(SqliteJournal(path, "m", readonly=True)) as reader:
        entries = reader.since()
    assert [entry.cursor for entry in entries] == sorted({entry.cursor for entry in entries})
    for run in ("a", "b"):
        own = [entry.event.text for entry in entries if entry.run == run]
        assert own == [f"{run} {n}" for n in range(300)]


def test_entries_outlive_the_journal_object_and_cursors_go_on(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path, "a")) as journal:
        first = journal.append(Warned(text="one"))
    with contextlib.closing(SqliteJournal(path, "b")) as journal:
        second = journal.append(Warned(text="two"))
        assert journal.since() == [first, second]
        assert second.cursor > first.cursor


def test_reading_where_no_run_was_made_says_so_and_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No run has been made here"):
        SqliteJournal(tmp_path / "none" / "journal.db", "m", readonly=True)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_only_just_being_made_counts_as_no_run(path: Path) -> None:
    path.touch()
    with pytest.raises(JournalError, match="No run has been made here"):
        SqliteJournal(path, "m", readonly=True)
    assert path.read_bytes() == b""


def test_a_journal_opened_for_reading_takes_no_entry(path: Path) -> None:
    SqliteJournal(path, "a").close()
    with contextlib.closing(SqliteJournal(path, "m", readonly=True)) as reader:
        with pytest.raises(JournalError, match="reading only"):
            reader.append(Warned(text="x"))
        assert reader.since() == []


def test_a_path_with_signs_that_urls_use_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "50% of a?b#c" / "journal.db"
    with (
        contextlib.closing(SqliteJournal(path, "a")) as journal,
        contextlib.closing(SqliteJournal(path, "m", readonly=True)) as reader,
    ):
        assert reader.since() == [] != [journal.append(Warned(text="x"))]
        assert texts(reader) == ["x"]


def test_kinds_and_fields_of_a_newer_version_are_passed_over(path: Path) -> None:
    with contextlib.closing(SqliteJournal(path, "a")) as journal:
        journal.append(Warned(text="one"))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as newer:
            newer.executemany(
                "INSERT INTO entries (at, run, kind, fields) VALUES (?, 'z', ?, ?)",
                [
                    ("2030-01-01T00:00:00+00:00", "Teleported", '{"where": "moon"}'),
                    ("2030-01-01T00:00:00+00:00", "Warned", '{"text": "two", "colour": "red"}'),
                    ("2030-01-01T00:00:00+00:00", "Warned", '{"message": "three"}'),
                ],
            )
        assert texts(journal) == ["one", "two"]
        assert journal.append(Warned(text="four")).cursor == 5


@pytest.mark.parametrize("readonly", [False, True])
def test_a_file_that_is_no_journal_is_named_and_kept(path: Path, readonly: bool) -> None:
    path.write_bytes(b"not a database, but long enough\n" * 100)
    with pytest.raises(JournalError, match=r"journal\.db cannot be used"):
        SqliteJournal(path, "a", readonly=readonly)
    assert path.read_bytes() == b"not a database, but long enough\n" * 100


@pytest.mark.parametrize("readonly", [False, True])
def test_a_journal_of_a_newer_version_is_refused(path: Path, readonly: bool) -> None:
    SqliteJournal(path, "a").close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    with pytest.raises(JournalError, match="Update Nightshift"):
        SqliteJournal(path, "a", readonly=readonly)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"journal\.db cannot be used"):
        SqliteJournal(tmp_path / "file" / "journal.db", "a")


def test_what_is_remembered_is_what_is_written(path: Path) -> None:
    """Two that write by turns, in any order, read at every moment from every cursor the same as
    one that has just come, also what lies farther back than either remembers."""
    one, other = SqliteJournal(path, "one"), SqliteJournal(path, "other")
    dice = random.Random(7)
    for number in range(150):
        dice.choice((one, one, one, other)).append(Warned(text=str(number)))
        if dice.random() < 0.5:
            fresh = SqliteJournal(path, "reader", readonly=True)
            for cursor in {0, number, number + 1, dice.randint(0, number)}:
                expected = fresh.since(cursor)
                assert one.since(cursor) == expected
                assert other.since(cursor) == expected
            fresh.close()
    one.close()
    other.close()
