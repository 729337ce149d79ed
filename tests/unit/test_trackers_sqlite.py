"""What the SQLite tracker promises beyond the contract: processes, crashes, damaged files."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from framework.domain.errors import TrackerError, TrackerUnavailable
from framework.domain.issue import Change, Draft, State
from framework.trackers.sqlite import SqliteTracker

ROOT = Path(__file__).parents[2]

IMPORTS = """
import os, sys
from pathlib import Path
from framework.domain.errors import TrackerError
from framework.domain.issue import Change, Draft, State
from framework.trackers.sqlite import SqliteTracker
path = Path(sys.argv[1])
"""

SAME_KEYS = """
print("ready", flush=True)
sys.stdin.readline()
tracker = SqliteTracker(path)
print(*(tracker.create(Draft(title=str(n), key=f"plan/{n}")).id for n in range(20)))
"""

WRITE_FOR_EVER = """
tracker = SqliteTracker(path)
for n in range(10**9):
    issue = tracker.create(Draft(title=f"Issue {n}", key=f"plan/{n}", body="x" * 2000,
                                 labels=frozenset({"a", "b"}), depends_on=("1",) if n else ()))
    tracker.update(issue.id, Change(state=State.CLOSED))
    tracker.comment(issue.id, "done", author="test", key="done")
    print(n, flush=True)
"""

AS_NOBODY = """
if os.geteuid() == 0:
    os.setuid(65534)
try:
    SqliteTracker(path)
except TrackerError as error:
    print(type(error).__name__, error)
"""


def child(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORTS + code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_four_processes_creating_the_same_keys_on_a_new_file_make_each_issue_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "issues.db"
    children = [child(SAME_KEYS, path) for _ in range(4)]
    for one in children:
        assert one.stdout.readline() == "ready\n"
    for one in children:
        one.stdin.write("go\n")
        one.stdin.flush()
    answers = [one.communicate(timeout=60)[0].split() for one in children]
    assert all(len(answer) == 20 and answer == answers[0] for answer in answers)
    with contextlib.closing(SqliteTracker(path)) as tracker:
        assert {issue.key for issue in tracker.list()} == {f"plan/{n}" for n in range(20)}
        assert len(tracker.list()) == 20


def test_kill_minus_nine_during_writes_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "issues.db"
    for lines in (3, 17, 40):
        with child(WRITE_FOR_EVER, path) as writer:
            answered = [int(writer.stdout.readline()) for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
        with contextlib.closing(SqliteTracker(path)) as tracker:
            issues = tracker.list()
            assert [issue.key for issue in issues] == [f"plan/{n}" for n in range(len(issues))]
            assert len(issues) > answered[-1]
            for issue in issues[: answered[-1] + 1]:
                assert (issue.state, issue.labels) == (State.CLOSED, {"a", "b"})
                assert [one.text for one in tracker.comments(issue.id)] == ["done"]
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_issues_outlive_the_tracker_object(tmp_path: Path) -> None:
    path = tmp_path / "issues.db"
    with contextlib.closing(SqliteTracker(path)) as tracker:
        first = tracker.create(Draft(title="kept", key="k"))
        gone = tracker.create(Draft(title="gone"))
        tracker.delete(gone.id)
    with contextlib.closing(SqliteTracker(path)) as tracker:
        assert list(tracker.list()) == [first]
        assert tracker.create(Draft(title="new")).id not in {first.id, gone.id}


def test_a_uid_names_the_store_and_the_issue(tmp_path: Path) -> None:
    with contextlib.closing(SqliteTracker(tmp_path / "issues.db")) as tracker:
        scheme, store, number = tracker.create(Draft(title="x")).uid.replace("/", ":").split(":")
    assert (scheme, number) == ("local", "1")
    assert len(bytes.fromhex(store)) == 4


@pytest.mark.parametrize("content", [b"not a database, but long enough\n" * 100, b"SQLite format"])
def test_a_file_that_is_no_database_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "issues.db"
    path.write_bytes(content)
    with pytest.raises(TrackerError, match=r"issues\.db cannot be read"):
        SqliteTracker(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_database_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "issues.db"
    with contextlib.closing(SqliteTracker(path)) as tracker:
        for n in range(50):
            tracker.create(Draft(title=f"Issue {n}", body="x" * 1000))
    damaged = path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)
    path.write_bytes(damaged)
    with pytest.raises(TrackerError, match=r"issues\.db cannot be read") as caught:
        SqliteTracker(path)
    assert not isinstance(caught.value, TrackerUnavailable)
    assert path.read_bytes() == damaged


def test_damage_found_later_is_named_as_well(tmp_path: Path) -> None:
    path = tmp_path / "issues.db"
    with contextlib.closing(SqliteTracker(path)) as tracker:
        for n in range(50):
            tracker.create(Draft(title=f"Issue {n}", body="x" * 1000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 3 * 4096)
        file.write(b"\xff" * 3 * 4096)
    with (
        contextlib.closing(SqliteTracker(path)) as tracker,
        pytest.raises(TrackerError, match=r"issues\.db cannot be read"),
    ):
        tracker.list()


def test_a_database_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(TrackerError, match="something else"):
        SqliteTracker(path)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "issues.db"
    SqliteTracker(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    before = path.read_bytes()
    with pytest.raises(TrackerError, match="Update Nightshift"):
        SqliteTracker(path)
    assert path.read_bytes() == before


def test_a_lock_that_is_never_given_back_is_an_outage_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "issues.db"
    with (
        contextlib.closing(SqliteTracker(path, patience=0.01)) as tracker,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        issue = tracker.create(Draft(title="x"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TrackerUnavailable, match=r"issues\.db is locked"):
            tracker.update(issue.id, Change(title="y"))
        assert list(tracker.list()) == [issue]
        other.execute("ROLLBACK")
        assert tracker.update(issue.id, Change(title="y")).title == "y"


def test_a_path_below_a_file_is_an_outage_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrackerUnavailable, match=r"issues\.db cannot be opened or written"):
        SqliteTracker(tmp_path / "file" / "issues.db")


def test_a_directory_that_may_not_be_written_is_an_outage_that_names_the_file() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o555)
        answer, _ = child(AS_NOBODY, Path(name) / "issues.db").communicate(timeout=60)
        assert answer.startswith(f"TrackerUnavailable {name}/issues.db cannot be opened or written")
        assert os.listdir(name) == []


def test_listing_many_issues_takes_a_handful_of_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    with contextlib.closing(SqliteTracker(tmp_path / "issues.db")) as tracker:
        for n in range(300):
            needs = (str(n),) if n else ()
            tracker.create(Draft(title=f"{n}", labels=frozenset({"a", "b"}), depends_on=needs))
        statements.clear()
        assert len(tracker.list()) == 300
        # A subquery is traced too, as a comment; it is a step of the same statement.
        assert len([one for one in statements if not one.startswith("--")]) <= 4


def test_opening_a_file_of_today_takes_a_handful_of_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command opens the file: nothing is made, migrated or looked through by the way."""
    SqliteTracker(tmp_path / "issues.db").close()
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    SqliteTracker(tmp_path / "issues.db").close()
    assert len([one for one in statements if not one.startswith("--")]) <= 5


def test_importing_the_tracker_is_light() -> None:
    code = (
        "import sys, framework.trackers.sqlite;"
        "print({'anyio', 'asyncio', 'claude_agent_sdk', 'dataclasses', 'hashlib', 'inspect',"
        " 'logging', 'rich', 'yaml', 'framework.trackers._migration', 'framework.trackers._check',"
        " 'framework.domain.retry'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert answer.stdout == "set()\n"
