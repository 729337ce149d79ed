"""Where the SQLite tracker cannot do its work it says so, keeps what it has, and reads on."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from framework import mounts
from framework.domain.errors import TrackerError, TrackerUnavailable
from framework.domain.issue import Change, Draft, State
from framework.trackers.sqlite import SqliteTracker
from tests.unit.test_trackers_migration import CONTENT, VERSION_1

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)

AS_NOBODY = """
import os, resource, sys
from pathlib import Path
from framework.domain.errors import TrackerError
from framework.domain.issue import Change, Draft, State
from framework.domain.query import Query, Words
from framework.trackers.sqlite import SqliteTracker
if os.geteuid() == 0:
    os.setuid(65534)
def told(work):
    try:
        print(work())
    except TrackerError as error:
        print(type(error).__name__, error)
path = Path(sys.argv[1])
"""
READ_AND_WRITE = """
tracker = SqliteTracker(path)
told(lambda: [issue.title for issue in tracker.list(Query(where=(Words(text="kept"),)))])
told(lambda: tracker.count())
told(lambda: tracker.update("1", Change(title="lost")))
told(lambda: tracker.create(Draft(title="lost")))
told(lambda: [one.what for one in tracker.check(repair=False) if one.is_bad][-1])
told(lambda: tracker.get("1").title)
tracker.close()
"""
FILL_THE_DISK = """
tracker = SqliteTracker(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
made = 0
try:
    for number in range(10_000):
        issue = tracker.create(Draft(title=f"issue {number}", body="word " * 400))
        tracker.update(issue.id, Change(state=State.CLOSED))
        made += 1
except TrackerError as error:
    print(made, type(error).__name__, error, sep="|")
told(lambda: tracker.count())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
told(lambda: tracker.create(Draft(title="after")).title)
"""


def run(code: str, *arguments: object) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", AS_NOBODY + code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that everybody may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)
        os.chmod(name, 0o755)


def written(path: Path) -> Path:
    with contextlib.closing(SqliteTracker(path)) as tracker:
        tracker.create(Draft(title="kept"))
    return path


@pytest.mark.parametrize(("of_file", "of_directory"), [(0o444, 0o555), (0o666, 0o555)])
def test_in_a_directory_that_may_not_be_written_issues_can_be_read(
    directory: Path, of_file: int, of_directory: int
) -> None:
    """Every reading call works, every writing one says what is missing, nothing is left behind."""
    path = written(directory / "issues.db")
    os.chmod(path, of_file)
    os.chmod(directory, of_directory)
    found, count, update, create, checked, title = run(READ_AND_WRITE, path)
    assert (found, count, title) == ("['kept']", "1", "kept")
    for refusal in (update, create):
        assert refusal.startswith(f"TrackerUnavailable {path} can be read here but not written.")
        assert "may write to its directory" in refusal
    assert "not looked at" in checked
    assert os.listdir(directory) == ["issues.db"]


def test_a_file_that_may_not_be_written_can_be_read(directory: Path) -> None:
    """Its directory may be; then SQLite itself refuses the first write."""
    path = written(directory / "issues.db")
    os.chmod(path, 0o444)
    os.chmod(directory, 0o777)
    found, count, update, create, _, title = run(READ_AND_WRITE, path)
    assert (found, count, title) == ("['kept']", "1", "kept")
    for refusal in (update, create):
        assert refusal.startswith(f"TrackerUnavailable {path} cannot be opened or written")


def test_a_fixed_file_is_read_anew_each_time(directory: Path) -> None:
    """What somebody with more rights has written meanwhile is seen."""
    path = written(directory / "issues.db")
    os.chmod(directory, 0o555)
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            AS_NOBODY + "tracker = SqliteTracker(path)\n"
            "for line in sys.stdin: print(tracker.get('1').title, flush=True)",
            str(path),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        for title in ("first", "second"):
            os.chmod(directory, 0o755)
            with contextlib.closing(SqliteTracker(path)) as tracker:
                tracker.update("1", Change(title=title))
            os.chmod(directory, 0o555)
            reader.stdin.write("look\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == f"{title}\n"


def test_a_file_in_the_middle_of_being_written_is_not_read_as_if_it_were_whole(
    directory: Path,
) -> None:
    """Where the log beside it cannot be used, an answer would be of yesterday."""
    path = directory / "issues.db"
    code = "SqliteTracker(path).create(Draft(title='x')); os._exit(0)"
    subprocess.run(
        [sys.executable, "-c", AS_NOBODY.replace("os.setuid(65534)", "pass") + code, str(path)],
        cwd=ROOT,
        check=True,
    )
    Path(f"{path}-shm").unlink()
    os.chmod(directory, 0o555)
    (answer,) = run("told(lambda: SqliteTracker(path))", path)
    assert answer.startswith(f"TrackerUnavailable {path} is being written by somebody else")
    assert "Copy its directory" in answer


def test_an_old_file_that_may_not_be_written_says_that_it_must_be(directory: Path) -> None:
    """It cannot be brought up to date, and is left as it is."""
    path = directory / "issues.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(VERSION_1 + CONTENT)
    before = path.read_bytes()
    os.chmod(directory, 0o555)
    (answer,) = run("told(lambda: SqliteTracker(path))", path)
    assert answer.startswith("TrackerUnavailable")
    assert "brought up to date" in answer
    assert path.read_bytes() == before


def test_a_full_disk_loses_nothing_that_was_answered(directory: Path) -> None:
    """The refused write leaves nothing; with room again the same tracker goes on."""
    path = directory / "issues.db"
    os.chmod(directory, 0o777)
    refusal, count, after = run(FILL_THE_DISK, path, 1_200_000)
    made, error, text = refusal.split("|", 2)
    assert int(made) > 5
    assert error == "TrackerUnavailable"
    assert "the disk has room" in text
    assert int(count) in (int(made), int(made) + 1)
    assert after == "after"
    with contextlib.closing(SqliteTracker(path)) as tracker:
        issues = tracker.list()
        assert [one.title for one in issues[:-1]] == [f"issue {n}" for n in range(int(count))]
        assert all(one.state is State.CLOSED for one in issues[: int(made)])
        assert not [one for one in tracker.check(repair=False) if one.is_bad]


def test_a_damaged_file_is_told_with_its_newest_backup(tmp_path: Path) -> None:
    """Not with one that was never finished; and without one, with what may be saved."""
    path, other = tmp_path / "issues.db", tmp_path / "other.db"
    with contextlib.closing(SqliteTracker(other)) as tracker:
        tracker.create(Draft(title="kept"))
    path.write_bytes(b"no database, but long enough\n" * 100)
    with pytest.raises(
        TrackerError, match=r"no backup with issues in it lies beside it.*\.recover >"
    ):
        SqliteTracker(path)
    for name in ("v1-20260101T000000Z", "v1-20260301T000000Z", "v1-20260401T000000Z.part"):
        (tmp_path / f"issues.db.{name}").write_bytes(other.read_bytes())
    with pytest.raises(TrackerError, match=r"newest backup is .*v1-20260301T000000Z: it holds 1 "):
        SqliteTracker(path)


def test_a_lock_on_a_new_or_old_file_is_an_outage(tmp_path: Path) -> None:
    """Whoever makes or migrates the file waits its patience and then says so."""
    path = tmp_path / "issues.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TrackerUnavailable, match=r"issues\.db is locked"):
            SqliteTracker(path, patience=0.01)


def test_no_database_is_made_on_a_network_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none is left behind; the error says where to go."""
    table = tmp_path / "mountinfo"
    table.write_text(f"47 26 0:47 / {tmp_path}/share rw - nfs server:/x rw\n")
    monkeypatch.setattr(mounts, "_TABLE", table)
    with pytest.raises(TrackerError, match=r"network file system \(nfs\).* local disk"):
        SqliteTracker(tmp_path / "share" / "issues.db")
    assert (tmp_path / "share" / "issues.db").stat().st_size == 0
