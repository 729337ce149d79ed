"""A file of an earlier version becomes one of today with all that it held, or stays as it was."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from framework.domain.entry import Label
from framework.domain.errors import IssueDeleted, TrackerError
from framework.domain.issue import Change, Draft, Issue, Priority, State
from framework.domain.query import Query, Words
from framework.trackers._schema import MIGRATIONS, VERSION
from framework.trackers.sqlite import SqliteTracker

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
STAMP = "20260506T070809Z"

# As version 1 made it. Never changed: it is what people have.
VERSION_1 = """
CREATE TABLE store (id TEXT NOT NULL);
INSERT INTO store VALUES ('cafe0123');
CREATE TABLE issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    priority TEXT NOT NULL,
    reopened INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    closed_at TEXT
);
CREATE TABLE labels (
    issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (issue, name)
) WITHOUT ROWID;
CREATE TABLE dependencies (
    issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    needs INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    PRIMARY KEY (issue, needs)
) WITHOUT ROWID;
CREATE INDEX dependants ON dependencies (needs);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issue INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at TEXT NOT NULL,
    key TEXT,
    UNIQUE (issue, key)
);
CREATE TABLE keys (key TEXT PRIMARY KEY, issue INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
PRAGMA user_version = 1;
"""

CONTENT = """
INSERT INTO issues VALUES
    (1, 'First', 'body one', 'closed', 'urgent', 2, '2026-01-01T00:00:00+00:00',
        '2026-01-03T00:00:00.5+00:00', '2026-01-03T00:00:00.500000+00:00'),
    (2, 'Zweite Straße', 'body 🤖 two', 'open', 'high', 0, '2026-01-01T00:00:01+00:00',
        '2026-01-01T00:00:01+00:00', NULL),
    (3, 'Third', '', 'in_progress', 'medium', 1, '2026-01-02T00:00:00+00:00',
        '2026-01-02T00:00:00+00:00', NULL),
    (5, 'Meta', 'table', 'open', 'low', 0, '2026-01-02T00:00:00+00:00',
        '2026-01-02T00:00:00+00:00', NULL),
    (7, 'Last', 'x', 'needs_review', 'low', 0, '2026-01-02T00:00:00+00:00',
        '2026-01-02T00:00:00+00:00', NULL);
INSERT INTO labels VALUES (1, 'functional'), (2, 'functional'), (2, 'ui'), (5, 'meta');
INSERT INTO dependencies VALUES (2, 1), (3, 1), (3, 2), (7, 3);
INSERT INTO comments VALUES
    (4, 1, 'agent', 'proof', '2026-01-03T00:00:00+00:00', 'landed'),
    (6, 1, 'me', 'thanks', '2026-01-04T00:00:00+00:00', NULL);
INSERT INTO keys VALUES ('plan/1', 1), ('plan/2', 2), ('plan/gone', 4);
UPDATE sqlite_sequence SET seq = 9 WHERE name = 'issues';
"""

OPEN = """
import sys
from pathlib import Path
from framework.trackers.sqlite import SqliteTracker
print("ready", flush=True)
sys.stdin.readline()
tracker = SqliteTracker(Path(sys.argv[1]))
print(*(issue.id for issue in tracker.list()))
"""


def version_1(path: Path, content: str = CONTENT) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(VERSION_1 + content)
    return path


def opened(path: Path) -> SqliteTracker:
    return SqliteTracker(path, clock=lambda: NOW)


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.v*"))


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


EXPECTED = [
    Issue(
        id="1",
        uid="local:cafe0123/1",
        title="First",
        body="body one",
        state=State.CLOSED,
        priority=Priority.URGENT,
        labels=frozenset({"functional"}),
        key="plan/1",
        reopened=2,
        created_at=moment(2026, 1, 1),
        updated_at=moment(2026, 1, 3, 0, 0, 0, 500_000),
        closed_at=moment(2026, 1, 3, 0, 0, 0, 500_000),
    ),
    Issue(
        id="2",
        uid="local:cafe0123/2",
        title="Zweite Straße",
        body="body 🤖 two",
        priority=Priority.HIGH,
        labels=frozenset({"functional", "ui"}),
        depends_on=("1",),
        key="plan/2",
        created_at=moment(2026, 1, 1, 0, 0, 1),
        updated_at=moment(2026, 1, 1, 0, 0, 1),
    ),
    Issue(
        id="3",
        uid="local:cafe0123/3",
        title="Third",
        state=State.IN_PROGRESS,
        depends_on=("1", "2"),
        reopened=1,
        created_at=moment(2026, 1, 2),
        updated_at=moment(2026, 1, 2),
    ),
    Issue(
        id="5",
        uid="local:cafe0123/5",
        title="Meta",
        body="table",
        priority=Priority.LOW,
        labels=frozenset({"meta"}),
        created_at=moment(2026, 1, 2),
        updated_at=moment(2026, 1, 2),
    ),
    Issue(
        id="7",
        uid="local:cafe0123/7",
        title="Last",
        body="x",
        state=State.NEEDS_REVIEW,
        priority=Priority.LOW,
        depends_on=("3",),
        created_at=moment(2026, 1, 2),
        updated_at=moment(2026, 1, 2),
    ),
]


def test_all_that_a_version_1_file_held_is_there(tmp_path: Path) -> None:
    """Issues letter by letter, comments with their numbers, keys with those of deleted issues."""
    with closing(opened(version_1(tmp_path / "issues.db"))) as tracker:
        assert list(tracker.list()) == EXPECTED
        comments = tracker.comments("1")
        assert [(one.id, one.author, one.text, one.key) for one in comments] == [
            ("4", "agent", "proof", "landed"),
            ("6", "me", "thanks", None),
        ]
        assert tracker.comment("1", "again", author="x", key="landed") == comments[0]
        with pytest.raises(IssueDeleted):
            tracker.create(Draft(title="x", key="plan/gone"))
        assert tracker.create(Draft(title="x", key="plan/2")) == EXPECTED[1]
        assert tracker.create(Draft(title="new")).id == "10"
        assert tracker.comment("1", "new", author="x").id == "7"


def test_what_version_2_keeps_beside_the_facts_is_right_from_the_start(tmp_path: Path) -> None:
    """Text index, counts, what is ready and in which order, entries; and it stays right."""
    path = version_1(tmp_path / "issues.db")
    with closing(opened(path)) as tracker:
        assert [one.id for one in tracker.list(Query(where=(Words(text="STRASSE"),)))] == ["2"]
        assert [one.id for one in tracker.list(Query(where=(Words(text="body two"),)))] == ["2"]
        assert tracker.count(Query(states=frozenset({State.OPEN}))) == 2
        assert [one.id for one in tracker.ready({}, NOW, 9)] == ["2"]
        assert [one.name for one in tracker.entries(Label)] == ["functional", "meta", "ui"]
        tracker.update("2", Change(state=State.CLOSED))
        assert [one.id for one in tracker.ready({}, NOW, 9)] == ["3"]
        assert [one for one in tracker.check(repair=False) if one.is_bad] == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_new_file_and_a_migrated_one_are_made_alike(tmp_path: Path) -> None:
    """The same tables, indexes and triggers, but for spaces."""

    def schema(path: Path) -> list[tuple[str, str]]:
        opened(path).close()
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY 1").fetchall()
            return [(name, " ".join((sql or "").split())) for name, sql in rows]

    assert schema(tmp_path / "new.db") == schema(version_1(tmp_path / "old.db"))


def test_the_file_is_backed_up_as_it_was_before_it_is_migrated(tmp_path: Path) -> None:
    """Beside itself, named after its version and the time; the copy opens as any file does."""
    path = version_1(tmp_path / "issues.db")
    opened(path).close()
    assert backups(path) == [tmp_path / f"issues.db.v1-{STAMP}"]
    with closing(sqlite3.connect(backups(path)[0])) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM issues").fetchone() == (5,)
    opened(path).close()
    assert len(backups(path)) == 1
    with closing(opened(backups(path)[0])) as tracker:
        assert list(tracker.list()) == EXPECTED


def test_what_was_written_last_is_in_the_backup(tmp_path: Path) -> None:
    """Also what still stands in the log of a program that was killed."""
    path = version_1(tmp_path / "issues.db")
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(\"INSERT INTO issues VALUES (20, 'late', '', 'open', 'low', 0,"
        " '2026-01-02T00:00:00+00:00', '2026-01-02T00:00:00+00:00', NULL)\"); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    with closing(opened(path)) as tracker:
        assert tracker.list()[-1].title == "late"
    with closing(sqlite3.connect(backups(path)[0])) as connection:
        assert connection.execute("SELECT max(id) FROM issues").fetchone() == (20,)


def test_a_file_without_issues_is_not_backed_up(tmp_path: Path) -> None:
    """Neither an empty one of version 1 nor a new one."""
    for path in (version_1(tmp_path / "old.db", content=""), tmp_path / "new.db"):
        with closing(opened(path)) as tracker:
            assert list(tracker.list()) == []
        assert backups(path) == []


def test_a_backup_never_takes_the_place_of_another_file(tmp_path: Path) -> None:
    """Where the name is taken, it gets another."""
    path = version_1(tmp_path / "issues.db")
    taken = tmp_path / f"issues.db.v1-{STAMP}"
    taken.write_text("precious")
    opened(path).close()
    assert taken.read_text() == "precious"
    with closing(opened(Path(f"{taken}-1"))) as tracker:
        assert list(tracker.list()) == EXPECTED


def test_four_processes_that_open_an_old_file_at_once_migrate_it_once(tmp_path: Path) -> None:
    """The others wait, and find it done."""
    path = version_1(tmp_path / "issues.db")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for one in children:
        assert one.stdout.readline() == "ready\n"
    for one in children:
        one.stdin.write("go\n")
        one.stdin.flush()
    assert {one.communicate(timeout=60)[0] for one in children} == {"1 2 3 5 7\n"}
    assert len(backups(path)) == 1


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """All of it is one transaction: here the last step finds a table in its way."""
    path = version_1(tmp_path / "issues.db", CONTENT + "CREATE TABLE found (id INTEGER);")
    before = dump(path)
    with pytest.raises(TrackerError, match="found"):
        opened(path)
    assert dump(path) == before


def dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        return json.dumps([*connection.iterdump(), version])


def test_the_version_is_the_number_of_migrations() -> None:
    """What a file is brought to is what it says it is."""
    assert len(MIGRATIONS) == VERSION == 2
