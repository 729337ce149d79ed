"""Every damage that the doctor is to find is found, and what can be made anew is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from framework.domain.errors import TrackerError
from framework.domain.finding import Finding
from framework.domain.issue import Change, Draft, Priority, State
from framework.domain.query import Query, Words
from framework.trackers.sqlite import SqliteTracker

NOW = datetime(2026, 1, 1, tzinfo=UTC)

# What is planted -> the word by which its finding is known.
DERIVED = {
    "UPDATE tally SET number = 7 WHERE state = 'open'": "number of issues",
    "DELETE FROM tally WHERE state = 'blocked'": "number of issues",
    "UPDATE labelled SET state = 'blocked' WHERE issue = 1": "beside labels",
    "UPDATE assigned SET state = 'blocked' WHERE issue = 1": "beside labels",
    "UPDATE issues SET is_meta = 1 WHERE id = 2": "META",
    "UPDATE issues SET waits = 3 WHERE id = 3": "dependencies that are not closed",
    "UPDATE issues SET waits = 0 WHERE id = 4": "dependencies that are not closed",
    "UPDATE issues SET chain = 9 WHERE id = 2": "lengths of the chains",
    "UPDATE issues SET chain = 1 WHERE id = 1": "lengths of the chains",
    "INSERT INTO found (found) VALUES ('delete-all')": "text index",
    "INSERT INTO found (rowid, title, body) VALUES (1, 'false', '')": "text index",
    "UPDATE texts SET title_words = 'false' WHERE id = 2": "text index",
    "UPDATE texts SET title = 'Straße' WHERE id = 2": "text index",
}


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[SqliteTracker]:
    """Issues 1 to 5: 4 waits for 3 and 1, 3 for 2; 5 is closed."""
    with closing(SqliteTracker(tmp_path / "issues.db", clock=lambda: NOW)) as tracker:
        tracker.create_many(
            [
                Draft(title="one", labels=frozenset({"a"}), assignees=frozenset({"ann"})),
                Draft(title="two", body="text"),
                Draft(title="three", depends_on=("2",)),
                Draft(title="four", depends_on=("3", "1")),
                Draft(title="five", labels=frozenset({"meta"})),
            ]
        )
        tracker.update("5", Change(state=State.CLOSED))
        yield tracker


def plant(tracker: SqliteTracker, *statements: str) -> None:
    with closing(sqlite3.connect(tracker._database.path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "edges", [[(1, 1)], [(1, 2), (2, 1)], [(2, 4)]], ids=["itself", "two", "round"]
)
def test_a_cycle_is_told_and_ends_nothing(
    tracker: SqliteTracker, edges: list[tuple[int, int]]
) -> None:
    """Issues that wait for one another have no longest chain to count: they are named instead."""
    for issue, needs in edges:
        plant(tracker, f"INSERT INTO dependencies VALUES ({issue}, {needs})")
    (found,) = [one for one in tracker.check(repair=True) if one.is_bad]
    assert found.what.startswith("dependencies: issues wait for themselves")
    assert f"{edges[0][0]} -> " in found.what
    assert not found.repaired


def bad(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.is_bad]


@pytest.mark.parametrize("repair", [False, True])
def test_a_sound_file_has_no_bad_findings(tracker: SqliteTracker, repair: bool) -> None:
    """And all that was looked at is named."""
    findings = tracker.check(repair=repair)
    assert not bad(findings)
    said = " ".join(one.what for one in findings)
    for word in ("schema: version 2", "database: sound", "references", "clock", "text index"):
        assert word in said


@pytest.mark.parametrize("damage", DERIVED)
def test_what_is_kept_beside_the_facts_is_found_wrong_and_made_anew(
    tracker: SqliteTracker, damage: str
) -> None:
    """Without `repair` it is only told; with it, told and mended, once and for all."""
    plant(tracker, damage)
    told = [*bad(tracker.check(repair=False)), *bad(tracker.check(repair=False))]
    assert len(told) == 2
    assert all(DERIVED[damage] in one.what and not one.repaired for one in told)
    (mended,) = bad(tracker.check(repair=True))
    assert DERIVED[damage] in mended.what
    assert mended.repaired
    assert not bad(tracker.check(repair=False))


def test_all_damages_at_once_are_mended_in_one_go(tracker: SqliteTracker) -> None:
    """And the tracker answers as before."""
    before = (tracker.ready({}, NOW, 9), tracker.count(Query(states=frozenset({State.OPEN}))))
    plant(tracker, *sorted(DERIVED, key=lambda one: "'delete-all'" in one))
    tracker.check(repair=True)
    assert not bad(tracker.check(repair=False))
    tracker.update("2", Change(title="two"))
    after = (tracker.ready({}, NOW, 9), tracker.count(Query(states=frozenset({State.OPEN}))))
    assert after == before
    assert tracker.count(Query(where=(Words(text="text"),))) == 1


def test_what_was_changed_by_hand_is_found_again_after_a_repair(tracker: SqliteTracker) -> None:
    """A title written with another program is told to the index as ours would be."""
    plant(tracker, "UPDATE texts SET title = 'Straße' WHERE id = 2")
    tracker.check(repair=True)
    assert tracker.count(Query(where=(Words(text="strasse"),))) == 1


def test_a_text_index_that_stands_in_the_way_is_told_as_such(tracker: SqliteTracker) -> None:
    """The message names it, and what mends it; after that the change goes through."""
    plant(tracker, "INSERT INTO found (found) VALUES ('delete-all')")
    with pytest.raises(TrackerError, match=r"text index of .*issue doctor"):
        tracker.update("2", Change(title="changed"))
    tracker.check(repair=True)
    assert tracker.update("2", Change(title="changed")).title == "changed"


def test_a_reference_to_nothing_is_told_and_left(tracker: SqliteTracker) -> None:
    """What was meant nobody can know."""
    plant(tracker, "PRAGMA foreign_keys = OFF", "DELETE FROM labels WHERE name = 'a'")
    for repair in (False, True):
        (found,) = bad(tracker.check(repair=repair))
        assert "references: row" in found.what
        assert "labels" in found.what
        assert not found.repaired


def test_entries_from_the_future_are_told(tracker: SqliteTracker) -> None:
    """Of issues, comments and activity; a few minutes are nobody's fault."""
    plant(tracker, f"UPDATE issues SET updated_at = '{(NOW + timedelta(minutes=4)).isoformat()}'")
    assert not bad(tracker.check(repair=False))
    later = (NOW + timedelta(days=1)).isoformat()
    for damage in (
        f"UPDATE activity SET at = '{later}' WHERE id = 2",
        f"UPDATE issues SET created_at = '{later}' WHERE id = 2",
    ):
        plant(tracker, damage)
        (found,) = bad(tracker.check(repair=True))
        assert "future" in found.what
        assert later in found.what


def test_a_damaged_database_is_told_and_nothing_is_written_to_it(tmp_path: Path) -> None:
    """An index that lost its rows: the pages of the facts are whole, so it opens."""
    path = tmp_path / "issues.db"
    with closing(SqliteTracker(path)) as tracker:
        tracker.create_many([Draft(title=f"{n}", priority=Priority.LOW) for n in range(300)])
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'by_priority'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        empty = bytes([10, 0, 0, 0, 0]) + size.to_bytes(2, "big") + bytes([0])
        file.write(empty + bytes(size - len(empty)))
    before = path.read_bytes()
    with closing(SqliteTracker(path)) as tracker:
        found = bad(tracker.check(repair=True))
        assert "database: " in found[0].what
        assert "backup" in found[0].what
        assert not any(one.repaired for one in found)
    assert path.read_bytes() == before
